"""How many instances, and how long to wait for one: pure rules (API facts §4.2)."""

from __future__ import annotations

_SHORTEST_WAIT = 10.0  # seconds
_STARTUPS_WAITED = 3.5


def instances_to_start(
    *, in_flight: int, waiting: int, live: int, starting: int, concurrency: int, maximum: int
) -> int:
    """How many more instances the present demand needs, within the maximum.

    ``in_flight`` and ``waiting`` are requests, the others are instances. Demand is what is being
    served plus what waits; every instance takes ``concurrency`` requests.
    """
    if not waiting:
        return 0
    needed = -(-(in_flight + waiting) // max(concurrency, 1))
    return max(0, min(needed, max(maximum, 1)) - live - starting)


def longest_wait(startups: tuple[float, ...]) -> float:
    """Seconds that a request waits for an instance: 3.5 average startups, at least 10 s."""
    average = sum(startups) / len(startups) if startups else 0.0
    return max(_STARTUPS_WAITED * average, _SHORTEST_WAIT)
