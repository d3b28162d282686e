"""The options of a command line, told from its operands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Options:
    """``values`` are those of options that take one, in order; ``flags`` the others."""

    operands: tuple[str, ...]
    flags: frozenset[str]
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def all(self, *names: str) -> tuple[str, ...]:
        """Every value of an option, under any of its names."""
        return tuple(value for name in names for value in self.values.get(name, ()))

    def last(self, *names: str) -> str | None:
        """The value that counts where an option is given more than once."""
        found = self.all(*names)
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        return any(name in self.flags or name in self.values for name in names)


def options(words: Sequence[str], taking_value: frozenset[str]) -> Options:
    """Read ``words``; ``taking_value`` names the options that take one (``-r``, ``--target``)."""
    operands, flags = [], set()
    values: dict[str, tuple[str, ...]] = {}
    for name, value in _read(words, taking_value):
        if not name:
            operands.append(value)
        elif value or name in taking_value:
            values[name] = (*values.get(name, ()), value)
        else:
            flags.add(name)
    return Options(tuple(operands), frozenset(flags), values)


def _read(words: Sequence[str], taking_value: frozenset[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (("", operand) for operand in rest)
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            if not equals and name in taking_value:
                value = next(rest, "")
            yield name, value
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word, rest, taking_value)
        else:
            yield "", word


def _short(
    word: str, rest: Iterator[str], taking_value: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Letters that share one dash: the first that takes a value takes what follows."""
    for at, letter in enumerate(word[1:], start=2):
        name = f"-{letter}"
        if name in taking_value:
            yield name, word[at:] or next(rest, "")
            return
        yield name, ""
