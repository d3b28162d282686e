"""What is seen of a revision under traffic: values that checks fill and the report shows."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model import Split


@dataclass(frozen=True)
class Answered:
    """Users' requests of a window: how many, how many with 5xx, and latencies in seconds.

    ``median`` and ``p95`` are None where there were none.
    """

    total: int = 0
    failed: int = 0
    median: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Watched:
    """What is seen of a step at a moment. ``left`` is in seconds; ``before`` is None at 100 %."""

    split: Split
    candidate: str
    new: Answered
    before: Answered | None
    left: float
