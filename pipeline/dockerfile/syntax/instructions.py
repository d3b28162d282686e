"""One logical line as an instruction: flags, words, pairs, JSON form, what it delays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.dockerfile.syntax import words
from pipeline.dockerfile.syntax.lexer import SPACES
from pipeline.dockerfile.syntax.lines import Logical
from pipeline.dockerfile.syntax.nodes import Instruction, Point, Problem, Text

_JSON_OR_WORDS = ("ADD", "COPY", "VOLUME")
_JSON_OR_WHOLE = ("CMD", "ENTRYPOINT", "RUN", "SHELL")
_WHOLE = ("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR")
_PAIRS = ("ENV", "LABEL")
_OTHERS = ("ARG", "EXPOSE", "FROM", "HEALTHCHECK", "ONBUILD")
NAMES = frozenset(_JSON_OR_WORDS + _JSON_OR_WHOLE + _WHOLE + _PAIRS + _OTHERS)
_BY_SMALL_LETTERS = {name.lower(): name for name in NAMES}


def read(logical: Logical, escape: str, problems: list[Problem]) -> Instruction:
    """The instruction on a logical line. What cannot be read is added to ``problems``."""
    reader = _Reader(escape, problems)
    found = reader.instruction(words.trimmed(logical.text), delayed=False)
    return replace(found, line=logical.line, column=logical.column)


@dataclass(frozen=True)
class _Reader:
    escape: str
    problems: list[Problem]

    def instruction(self, text: Text, *, delayed: bool) -> Instruction:
        written, rest = words.head(text)
        name = _name(written.value)
        flags, body = words.flags(rest, self.escape)
        found = Instruction(
            name=name,
            line=text.start.line,
            end_line=text.end.line,
            column=text.start.column,
            flags=flags,
            body=body,
            words=(),
        )
        if name == "HEALTHCHECK":
            return self._healthcheck(found)
        if name == "ONBUILD":
            return self._onbuild(found, delayed=delayed)
        return self._with_words(found)

    def _with_words(self, found: Instruction) -> Instruction:
        name, body = found.name, found.body
        whole = (body,) if body.value else ()
        if name in _JSON_OR_WORDS + _JSON_OR_WHOLE:
            strings = self._json(body)
            if strings is not None:
                values = tuple(string.value for string in strings)
                return replace(found, words=strings, exec=values)
        if name in _WHOLE + _JSON_OR_WHOLE:
            return replace(found, words=whole)
        if name == "ARG":
            parts = words.by_words(body, self.escape)
            return replace(found, words=parts, pairs=tuple(_pair(part) for part in parts))
        if name in _PAIRS:
            return self._with_pairs(found)
        return replace(found, words=words.by_blanks(body))

    def _json(self, body: Text) -> tuple[Text, ...] | None:
        try:
            return words.json_strings(body)
        except words.NotStringsError:
            self._problem(body.start, "the JSON form takes nothing but strings")
            return None

    def _with_pairs(self, found: Instruction) -> Instruction:
        parts = words.by_words(found.body, self.escape)
        if parts and "=" not in parts[0].value:
            parts = words.head(found.body)
            if not parts[1].value:
                self._problem(found.body.start, f"{found.name} takes a name and a value")
                return replace(found, words=parts[:1])
            return replace(found, words=parts, pairs=(parts,))
        return replace(found, words=parts, pairs=tuple(self._assigned(parts)))

    def _assigned(self, parts: tuple[Text, ...]) -> Iterator[tuple[Text, Text | None]]:
        for part in parts:
            if "=" in part.value:
                yield _pair(part)
            else:
                self._problem(part.start, f"{_short(part.value)} is not of the form name=value")

    def _healthcheck(self, found: Instruction) -> Instruction:
        kind, rest = _kind(found.body)
        if not kind.value:
            return found
        line, column = kind.start.line, kind.start.column
        command = replace(found, name="CMD", line=line, column=column, flags=(), body=rest)
        command = self._with_words(command)
        inner = command if kind.value.upper() == "CMD" else None
        return replace(found, words=(kind, *command.words), inner=inner)

    def _onbuild(self, found: Instruction, *, delayed: bool) -> Instruction:
        """What it delays, one deep: an ONBUILD may not delay another."""
        if delayed or not found.body.value:
            return found
        return replace(found, words=(found.body,), inner=self.instruction(found.body, delayed=True))

    def _problem(self, point: Point, message: str) -> None:
        self.problems.append(Problem(point, message))


def _name(written: str) -> str:
    """In capitals; found in small letters, as the engine does (a long s has the capital S)."""
    capitals = written.upper()
    return _BY_SMALL_LETTERS.get(written.lower(), written if capitals in NAMES else capitals)


def _pair(word: Text) -> tuple[Text, Text | None]:
    name, sign, _ = word.value.partition("=")
    value = word.cut(len(name) + 1, len(word.value)) if sign else None
    return word.cut(0, len(name)), value


def _kind(body: Text) -> tuple[Text, Text]:
    """The first word of a HEALTHCHECK, and what it checks with."""
    end = next((at for at, char in enumerate(body.value) if char in SPACES), len(body.value))
    return body.cut(0, end), words.trimmed(body.cut(end, len(body.value)))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
