"""Private keys in PEM are not shown, on one line or on many, whole or cut short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

MASK = "***"
WORDS = "PRIVATE KEY"
"""Stand in every line that begins or ends a key."""

_LONGEST = 250  # lines; one without an end must not hide all that follows
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_AROUND = "\"',;|()[]{}\\"  # what a line of JSON or YAML has around its text
_LONG = 12  # characters of base64 that are no word
_LOOKED_AT = 1000  # characters of a line


def keyless(lines: Sequence[str]) -> list[str]:
    """As many lines, those between the first and the last of a key masked.

    A key whose first line is missing is known by its last one.
    """
    return list(_keyless(lines)) if any(WORDS in line for line in lines) else list(lines)


def _keyless(lines: Iterable[str]) -> Iterator[str]:
    held: list[str] = []  # lines that are a key if one ends here
    left = column = after = 0  # lines a key may still have; what is around it in its first one
    for line in lines:
        if WORDS in line:
            begins = [found.span() for found in _BEGIN.finditer(line)]
            ends = [found.start() for found in _END.finditer(line)]
            is_end = bool(ends) and not (begins and begins[0][0] < ends[0])
            is_key = is_end and any(map(_has_base64, held))
            yield from [MASK] * len(held) if is_key else held
            held.clear()
            yield f"{MASK}{line[ends[0] :]}" if is_end and left else line
            if begins or ends:
                is_open = bool(begins) and (not ends or ends[-1] < begins[-1][1])
                left = _LONGEST if is_open else 0
                column, after = (begins[-1][0], len(line) - begins[-1][1]) if is_open else (0, 0)
        elif left:
            left -= 1
            yield line if _is_speech(line[column : len(line) - after]) else MASK
        else:
            if held and (_is_speech(held[-1]) or len(held) == _LONGEST):
                yield from held
                held.clear()
            held.append(line)
    yield from held


def without_keys(text: str) -> str:
    """One line without the keys in it; a quote ends one that has no end."""
    parts, at = [], 0
    for end in _orphans(text):
        before = text[at : end.start()]
        kept = before.rstrip(_BASE64 + "\\\n")
        parts += [kept, MASK if kept != before else "", end[0]]
        at = end.end()
    for begin in _BEGIN.finditer(text, at):
        if begin.start() < at:
            continue
        last = _END.search(text, begin.end())
        parts += [text[at : begin.end()], MASK]
        at = last.start() if last else _closing(text, begin.end())
    return "".join([*parts, text[at:]])


def _orphans(text: str) -> Iterator[re.Match[str]]:
    """Ends before the first begin."""
    begin = _BEGIN.search(text)
    return _END.finditer(text, 0, begin.start() if begin else len(text))


def _closing(text: str, at: int) -> int:
    quoted = text.find('"', at)
    return quoted if quoted >= 0 else len(text)


def _is_speech(text: str) -> bool:
    """Whether it is a line of something else that came in between."""
    return len(text.split(None, 3)) > 2 and not _has_base64(text)


def _has_base64(line: str) -> bool:
    """Whether one of its words is, or its last one ends in it."""
    words = [word.strip(_AROUND) for word in line[:_LOOKED_AT].split()]
    return bool(words) and (
        len(words[-1]) - len(words[-1].rstrip(_BASE64)) >= _LONG
        or any(len(word) >= 2 * _LONG and not word.strip(_BASE64) for word in words)
    )
