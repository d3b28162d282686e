"""A candidate beside what served before it, by the requests of users in the same time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.adapters.logging import Entry
from pipeline.checks.errors import Requests, judge_errors
from pipeline.checks.slowdown import Latencies, judge_slowdown
from pipeline.model import Verdict
from pipeline.watched import Answered

LEVEL = 0.01
"""The chance that a whole shift of a healthy revision is stopped by a comparison."""

_TESTS = 3  # at each look: errors, median, 95th percentile


@dataclass(frozen=True)
class Limits:
    """What is borne: ``max_rate`` of errors from 0 to 1, and so many times the old latency.

    Fewer than ``least``, 1 or more, requests say nothing. ``level`` is that of a test at a look.
    """

    max_rate: float
    max_slowdown: float
    least: int
    level: float


def level_of(times: Iterable[float], every: float) -> float:
    """The level of each test where times, in seconds, are watched with a look every so often.

    LEVEL, divided by all tests of all looks (Bonferroni): who looks often sees chance more often.
    """
    looks = sum(math.ceil(seconds / every) + 1 for seconds in times if seconds)
    return LEVEL / (_TESTS * max(looks, 1))


@dataclass(frozen=True)
class Answers:
    """What the request log says of the answers to users."""

    requests: Requests = field(default_factory=Requests)
    latencies: Latencies = field(default_factory=Latencies)

    def and_of(
        self, entries: Sequence[Entry], since: datetime, warm: datetime, own_agent: str
    ) -> Answers:
        """With those since then; how long they took counts when instances are ``warm``."""
        recent = [one for one in entries if one.at >= since]
        steady = [one for one in recent if one.at >= warm]
        return Answers(
            self.requests.and_of(recent, own_agent), self.latencies.and_of(steady, own_agent)
        )

    def summary(self) -> Answered:
        return Answered(
            self.requests.total,
            self.requests.failed,
            self.latencies.percentile(50),
            self.latencies.percentile(95),
        )


@dataclass(frozen=True)
class Comparison:
    """The answers of a candidate, and of the ``others`` together that share its users."""

    others: frozenset[str] = frozenset()
    new: Answers = field(default_factory=Answers)
    old: Answers = field(default_factory=Answers)

    def and_of(
        self, entries: Iterable[Entry], since: datetime, warm: datetime, own_agent: str
    ) -> Comparison:
        """With entries of the log, of the others and of the candidate; times are the log's own."""
        old, new = list[Entry](), list[Entry]()
        for one in entries:
            (old if one.revision in self.others else new).append(one)
        return replace(
            self,
            new=self.new.and_of(new, since, warm, own_agent),
            old=self.old.and_of(old, since, warm, own_agent),
        )

    def judge(self, limits: Limits) -> Iterator[Verdict]:
        """Its errors, and its latency where there is another to compare it with."""
        least, level = limits.least, limits.level
        before = self.old.requests if self.others else None
        yield judge_errors(self.new.requests, before, limits.max_rate, least=least, level=level)
        if self.others:
            yield judge_slowdown(
                self.new.latencies, self.old.latencies, limits.max_slowdown,
                least=least, level=level,
            )  # fmt: skip
