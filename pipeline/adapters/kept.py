"""Output that may be a flood, line by line: all of it, or its beginning and its end."""

from __future__ import annotations

from collections import deque

_MOST = 1 << 23  # bytes that are kept of the first output, and of the last
_OF_A_LINE = 64  # bytes that a line costs beside its text
_LONGEST = 1 << 16  # bytes of a line; a longer one is cut into lines
_PAUSE = 0.2  # seconds after which what has no line break yet is a line


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


class Written:
    """Bytes as they come, and the lines that they are. Times are seconds on one clock."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._rest = bytearray()  # what has no line break yet
        self._since = 0.0

    def add(self, raw: bytes, at: float) -> None:
        *ends, rest = raw.split(b"\n")
        for end in ends:
            self._rest += end
            self._cut()
            self._keep(len(self._rest))
        if not self._rest:
            self._since = at
        self._rest += rest
        self._cut()

    def end(self) -> None:
        """Nothing more will come."""
        if self._rest:
            self._keep(len(self._rest))

    def lines(self, at: float) -> list[str]:
        """Its last line may be one that is not finished: a prompt, or dots while it waits."""
        is_line = self._rest and at - self._since >= _PAUSE
        return [*self._kept.lines(), *([_text(self._rest)] if is_line else ())]

    def _cut(self) -> None:
        while len(self._rest) > _LONGEST:
            self._keep(_LONGEST)

    def _keep(self, size: int) -> None:
        self._kept.add(_text(self._rest[:size]))
        del self._rest[:size]


def _text(raw: bytearray) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r\n")
