"""Lines as a person would have read them: what a document or a screen has folded is undone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LONGEST = 1000
"""Characters of a line that are looked at: of a longer one its begin and its end."""

_BREAK = re.compile(r"[\r\n]+")
_ESCAPED = re.compile(r"\\+([nrt\"'])")
_DOUBLED = re.compile(r'(?<=\w)""|""(?=\w)')
_MEANS = {"n": "\n", "r": "\n", "t": "\t"}


def unfolded(lines: Iterable[str]) -> list[str]:
    """The lines of each line: JSON's escapes and CSV's quotes undone, cut where they are long."""
    return [part for line in lines for part in _parts(line)]


def _parts(line: str) -> Iterator[str]:
    if '"' in line:
        if "\\" in line:
            line = _ESCAPED.sub(lambda found: _MEANS.get(found[1], found[1]), line)
        line = _DOUBLED.sub('"', line)
    for part in _BREAK.split(line):
        yield part[:LONGEST]
        if len(part) > LONGEST:
            yield part[-LONGEST:]
