"""A saved log of any size, within bounds: lines of the same shape say the same."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from pipeline.errors import NothingToDiagnose

STDIN = "-"

_LONGEST = 4096  # bytes of a line that are kept
_ALIKE = 2  # lines of one shape that are kept
_SHAPES = 100_000  # shapes that are remembered
_MOST = 20_000  # lines that are kept beside the last ones
_LAST = 500  # lines at the end, all of which are kept
_VARYING = b"0123456789abcdef"
"""Digits of times, counters and ids: left out of a shape."""


def read_log(name: str) -> list[str]:
    """The lines of a file, or of standard input for ``-``. Raises NothingToDiagnose."""
    try:
        with _opened(name) as file:
            lines = telling(iter(lambda: file.readline(_LONGEST), b""))
    except (OSError, ValueError) as error:
        raise NothingToDiagnose(
            f"the log cannot be read: {getattr(error, 'strerror', None) or error}",
            where=name,
            remedy="name a file that is there, or - for standard input",
        ) from error
    if not any(line.strip() for line in lines):
        raise NothingToDiagnose(
            "the log is empty", where=name, remedy="save the output of the command that failed"
        )
    return lines


def telling(lines: Iterable[bytes]) -> list[str]:
    """The first lines of each shape and the last lines of all, in order."""
    seen: Counter[bytes] = Counter()
    kept: list[bytes] = []
    last: deque[bytes] = deque(maxlen=_LAST)
    for line in lines:
        if len(last) == _LAST and len(kept) < _MOST and _is_new(last[0], seen):
            kept.append(last[0])
        last.append(line)
    return [one.decode("utf-8", "replace").rstrip("\r\n") for one in (*kept, *last)]


def _is_new(line: bytes, seen: Counter[bytes]) -> bool:
    shape = line.translate(None, _VARYING)
    if shape not in seen and len(seen) >= _SHAPES:
        return False
    seen[shape] += 1
    return seen[shape] <= _ALIKE


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == STDIN:
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as file:
            yield file
