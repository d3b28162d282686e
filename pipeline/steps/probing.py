"""Asking a deployed service, with one clock: until it answers well, or the time is up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.checks.health import judge_answer
from pipeline.checks.identity import judge_identity, trace_headers
from pipeline.checks.lines import judge_lines
from pipeline.context import Context
from pipeline.model import Outcome, Service, Verdict, concluded

LOG_LAG = 60.0
"""Seconds to wait for a log entry before its absence counts (API facts §8: 30 or more)."""

_ANSWER = 10.0  # seconds for one answer
_PAUSE = 1.0  # seconds between two requests
_LOG_PAUSE = 5.0  # seconds between two readings of the log: 60 a minute are allowed in a project
_TOKEN = 300.0  # seconds that an ID token is used; some are good for 10 minutes only
_SECOND_CHANCES = 3


@dataclass
class Prober:
    """Requests to one service's URLs, with an ID token where it is private.

    ``audience`` is what the token is for; empty for a public service.
    """

    context: Context
    audience: str = ""
    _token: Mapping[str, str] = field(default_factory=dict)
    _until_when: float = float("-inf")

    @classmethod
    def of(cls, context: Context, service: Service) -> Prober:
        return cls(context, "" if context.cloud_run.is_public(service) else service.uri)

    @property
    def headers(self) -> Mapping[str, str]:
        """What lets a request in; made anew before it expires, for a step may take a day."""
        if self.audience and self.context.world.monotonic() >= self._until_when:
            self._until_when = self.context.world.monotonic() + _TOKEN
            self._token = self.context.id_tokens.header(self.audience)
        return self._token

    def health(self, url: str, within: float) -> tuple[Verdict, str]:
        """Judge the health document at ``url``, asked again for ``within`` seconds while it fails.

        Returns the verdict and the trace of the last request.
        """
        trace = ""

        def ask() -> Verdict:
            nonlocal trace
            verdict, trace = self._ask(url)
            return verdict

        with self.context.report.waiting("until it is healthy"):
            return self._until(ask, within, _PAUSE, Outcome.PASS), trace

    def steady(self, url: str) -> Verdict:
        """Ask once more; one bad answer may be chance, a second among the next three is not."""
        first, _ = self._ask(url)
        if first.outcome is Outcome.PASS:
            return first
        again = [self._ask(url)[0] for _ in range(_SECOND_CHANCES)]
        bad = [one for one in again if one.outcome is not Outcome.PASS]
        return replace(bad[0] if bad else again[0], sample=1 + _SECOND_CHANCES)

    def identity(self, trace: str, revision: str, since: datetime) -> Verdict:
        """Prove from the request log that ``revision`` answered the request of ``trace``."""

        def ask() -> Verdict:
            entries = self.context.logs.of_trace(trace, since)
            return judge_identity(entries, revision)

        with self.context.report.waiting("for the request log, to prove who answered"):
            return self._until(ask, LOG_LAG, _LOG_PAUSE, Outcome.PASS, Outcome.FAIL)

    def lines(self, revision: str, since: datetime) -> Verdict:
        """Required and forbidden lines in what the revision's containers wrote."""
        startup = self.context.config.startup

        def ask() -> Verdict:
            entries = self.context.logs.of_revision(revision, since)
            written = [one.text for one in entries if one.log in ("stdout", "stderr")]
            return judge_lines(written, startup.required_logs, startup.forbidden_logs)

        with self.context.report.waiting("for the lines that its log must have"):
            return concluded(self._until(ask, LOG_LAG, _LOG_PAUSE, Outcome.PASS, Outcome.FAIL))

    def _ask(self, url: str) -> tuple[Verdict, str]:
        health = self.context.config.health
        trace, headers = self._traced()
        answer = self.context.world.get(f"{url}{health.path}", headers, _ANSWER)
        return judge_answer(answer, health.expect, max_latency=health.max_latency), trace

    def _traced(self) -> tuple[str, dict[str, str]]:
        trace, span = self.context.world.hex_token(32), self.context.world.hex_token(16)
        return trace, {**self.headers, **trace_headers(trace, span)}

    def _until(
        self, ask: Callable[[], Verdict], within: float, rest: float, *settled: Outcome
    ) -> Verdict:
        """Ask again until the outcome is one of ``settled`` or the time is up.

        The pauses grow up to ``rest`` seconds.
        """
        world = self.context.world
        deadline = world.monotonic() + within
        asked, pause = 0, _PAUSE / 8
        while True:
            asked += 1
            verdict = ask()
            if verdict.outcome in settled or world.monotonic() >= deadline:
                return replace(verdict, sample=max(verdict.sample, asked))
            world.sleep(min(pause, max(deadline - world.monotonic(), 0.01)))
            pause = min(pause * 2, rest)
