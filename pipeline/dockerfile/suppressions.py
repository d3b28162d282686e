"""Comments that suppress findings: ``# pipeline: ignore=S05,S23 reason``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_IDS = r"[A-Za-z]+[0-9]+(?:\s*,\s*[A-Za-z]+[0-9]+)*"
_MISTYPED = r"\w+(?:,\w+)*"  # right after the sign, where a reason would not begin
_COMMENT = re.compile(
    r"\s*(?:#|//)\s*pipeline:\s*ignore\s*="
    rf"(?:\s*(?P<ids>{_IDS})(?![\w,])|(?P<mistyped>{_MISTYPED})(?!\w)|)(?P<reason>.*)",
    re.DOTALL,
)
_ANY_COMMENT = re.compile(r"\s*(?:#|//)")

Span = tuple[int, int]
"""The first and the last line of an instruction."""


@dataclass(frozen=True)
class Suppression:
    """A comment at ``line``.

    It holds for what begins between ``first`` and ``last``, and for what reaches over ``below``,
    the line under the comment.
    """

    line: int
    rules: tuple[str, ...]
    reason: str
    below: int
    first: int
    last: int

    def covers(self, rule: str, line: int, end_line: int) -> bool:
        near = self.first <= line <= self.last or line <= self.below <= end_line
        return near and rule in self.rules


def read_suppressions(lines: Sequence[str], spans: Sequence[Span] = ()) -> list[Suppression]:
    """The comments of a file, in order. ``spans`` are its instructions, in order and disjoint.

    Above an instruction a comment holds for all of it; inside one, for the line below and for what
    is found of the instruction as a whole. Comments may stand above each other.
    """
    return list(_suppressions(lines, spans))[::-1]


def _suppressions(lines: Sequence[str], spans: Sequence[Span]) -> Iterator[Suppression]:
    below = len(lines) + 1
    for line in range(len(lines), 0, -1):
        text = lines[line - 1]
        if not _ANY_COMMENT.match(text):
            below = line
        elif found := _COMMENT.match(text):
            first, last = _covered(line, below, spans)
            named = found["ids"] or found["mistyped"]
            yield Suppression(line, _ids(named), _reason(found["reason"]), below, first, last)


def _covered(line: int, below: int, spans: Sequence[Span]) -> Span:
    at = bisect_right(spans, below, key=lambda span: span[0]) - 1
    if at < 0 or spans[at][1] < below:
        return below, below
    first, last = spans[at]
    return (first, last) if line < first else (first, first)


def _ids(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip().upper() for one in (text or "").split(",") if one))


def _reason(text: str) -> str:
    return text.strip(" \t\r:-\N{EM DASH}\N{EN DASH}")
