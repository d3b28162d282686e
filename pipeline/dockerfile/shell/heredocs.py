"""Heredocs of a shell script: which lines are whose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_QUOTES = re.compile(r"\\(.)|['\"]", re.DOTALL)


@dataclass(frozen=True)
class Pending:
    """A heredoc whose lines are still to come: ``redirect`` is the offset of its operator."""

    redirect: int
    word: str
    tabs: bool

    @property
    def expand(self) -> bool:
        return not _QUOTES.search(self.word)

    @property
    def delimiter(self) -> str:
        return _QUOTES.sub(lambda match: match.group(1) or "", self.word)


def bodies(
    script: str, start: int, pending: Sequence[Pending]
) -> Iterator[tuple[Pending, tuple[int, int], int]]:
    """Each heredoc with the offsets of its lines, and where the script goes on after it.

    ``start`` is where the first line begins. A heredoc that is never closed has all that is left.
    """
    for one in pending:
        at = start
        while at < len(script):
            newline = script.find("\n", at)
            end = newline if newline >= 0 else len(script)
            line = script[at:end].rstrip("\r")
            if (line.lstrip("\t") if one.tabs else line) == one.delimiter:
                break
            at = end + 1
        else:
            end = at = len(script)
        yield one, (start, at), end
        start = min(end + 1, len(script))
