"""How long calls may take: as a rule, and when somebody wants to leave."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pipeline.adapters.google import CALL, READS, read_again


@dataclass(frozen=True)
class Limits:
    """Seconds: of a call, of a read with its retries, of a change until it has settled.

    A write is sent again after each of ``pauses``, for ``writing`` seconds in all: well within the
    quota of 30 writes a minute (API facts §10.3). All of it ends at ``ends``, by the clock.
    """

    call: float = CALL
    reads: float = READS
    settling: float = 300.0  # Cloud Run's 240 s to start, and some
    writing: float = 120.0
    pauses: tuple[float, ...] = (2.0, 5.0, 15.0, 30.0)
    ends: float = math.inf

    @property
    def is_hurried(self) -> bool:
        return self.ends < math.inf


PATIENT = Limits()
_HURRIED = Limits(call=3.0, pauses=(0.5,))
_HURRY = 6.0  # seconds: who is interrupted has ten
_LEAST = 0.5  # seconds that a call gets in any case: what is asked for late is better than never


@dataclass(frozen=True)
class Pace:
    """A clock, and the limits that count on it."""

    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    limits: Limits = PATIENT

    def hurried(self) -> Limits:
        """Limits within which every call together ends in about six seconds from now."""
        return replace(_HURRIED, ends=self.monotonic() + _HURRY)

    @property
    def call(self) -> float:
        """Seconds that a call may take that is made now."""
        return max(_LEAST, min(self.limits.call, self.limits.ends - self.monotonic()))

    @property
    def again(self) -> Any:
        """The retry of a read that is made now."""
        left = self.limits.ends - self.monotonic()
        return read_again(max(0.0, min(self.limits.reads, left)))

    def until(self, seconds: float) -> float:
        """The moment so many seconds from now, or the end of it all."""
        return min(self.limits.ends, self.monotonic() + seconds)
