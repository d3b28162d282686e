"""Watching a revision under traffic: its answers, and its log, of which one reading serves all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.adapters.web import Answer
from pipeline.checks.comparison import Comparison, Limits, level_of
from pipeline.checks.health import judge_latency
from pipeline.context import Context
from pipeline.errors import ApiRefused, ApiUnreachable
from pipeline.model import Outcome, Split, Verdict, borne
from pipeline.release.candidate import Candidate
from pipeline.steps.probing import AGENT, LOG_PAUSE, Prober
from pipeline.steps.reading import Tail
from pipeline.steps.seen import Seen
from pipeline.watched import Watched

if TYPE_CHECKING:
    from pipeline.config import Config

OLD_ONES = "the revisions before it answer there, too"
"""Why a bad answer of the public URL is not held against a candidate with a part of the traffic."""

_PROBE_EVERY = 2.0  # seconds
_KEPT = 1000  # answers
_STARTS = 2  # times startup.listen_within, until nobody waits for a step's first instances


@dataclass
class _Step:
    """A step of a shift: who is asked where, how users are split, how it compares since then.

    ``began`` is by our monotonic clock.
    """

    prober: Prober
    urls: Sequence[str]
    split: Split
    began: float
    compared: Comparison = field(default_factory=Comparison)


class Watch:
    """What is seen of a candidate, from the first step of a shift to its end.

    What its log says of the time before is judged for forbidden lines and exits only. ``against``
    are the revisions that served before it. ``tick`` is called about every 2 s, and may raise.
    """

    def __init__(
        self,
        context: Context,
        candidate: Candidate,
        steps: Sequence[int],
        against: Sequence[str],
        tick: Callable[[], None],
    ) -> None:
        self._context, self._tick = context, tick
        self._candidate = candidate.revision
        self._against = tuple(one for one in against if one != candidate.revision)
        self._limits = _limits(context.config, steps)
        self._waits = context.config.traffic.wait_for_requests
        self._began = self._last_reading = context.world.monotonic()
        self._tail = Tail(context, candidate.revision, datetime.fromisoformat(candidate.created))
        self._seen = Seen(context.config)
        self._took: deque[float] = deque(maxlen=_KEPT)
        self._judged: dict[str, Verdict] = {}
        self._rounds = 0

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """One for each check, as they stand."""
        return tuple(self._judged.values())

    def begin(self) -> Verdict | None:
        """Read what its log has so far; the verdict if that fails."""
        try:
            new = self._tail.read()
        except (ApiRefused, ApiUnreachable):
            return None  # the readings of the watch have all of it
        return self._heed(self._seen.before(new))

    def during(
        self, prober: Prober, urls: Sequence[str], seconds: float, split: Split
    ) -> Verdict | None:
        """Watch for so many seconds, or until a check fails; its verdict then.

        ``urls`` are the public one and, last, the one where only the candidate answers. Its users
        are compared with those of the others in ``split`` from now on. Where too few came, it is
        watched for up to ``traffic.wait_for_requests`` longer.
        """
        others = frozenset(one for one in self._against if split.get(one))
        began, longer = self._context.world.monotonic(), self._waits
        step = _Step(prober, urls, split, began, Comparison(others))
        failed = self._watched(step, seconds)
        if failed or not longer or self._is_met(step):
            return failed
        came = f"{step.compared.new.requests.total} of at least {self._limits.least} requests came"
        self._context.report.note(f"{came}: watched for up to {longer:g} s longer")
        return self._watched(step, longer, until_met=True)

    def _watched(self, step: _Step, seconds: float, *, until_met: bool = False) -> Verdict | None:
        """Rounds for so many seconds, or until enough users came.

        What answers badly is a failure before anything else is asked or read.
        """
        world = self._context.world
        until = world.monotonic() + seconds
        while (left := until - world.monotonic()) > 0 and not (until_met and self._is_met(step)):
            world.sleep(min(_PROBE_EVERY, left))
            self._rounds += 1
            failed = self._heed(self._asked(step))
            if not failed:
                self._tick()
            if not failed and self._is_time_to_read(until):
                failed = self._heed(self._read(step))
            self._show(step, until)
            if failed:
                return failed
        return None

    def _is_met(self, step: _Step) -> bool:
        """Whether enough users came to the candidate."""
        return step.compared.new.requests.total >= self._limits.least

    def _heed(self, verdicts: Iterable[Verdict]) -> Verdict | None:
        for verdict in verdicts:
            self._judged[verdict.check] = verdict
            if verdict.outcome is Outcome.FAIL:
                return verdict
        return None

    def _asked(self, step: _Step) -> Iterator[Verdict]:
        """The health of each URL, the candidate's own first, and how long that takes."""
        own, *others = reversed(step.urls)
        verdict, answer = self._health(step, own)
        yield verdict
        for url in others:
            public = self._health(step, url)[0]
            yield public if step.split.get(self._candidate) == 100 else borne(public, OLD_ONES)
        if answer.status == 200:
            self._took.append(answer.seconds)
        health = self._context.config.health
        yield judge_latency(self._took, health.max_latency, least=health.probes)

    def _health(self, step: _Step, url: str) -> tuple[Verdict, Answer]:
        verdict, answer = step.prober.steady(url)
        said = replace(verdict, evidence=f"{verdict.evidence} ({url})", sample=self._rounds)
        return said, answer

    def _is_time_to_read(self, until: float) -> bool:
        now = self._context.world.monotonic()
        return now >= until or now - self._last_reading >= LOG_PAUSE

    def _read(self, step: _Step) -> Iterator[Verdict]:
        """One reading of the log. One that fails in passing is no verdict on the candidate."""
        world = self._context.world
        self._last_reading = world.monotonic()
        try:
            new = self._tail.read(tuple(step.compared.others))
        except (ApiRefused, ApiUnreachable) as error:
            yield Verdict("log", Outcome.INCONCLUSIVE, f"it could not be read: {error.what}", 0)
            return
        self._judged.pop("log", None)
        since = self._tail.time(step.began)
        warm = since + timedelta(seconds=_STARTS * self._context.config.startup.listen_within)
        step.compared = step.compared.and_of(new, since, warm, AGENT)
        own = [one for one in new if one.revision not in step.compared.others]
        yield from self._seen.more(own, world.monotonic() - self._began)
        yield from step.compared.judge(self._limits)

    def _show(self, step: _Step, until: float) -> None:
        compared = step.compared
        self._context.report.watched(
            Watched(
                split=step.split,
                candidate=self._candidate,
                new=compared.new.summary(),
                before=compared.old.summary() if compared.others else None,
                left=max(0.0, until - self._context.world.monotonic()),
            )
        )


def _limits(config: Config, steps: Sequence[int]) -> Limits:
    """What may be borne at each of the readings that a whole shift may make."""
    traffic = config.traffic
    step = (traffic.step_time, traffic.wait_for_requests)
    last = (traffic.watch, traffic.wait_for_requests)
    times = [seconds for one in steps for seconds in (last if one == 100 else step)]
    return Limits(
        max_rate=traffic.max_error_rate,
        max_slowdown=traffic.max_slowdown,
        least=max(traffic.min_requests, 1),
        level=level_of(times, LOG_PAUSE),
    )
