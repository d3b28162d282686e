"""A Dockerfile as structure: instructions, their words, and where each stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Point:
    """A place in a file. Lines and columns count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """Text of the file with continuation lines joined; ``pieces`` say where each part came from.

    A piece is (offset in ``value``, line, column); the first has offset 0, offsets ascend.
    """

    value: str
    pieces: tuple[tuple[int, int, int], ...] = ((0, 1, 1),)

    def point(self, offset: int) -> Point:
        """Where the character at ``offset`` stands in the file."""
        index = max(bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1, 0)
        start, line, column = self.pieces[index]
        return Point(line, column + max(offset, 0) - start)

    def cut(self, start: int, end: int) -> Text:
        """The part from ``start`` up to ``end``, with its places."""
        first = self.point(start)
        inner = self.pieces[_index(self.pieces, start + 1) : _index(self.pieces, end)]
        moved = ((at - start, line, column) for at, line, column in inner)
        return Text(self.value[start:end], ((0, first.line, first.column), *moved))

    @staticmethod
    def joined(parts: Sequence[Text]) -> Text:
        """The parts in a row, each with its places; there is at least one."""
        pieces: list[tuple[int, int, int]] = []
        offset = 0
        for part in parts:
            if part.value:
                pieces += ((offset + at, line, column) for at, line, column in part.pieces)
            offset += len(part.value)
        value = "".join(part.value for part in parts)
        return Text(value, tuple(pieces) or parts[0].pieces[:1])

    @property
    def start(self) -> Point:
        return self.point(0)

    @property
    def end(self) -> Point:
        """The place of the last character."""
        return self.point(max(len(self.value) - 1, 0))


def _index(pieces: tuple[tuple[int, int, int], ...], offset: int) -> int:
    """How many pieces begin before ``offset``."""
    return bisect_left(pieces, offset, key=lambda piece: piece[0])


@dataclass(frozen=True)
class Flag:
    """``--name=value`` before the words of an instruction; ``value`` None where there is no ``=``.

    ``text`` is as written; ``value`` has quotes and escapes taken away, variables kept.
    """

    name: str
    value: Text | None
    text: Text


@dataclass(frozen=True)
class Heredoc:
    """``<<NAME`` and its lines. ``body`` has tabs stripped for ``<<-``; ``expand`` if unquoted."""

    name: str
    body: Text
    expand: bool
    descriptor: int = 0


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    ``name`` is in capitals. ``body`` is all after the flags, heredoc bodies left out. ``words`` are
    as written, quotes and variables kept: by white space, or the strings of the JSON form. What the
    engine takes whole is one word: shell forms, USER, WORKDIR, STOPSIGNAL, MAINTAINER. ``exec``
    is the JSON form's strings where the instruction has that form (SHELL, CMD, COPY, VOLUME too).
    ``pairs`` are those of ENV, LABEL and ARG (value None for an ARG without default). ``inner`` is
    the instruction that ONBUILD delays, or the CMD of a HEALTHCHECK.
    """

    name: str
    line: int
    end_line: int
    column: int
    flags: tuple[Flag, ...]
    body: Text
    words: tuple[Text, ...]
    exec: tuple[str, ...] | None = None
    pairs: tuple[tuple[Text, Text | None], ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    inner: Instruction | None = None

    @property
    def start(self) -> Point:
        return Point(self.line, self.column)

    def flag(self, name: str) -> str | None:
        """The first such flag's value, variables kept; empty where it has none; None if absent."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value.value if flag.value else ""
        return None


@dataclass(frozen=True)
class Problem:
    """What the engine would refuse, or what cannot be read."""

    point: Point
    message: str


@dataclass(frozen=True)
class Dockerfile:
    """The whole file. ``lines`` are its lines without their ends, for showing."""

    instructions: tuple[Instruction, ...]
    lines: tuple[str, ...]
    directives: Mapping[str, str] = field(default_factory=dict)
    escape: str = "\\"
    problems: tuple[Problem, ...] = ()
    comments: tuple[tuple[int, str], ...] = ()  # (line, text after the #) of whole-line comments
