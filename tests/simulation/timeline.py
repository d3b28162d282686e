"""Virtual time: what happens when, and whose turn it is. One thread runs at a time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

MOST_EVENTS = 20_000
"""Events after which a run counts as endless."""

Action = Callable[[], None]


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@dataclass(eq=False)
class _Wake:
    """A thread that sleeps; who finds it in the queue hands it the turn."""

    turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.turn.acquire()


@dataclass
class Timeline:
    """A queue of actions and sleepers by time, in seconds.

    Whoever sleeps carries out what is next until it is its own turn again, or somebody else's: so
    the order depends on nothing but the times, and on who came first.
    """

    now: float = 0.0
    is_endless: bool = False
    _events: int = 0
    _order: count[int] = field(default_factory=count)
    _queue: list[tuple[float, int, Action | _Wake]] = field(default_factory=list)

    def after(self, seconds: float, action: Action) -> None:
        heappush(self._queue, (self.now + max(seconds, 0.0), next(self._order), action))

    def sleep(self, seconds: float) -> None:
        """Let that time pass for this thread. Raises Killed where a run finds no end."""
        if self.is_endless:
            raise Killed
        self._wait(self.now + max(seconds, 0.0))

    def start(self, seconds: float, body: Action) -> None:
        """Run ``body`` in a thread of its own, from then on."""
        wake = _Wake()

        def run() -> None:
            with wake.turn:
                try:
                    body()
                finally:
                    self._next(None)

        threading.Thread(target=run, daemon=True).start()
        heappush(self._queue, (self.now + seconds, next(self._order), wake))

    def drain(self) -> None:
        """Let everything happen that is to happen, of every thread."""
        self._wait(math.inf)

    def _wait(self, until: float) -> None:
        wake = _Wake()
        heappush(self._queue, (until, next(self._order), wake))
        if not self._next(wake):
            wake.turn.acquire()

    def _next(self, me: _Wake | None) -> bool:
        """Carry out what is due until it is a thread's turn; whether it is this one's."""
        while True:
            at, _, what = heappop(self._queue)
            self.now = at if at < math.inf else self.now
            self._events += 1
            self.is_endless = self.is_endless or self._events > MOST_EVENTS
            if what is me:
                return True
            if isinstance(what, _Wake):
                what.turn.release()
                return False
            what()
