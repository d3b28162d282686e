"""A step of a shift while it is watched: in place where a person looks on, else a line at times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.report.findings import Told
from pipeline.report.rollout import drawn, line
from pipeline.report.screen import Screen
from pipeline.watched import Watched

_PAUSE = 15.0  # seconds between plain lines


class Region:
    """What is shown of the step that is being watched. ``monotonic`` counts seconds."""

    def __init__(self, screen: Screen, monotonic: Callable[[], float]) -> None:
        self._screen, self._monotonic = screen, monotonic
        self._seen: Watched | None = None
        self._said_at = 0.0

    @property
    def is_on(self) -> bool:
        return self._seen is not None

    def watched(self, seen: Watched) -> None:
        now = self._monotonic()
        if self._seen is None:
            self._said_at = now
        self._seen = seen
        if self._screen.is_watched:
            self._screen.keep(lambda: self._drawn(seen, now))
        elif now - self._said_at >= _PAUSE:
            self._said_at = now
            self._screen.say("  … ", "dim", line(seen, seen.left))

    def settled(self) -> Watched | None:
        """End what is shown with a line that stays; what was seen last, if there was a step."""
        seen, self._seen = self._seen, None
        if seen is not None:
            self._screen.keep(None)
            self._screen.say("    ", "dim", line(seen))
        return seen

    def _drawn(self, seen: Watched, since: float) -> Iterator[Told]:
        """As seen at ``since``; only the time left goes on."""
        left = seen.left - (self._monotonic() - since)
        return drawn(seen, left, self._screen.console.width, self._screen.safe)
