"""Output that may be a flood: all of it, or its beginning and its end."""

from __future__ import annotations

from collections import deque

_MOST = 1 << 23  # bytes that are kept of the first output, and of the last
_OF_A_LINE = 64  # bytes that a line costs beside its text


class Kept:
    """The lines of a flood that are kept: its beginning and its end."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._last: deque[str] = deque()
        self._room = self._last_room = _MOST
        self._left_out = 0

    def add(self, line: str) -> None:
        cost = len(line) + _OF_A_LINE
        if self._room >= cost:
            self._room -= cost
            self._first.append(line)
            return
        self._room = 0
        self._last_room -= cost
        self._last.append(line)
        while self._last_room < 0:
            self._last_room += len(self._last.popleft()) + _OF_A_LINE
            self._left_out += 1

    def lines(self) -> list[str]:
        gap = [f"({self._left_out} lines were not kept)"] if self._left_out else []
        return [*self._first, *gap, *self._last]
