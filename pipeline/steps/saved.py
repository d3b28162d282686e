"""A saved log of any size, within bounds: lines of the same shape say the same."""

from __future__ import annotations

import codecs
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import IO

from pipeline.errors import NothingToDiagnose

STDIN = "-"

_PIECE = 4096  # bytes that are read at once
_END = 2 * _PIECE  # bytes that are kept of the begin and the end of a long line
_BESIDE = 2048  # characters on either side of a cut, which may be of a secret in two
_ALIKE = 2  # lines of one shape that are kept
_SHAPES = 100_000  # shapes that are remembered
_MOST = 20_000  # lines that are kept beside the last ones
_ROOM = 2 << 20  # bytes of them
_LAST = 500  # lines at the end, all of which are kept
_VARYING = b"0123456789abcdef"
"""Digits of times, counters and ids: left out of a shape."""

_CUT = b"\n"
"""Between the begin and the end of a long line, where no other line has one."""

Clean = Callable[[Sequence[str]], Sequence[str]]
"""As many lines, without what must not be shown."""


def read_log(name: str, clean: Clean) -> list[str]:
    """The lines of a file, or of standard input for ``-``. Raises NothingToDiagnose.

    They are cleaned before long ones are cut, so that no cut lets the half of a secret through.
    """
    try:
        with _opened(name) as file:
            kept = telling(_lines(_as_utf8(iter(lambda: file.readline(_PIECE), b""))))
    except (OSError, ValueError) as error:
        raise NothingToDiagnose(
            f"the log cannot be read: {getattr(error, 'strerror', None) or error}",
            where=name,
            remedy="name a file that is there, or - for standard input",
        ) from error
    lines = _cut(kept, clean)
    if not any(line.strip() for line in lines):
        raise NothingToDiagnose(
            "the log is empty", where=name, remedy="save the output of the command that failed"
        )
    return lines


def telling(lines: Iterable[bytes]) -> list[bytes]:
    """The first lines of each shape and the last lines of all, in order."""
    seen: Counter[bytes] = Counter()
    kept: list[bytes] = []
    last: deque[bytes] = deque(maxlen=_LAST)
    room = _ROOM
    for line in lines:
        if len(last) == _LAST and room > 0 and len(kept) < _MOST and _is_new(last[0], seen):
            kept.append(last[0])
            room -= len(last[0])
        last.append(line)
    return [*kept, *last]


def _is_new(line: bytes, seen: Counter[bytes]) -> bool:
    shape = line.translate(None, _VARYING)
    if shape not in seen and len(seen) >= _SHAPES:
        return False
    seen[shape] += 1
    return seen[shape] <= _ALIKE


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines without their ends; of long ones the begin, a newline and the end."""
    head = cut = tail = b""
    for piece in pieces:
        is_last = piece[-1:] == b"\n"
        if is_last and not head:
            yield piece.rstrip(b"\r\n")
            continue
        if len(head) < _END:
            head += piece
        else:
            tail += piece
            cut = cut or (_CUT if len(tail) > _END else b"")
            tail = tail[-_END:]
        if is_last:
            yield (head + cut + tail).rstrip(b"\r\n")
            head = cut = tail = b""
    if head:
        yield (head + cut + tail).rstrip(b"\r\n")


def _cut(kept: Sequence[bytes], clean: Clean) -> list[str]:
    """Clean lines; a long one becomes two, each without what is next to its cut."""
    parts = [part for line in kept for part in line.split(_CUT)]
    cleaned = iter(clean([part.decode("utf-8", "replace") for part in parts]))
    lines = []
    for line in kept:
        if _CUT in line:
            lines += [f"{next(cleaned)[:-_BESIDE]} …", f"… {next(cleaned)[_BESIDE:]}"]
        else:
            lines.append(next(cleaned))
    return lines


def _as_utf8(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-16, as PowerShell writes it, as UTF-8; anything else as it is."""
    first = next(pieces, b"")
    encoding = _utf16(first)
    if not encoding:
        return chain([first.removeprefix(codecs.BOM_UTF8)], pieces) if first else pieces
    return _recoded(chain([first], pieces), encoding)


def _recoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest = ""
    for piece in chain(pieces, [b""]):
        *lines, rest = (rest + decoder.decode(piece, not piece)).split("\n")
        yield from (f"{line}\n".encode() for line in lines)
        if len(rest) >= _PIECE:
            yield rest.encode()
            rest = ""
    if rest:
        yield rest.encode()


def _utf16(start: bytes) -> str:
    """The encoding, by its mark or where every other byte is NUL, or nothing."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[::2], start[1::2]
    for encoding, nul, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if 2 * nul.count(0) > len(nul) > 1 and 10 * other.count(0) <= len(other):
            return encoding
    return ""


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == STDIN:
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as file:
            yield file
