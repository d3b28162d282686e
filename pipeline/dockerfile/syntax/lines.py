"""A file as logical lines: continuations joined, comments set aside, places kept."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.dockerfile.syntax.lexer import SPACES
from pipeline.dockerfile.syntax.nodes import Text


@dataclass(frozen=True)
class Logical:
    """One line as the parser sees it; ``line`` and ``column`` are where it begins in the file."""

    text: Text
    line: int
    column: int


def without_end(line: str) -> str:
    return line.rstrip("\r")


class Source:
    """The physical lines of a file, read once from top to bottom.

    ``raw`` are the lines without their line feeds, carriage returns kept; ``at`` is how many of
    them have been read, and so the number of the last one.
    """

    def __init__(self, text: str) -> None:
        self.raw = text.removeprefix("\ufeff").split("\n")
        if not self.raw[-1]:
            self.raw.pop()
        self.at = 0
        self.comments: list[tuple[int, str]] = []

    def take(self) -> str | None:
        """The next physical line as it is; None at the end of the file."""
        if self.at == len(self.raw):
            return None
        self.at += 1
        return self.raw[self.at - 1]

    def logical(self, escape: str) -> Logical | None:
        """The next line that is neither empty nor a comment, with those that continue it."""
        while (raw := self.take()) is not None:
            line = without_end(raw)
            content = line.lstrip(SPACES)
            if content and not self._is_comment(content):
                return self._joined(content, len(line) - len(content) + 1, escape)
        return None

    def _is_comment(self, content: str) -> bool:
        if not content.startswith("#"):
            return False
        self.comments.append((self.at, content[1:].strip()))
        return True

    def _joined(self, first: str, column: int, escape: str) -> Logical:
        start = self.at
        kept, continues = _cut_continuation(first, escape)
        parts = [Text(kept, ((0, start, column),))]
        while continues and (raw := self.take()) is not None:
            line = without_end(raw)
            content = line.lstrip(SPACES)
            if content and not self._is_comment(content):
                kept, continues = _cut_continuation(line, escape)
                parts.append(Text(kept, ((0, self.at, 1),)))
        return Logical(Text.joined(parts), start, column)


def _cut_continuation(line: str, escape: str) -> tuple[str, bool]:
    """The line without an escape character at its end, and whether there was one.

    Blanks may follow it; an escaped escape character continues nothing.
    """
    bare = line.rstrip(" \t")
    if bare.endswith(escape) and not bare.endswith(escape * 2):
        return bare[:-1], True
    return line, False
