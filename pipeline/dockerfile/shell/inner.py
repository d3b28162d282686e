"""Scripts inside a script: ``$(…)``, and what a shell is given to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.shell.executed import Argument, Executed
from pipeline.dockerfile.shell.nodes import Part, Word

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})


@dataclass(frozen=True)
class Inner:
    """A script that another shell runs, and how that shell is started."""

    text: str
    place: tuple[int, int]
    arguments: tuple[str, ...] | None = ()
    errexit: bool = False
    pipefail: bool = False


def given(executed: Executed) -> Inner | None:
    """What ``sh -c '…'`` or ``sh <<EOF`` runs; None for anything else."""
    if executed.name not in SHELLS:
        return None
    argv, at = executed.argv, 1
    commands = errexit = pipefail = False
    while at < len(argv) and argv[at].text[:1] in {"-", "+"} and argv[at].text != "-":
        text = argv[at].text
        if not text.startswith("--"):
            commands = commands or "c" in text
            errexit = errexit or "e" in text
            if "o" in text and at + 1 < len(argv):
                at += 1
                errexit = errexit or argv[at].text == "errexit"
                pipefail = pipefail or argv[at].text == "pipefail"
        at += 1
    if commands and at < len(argv):
        if not readable(argv[at]):
            return None
        values = [argument.value for argument in argv[at + 2 :]]
        known = tuple(value for value in values if value is not None)
        arguments = known if len(known) == len(values) else None
        place = (argv[at].start, argv[at].end)
        return Inner(argv[at].text, place, arguments, errexit, pipefail)
    if executed.input is not None and [one.text for one in argv[at:]] in ([], ["-"]):
        place = (executed.start, executed.end)
        return Inner(executed.input, place, errexit=errexit, pipefail=pipefail)
    return None


def readable(script: Argument) -> bool:
    """Whether anything can be said of a script: not where a substitution made the start of it."""
    return script.value is not None or not script.text.startswith(("$(", "`"))


def substitutions(word: Word) -> Iterator[tuple[str, int]]:
    """The scripts in ``$(…)``, backticks and ``<(…)`` of a word, each with its offset."""
    if not any(sign in word.raw for sign in ("`", "$(", "<(", ">(")):
        return
    at = 0
    for text in _unknown(word.parts):
        found = word.raw.find(text, at)
        start = max(found, 0)
        at = start + len(text) if found >= 0 else at
        if text.startswith("`"):
            yield text[1:-1].replace("\\`", "`"), word.start + start + 1
        elif text[:2] in {"$(", "<(", ">("} and not text.startswith("$(("):
            yield text[2:-1], word.start + start + 2


def _unknown(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if part.kind == "unknown":
            yield part.text
        yield from _unknown(part.operand)
