"""Watching a revision under traffic: its answers, and its log, of which one reading serves all."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.checks.errors import Requests, judge_errors
from pipeline.checks.exits import judge_exits
from pipeline.checks.health import judge_latency
from pipeline.checks.lines import Matches, judge_lines, judge_rates, written
from pipeline.checks.startup import judge_startup
from pipeline.context import Context
from pipeline.errors import ApiRefused, ApiUnreachable
from pipeline.model import Outcome, Verdict
from pipeline.release.candidate import Candidate
from pipeline.steps.probing import AGENT, LOG_PAUSE, Prober
from pipeline.steps.reading import Tail

if TYPE_CHECKING:
    from pipeline.config import Config

_PROBE_EVERY = 2.0  # seconds
_KEPT = 1000  # answers, and entries of the system log


class Watch:
    """What is seen of a candidate, from the first step of a shift to its end.

    What its log says of the time before is judged for forbidden lines and exits only.
    """

    def __init__(self, context: Context, candidate: Candidate) -> None:
        self._context = context
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
        return self._heed(self._seen.before(self._tail.read()))

    def during(self, prober: Prober, urls: Sequence[str], seconds: float) -> Verdict | None:
        """Watch for so many seconds, or until a check fails; its verdict then.

        ``urls`` are the public one and, last, the one where only the candidate answers.
        """
        world = self._context.world
        until = world.monotonic() + seconds
        while (left := until - world.monotonic()) > 0:
            world.sleep(min(_PROBE_EVERY, left))
            self._rounds += 1
            failed = self._heed(self._asked(prober, urls))
            if not failed and self._is_time_to_read(until):
                failed = self._heed(self._read())
            if failed:
                return failed
        return None

    def _heed(self, verdicts: Iterator[Verdict]) -> Verdict | None:
        for verdict in verdicts:
            self._judged[verdict.check] = verdict
            if verdict.outcome is Outcome.FAIL:
                return verdict
        return None

    def _asked(self, prober: Prober, urls: Sequence[str]) -> Iterator[Verdict]:
        """The health of each URL, and how long the candidate takes."""
        answer = Answer()
        for url in urls:
            verdict, answer = prober.steady(url)
            yield replace(verdict, evidence=f"{verdict.evidence} ({url})", sample=self._rounds)
        if answer.status == 200:
            self._took.append(answer.seconds)
        health = self._context.config.health
        yield judge_latency(self._took, health.max_latency, least=health.probes)

    def _is_time_to_read(self, until: float) -> bool:
        now = self._context.world.monotonic()
        return now >= until or now - self._last_reading >= LOG_PAUSE

    def _read(self) -> Iterator[Verdict]:
        """One reading of the log. One that fails in passing is no verdict on the candidate."""
        world = self._context.world
        self._last_reading = world.monotonic()
        try:
            new = self._tail.read()
        except (ApiRefused, ApiUnreachable) as error:
            yield Verdict("log", Outcome.INCONCLUSIVE, f"it could not be read: {error.what}", 0)
            return
        self._judged.pop("log", None)
        yield from self._seen.more(new, world.monotonic() - self._began)


class Seen:
    """What the entries of a log amount to, however many they are."""

    def __init__(self, config: Config) -> None:
        self._startup, self._traffic = config.startup, config.traffic
        self._matches = [Matches(one.pattern, one.per_minute) for one in self._traffic.log_rates]
        self._system: deque[Entry] = deque(maxlen=_KEPT)
        self._before: deque[Entry] = deque(maxlen=_KEPT)
        self._requests = Requests()
        self._entries = self._lines = 0

    def before(self, entries: Sequence[Entry]) -> Iterator[Verdict]:
        """Judge entries from before the watch."""
        yield judge_lines(written(entries), (), self._startup.forbidden_logs)
        self._before.extend(one for one in entries if one.log == "varlog/system")
        yield judge_exits(self._before, len(entries))

    def more(self, entries: Sequence[Entry], seconds: float) -> Iterator[Verdict]:
        """Judge new entries together with those before; the watch is so many seconds old."""
        lines = written(entries)
        self._entries, self._lines = self._entries + len(entries), self._lines + len(lines)
        self._matches = [one.and_of(lines) for one in self._matches]
        self._system.extend(one for one in entries if one.log == "varlog/system")
        self._requests = self._requests.and_of(entries, AGENT)
        startup, traffic, system = self._startup, self._traffic, tuple(self._system)
        forbidden = judge_lines(lines, (), startup.forbidden_logs)
        yield replace(forbidden, sample=self._lines)
        yield judge_exits((*self._before, *system), self._entries)
        yield judge_rates(self._matches, seconds, self._lines)
        yield judge_errors(self._requests, traffic.max_error_rate, least=traffic.min_requests)
        yield judge_startup(system, startup.listen_within)
