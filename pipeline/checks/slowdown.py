"""Is the revision slower than the old one? The request log says how long each answer took."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.adapters.logging import Entry
from pipeline.checks.chance import fisher_tail
from pipeline.checks.errors import status_of
from pipeline.model import Outcome, Verdict

CHECK = "slowdown"

FLOOR = 0.05
"""Seconds that any answer may take longer: the network's doing, not the revision's."""

_PERCENTILES = {"median": 50, "95th percentile": 95}
_SHORTEST, _LONGEST = 0.001, 86_400.0  # seconds
_STEP = 1.02  # from one bucket to the next
_LATENCY = re.compile(r"\d{1,9}(\.\d{1,9})?s", re.ASCII)
_SWITCHED = 101


@dataclass(frozen=True)
class Latencies:
    """How many answers took how long: ``counts`` by bucket, each 2 % wider than the one below.

    Not more than a thousand buckets, whatever comes.
    """

    counts: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def and_of(self, entries: Iterable[Entry], own_agent: str) -> Latencies:
        """With those of users in the request log. What failed, 5xx, is no answer that was quick.

        Nor is a WebSocket that was kept open for as long as the user liked.
        """
        return self.and_seconds(_took(entries, own_agent))

    def and_seconds(self, took: Iterable[float]) -> Latencies:
        return Latencies(Counter(self.counts) + Counter(_bucket(seconds) for seconds in took))

    def percentile(self, percent: int) -> float | None:
        """Seconds, within 1 %: the shortest that so many percent did not exceed; None for none."""
        if not self.counts:
            return None
        return _edge(self._rank(percent)[0]) / math.sqrt(_STEP)

    def bound(self, percent: int) -> tuple[float, int]:
        """Seconds that so many percent surely did not exceed, and how many answers are the rest."""
        bucket, rank = self._rank(percent)
        return _edge(bucket), self.total - rank

    def above(self, seconds: float) -> int:
        """How many surely took longer."""
        return sum(count for at, count in self.counts.items() if at and _edge(at - 1) >= seconds)

    def _rank(self, percent: int) -> tuple[int, int]:
        """The bucket of the answer at that place, and the place, counted from the shortest."""
        rank, passed = -(-percent * self.total // 100), 0
        for bucket in sorted(self.counts):
            passed += self.counts[bucket]
            if passed >= rank:
                break
        return bucket, rank


def judge_slowdown(
    new: Latencies, old: Latencies, max_slowdown: float, *, least: int, level: float
) -> Verdict:
    """Judge the median and the 95th percentile against ``max_slowdown`` times the old one's.

    It fails where surely more than half (5 %) of its answers took longer than that and FLOOR, by
    Fisher's exact test at ``level``. That test is exact although the old percentile is itself only
    counted: it asks how often chance puts so many of the new above that place among the old (the
    exceedance test). Fewer than ``least`` answers, 1 or more, of either are inconclusive.
    """
    if min(new.total, old.total) < least:
        evidence = (
            f"{new.total} answers, {old.total} of the old one: fewer than {least} say nothing"
        )
        return Verdict(CHECK, Outcome.INCONCLUSIVE, evidence, new.total)
    slower = [
        name
        for name, percent in _PERCENTILES.items()
        if _chance(new, old, percent, max_slowdown) <= level
    ]
    if not slower:
        return Verdict(CHECK, Outcome.PASS, _compared(new, old, _PERCENTILES), new.total)
    evidence = f"{_compared(new, old, slower)}: more than {max_slowdown:g} times as long"
    return Verdict(CHECK, Outcome.FAIL, evidence, new.total)


def _chance(new: Latencies, old: Latencies, percent: int, max_slowdown: float) -> float:
    bound, above = old.bound(percent)
    slow = new.above(max_slowdown * bound + FLOOR)
    return fisher_tail(slow, new.total, above, old.total)


def _compared(new: Latencies, old: Latencies, names: Iterable[str]) -> str:
    return ", ".join(
        f"{name} {_ms(new, _PERCENTILES[name])}, of the old one {_ms(old, _PERCENTILES[name])}"
        for name in names
    )


def _ms(latencies: Latencies, percent: int) -> str:
    return f"{1000 * (latencies.percentile(percent) or 0):.0f} ms"


def _took(entries: Iterable[Entry], own_agent: str) -> Iterator[float]:
    for one in entries:
        if one.log != "requests" or one.http.get("userAgent") == own_agent:
            continue
        text, status = str(one.http.get("latency"))[:24], status_of(one.http)
        if status < 500 and status != _SWITCHED and _LATENCY.fullmatch(text):
            yield float(text[:-1])


def _bucket(seconds: float) -> int:
    within = min(max(seconds, _SHORTEST), _LONGEST) / _SHORTEST
    return math.ceil(math.log(within) / math.log(_STEP))


def _edge(bucket: int) -> float:
    """The longest time of a bucket, in seconds."""
    return _SHORTEST * _STEP**bucket
