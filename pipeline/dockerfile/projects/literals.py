"""Versions of an API that a TypeScript source writes down as a literal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_VERSION = r"""(?P<quote>["'])(?P<version>\d{4}-\d{2}-\d{2}(?:\.\w{1,40})?)(?P=quote)"""
_NOT_CAST = r"(?!\s*as\s+(?!const\b))"
_GIVEN = re.compile(rf"\bapiVersion\s*:\s*(?:{_VERSION}|(?P<name>\w{{1,80}})\b){_NOT_CAST}")
_CONSTANT = re.compile(
    rf"^[ \t]*(?:export\s+)?const\s+(?P<name>\w{{1,80}})[^=\n]{{0,80}}=\s*{_VERSION}"
    rf"{_NOT_CAST}",
    re.MULTILINE,
)
_MOST_CONSTANTS = 200
_IGNORED = re.compile(r"//\s*@ts-(?:ignore|expect-error)")
_COMMENT = re.compile(r"\s*(?://|\*|/\*)")


def given_versions(source: str) -> Iterator[tuple[int, str, str]]:
    """Line and version of each ``apiVersion``; for a constant no version, but its name."""
    for found in _GIVEN.finditer(source):
        line = _line(source, found.start())
        if line:
            yield line, found["version"] or "", found["name"] or ""


def constants(source: str) -> dict[str, tuple[int, str]]:
    """Constants that hold such a version, with their line."""
    return {
        found["name"]: (line, found["version"])
        for found in islice(_CONSTANT.finditer(source), _MOST_CONSTANTS)
        if (line := _line(source, found.start("name")))
    }


def _line(source: str, at: int) -> int:
    """The line; 0 where it is a comment, or one tells the compiler to look away."""
    start = source.rfind("\n", 0, at) + 1
    before = source[source.rfind("\n", 0, max(start - 1, 0)) + 1 : start]
    ignored = _COMMENT.match(source, start) or _IGNORED.search(before)
    return 0 if ignored else source.count("\n", 0, at) + 1
