"""Patterns in ``${name#pattern}``, ``%`` and ``/``: ``*`` is any text, ``?`` any character.

A pattern is cut at its stars into segments of fixed length, each found from where the one before
ended: time stays linear, where a regular expression of several stars would not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.dockerfile.syntax.lexer import RefusedError

LONGEST = 16_384
"""The longest value worth knowing. Values may double with every instruction."""

_LONGEST_PATTERN = 512
_Span = tuple[int, int]


def removed(value: str, pattern: str, operator: str) -> str | None:
    """``value`` without the shortest match of ``pattern`` at its start (``#``) or its end (``%``).

    A pattern that begins with the operator once more asks for the longest.
    """
    longest = pattern.startswith(operator)
    segments = _segments(pattern.removeprefix(operator))
    if segments is None:
        return None
    if operator == "%":
        segments = [segment[::-1] for segment in reversed(segments)]
        value = value[::-1]
    span = _find(_compiled(segments), value, 0, anchored=True, longest=longest)
    rest = value[span[1] :] if span else value
    return rest[::-1] if operator == "%" else rest


def replaced(value: str, pattern: str, replacement: str, *, everywhere: bool) -> str | None:
    """``value`` with ``replacement`` for the first match of ``pattern``, or for each."""
    segments = _segments(pattern)
    if segments is None:
        return None
    spans = list(_spans(_compiled(segments), value, everywhere=everywhere))
    if len(value) + len(spans) * len(replacement) > LONGEST:
        return None
    pieces = []
    last = 0
    for start, end in spans:
        pieces += [value[last:start], replacement]
        last = end
    return "".join([*pieces, value[last:]])


_Segment = list[str]  # a character each, or "" for any


def _segments(pattern: str) -> list[_Segment] | None:
    """The pieces between the stars; None for a pattern longer than is worth following."""
    if len(pattern) > _LONGEST_PATTERN:
        return None
    segments: list[_Segment] = [[]]
    characters = iter(pattern)
    for character in characters:
        match character:
            case "*":
                segments.append([])
            case "?":
                segments[-1].append("")
            case "\\":
                segments[-1].append(_escaped(next(characters, "")))
            case _:
                segments[-1].append(character)
    return segments


def _escaped(character: str) -> str:
    if character and character in "*?\\/}":
        return character
    raise RefusedError(f"\\{character} is no escape of a pattern")


def _compiled(segments: Sequence[_Segment]) -> list[re.Pattern[str]]:
    return [
        re.compile("".join(re.escape(char) if char else "." for char in segment), re.DOTALL)
        for segment in segments
    ]


def _find(
    segments: Sequence[re.Pattern[str]], value: str, start: int, *, anchored: bool, longest: bool
) -> _Span | None:
    first, *others = segments
    found = first.match(value, start) if anchored else first.search(value, start)
    if found is None:
        return None
    begin, end = found.span()
    for number, segment in enumerate(others, start=1):
        found = segment.search(value, end)
        if found is None:
            return None
        if longest and number == len(others):
            found = _last(segment, value, end, len(found[0])) or found
        end = found.end()
    return begin, end


def _last(segment: re.Pattern[str], value: str, start: int, length: int) -> re.Match[str] | None:
    for at in range(len(value) - length, start - 1, -1):
        if found := segment.match(value, at):
            return found
    return None


def _spans(segments: Sequence[re.Pattern[str]], value: str, *, everywhere: bool) -> Iterator[_Span]:
    """The matches from left to right; an empty one directly behind another does not count."""
    at, last = 0, -1
    while at <= len(value):
        span = _find(segments, value, at, anchored=False, longest=True)
        if span is None:
            return
        start, end = span
        if start != end or start != last:
            yield span
            if not everywhere:
                return
        last = end
        at = end if start != end else end + 1
