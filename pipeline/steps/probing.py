"""Asking a deployed service, with one clock: until it answers well, or the time is up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.adapters.web import Answer
from pipeline.adapters.world import World
from pipeline.checks.cors import judge_cors, preflight_headers
from pipeline.checks.health import ASKS, judge_answer, judge_series
from pipeline.checks.identity import judge_identity, judge_word, trace_headers
from pipeline.context import Context
from pipeline.model import Outcome, Service, Verdict, concluded

LOG_LAG = 60.0
"""Seconds to wait for a log entry before its absence counts (API facts §8: 30 or more)."""

AGENT = "cloud-run-pipeline"
"""The user agent by which the request log tells our requests from those of users."""

LOG_PAUSE = 5.0
"""Seconds between two readings of the log: 60 a minute are allowed in a project."""

ANSWER = 10.0
"""Seconds that one answer may take."""

_PAUSE = 1.0  # seconds between two requests
_PREFLIGHT = 5.0  # seconds until a preflight request gets any answer
_TOKEN = 300.0  # seconds that an ID token is used; some are good for 10 minutes only
_SECOND_CHANCES = 3


@dataclass(frozen=True)
class Asked:
    """A request and what came of it; the request log knows it by its trace."""

    trace: str = ""
    answer: Answer = field(default_factory=Answer)


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
    def is_public(self) -> bool:
        return not self.audience

    @property
    def headers(self) -> Mapping[str, str]:
        """What lets a request in; made anew before it expires, for a step may take a day."""
        if self.audience and self.context.world.monotonic() >= self._until_when:
            self._until_when = self.context.world.monotonic() + _TOKEN
            self._token = self.context.id_tokens.header(self.audience)
        return self._token

    def health(self, url: str, within: float) -> tuple[Verdict, Asked]:
        """Judge the health document at ``url``: healthy within so many seconds, and then steadily.

        Returns the verdict and the last request.
        """
        first, asked = self.answers(url, within)
        if first.outcome is not Outcome.PASS:
            return first, asked
        health = self.context.config.health
        with self.context.report.waiting("whether it stays healthy"):
            warm = self._settling(url)
        latency = health.max_latency
        answers = [one.answer for one in warm]
        verdict = judge_series(asked.answer, answers, health.expect, max_latency=latency)
        return replace(verdict, sample=first.sample + len(warm)), (warm or [asked])[-1]

    def answers(self, url: str, within: float) -> tuple[Verdict, Asked]:
        """One good answer, asked for again for ``within`` seconds; and the last request."""
        asked = Asked()

        def ask() -> Verdict:
            nonlocal asked
            asked = self._ask(url)
            return self._judge(asked.answer)

        with self.context.report.waiting("until it is healthy"):
            return until(self.context.world, ask, within, _PAUSE, Outcome.PASS), asked

    def _settling(self, url: str) -> list[Asked]:
        """``health.probes`` requests over ``health.settle``; fewer where answers are slow."""
        health, world = self.context.config.health, self.context.world
        asked: list[Asked] = []
        until = world.monotonic() + health.settle + ANSWER
        while len(asked) < health.probes and world.monotonic() < until:
            world.sleep(health.settle / health.probes)
            asked.append(self._ask(url))
        return asked

    def steady(self, url: str) -> tuple[Verdict, Answer]:
        """Ask once more; one bad answer may be chance, a second among the next three is not.

        Returns the verdict, and the first answer for the time that it took.
        """
        answer = self._ask(url).answer
        first = self._judge(answer)
        if first.outcome is Outcome.PASS:
            return first, answer
        for asked in range(2, 2 + _SECOND_CHANCES):
            again = replace(self._judge(self._ask(url).answer), sample=asked)
            if again.outcome is not Outcome.PASS:
                break
        return again, answer

    def identity(self, asked: Asked, revision: str, since: datetime) -> Verdict:
        """Prove that ``revision`` answered: by what the answer says, or else by the request log."""
        where = self.context.config.health.revision
        if where:
            word = judge_word(asked.answer, where, revision)
            if word.outcome is not Outcome.INCONCLUSIVE:
                return word

        def ask() -> Verdict:
            return judge_identity(self.context.logs.of_trace(asked.trace, since), revision)

        with self.context.report.waiting("for the request log, to prove who answered"):
            return until(self.context.world, ask, LOG_LAG, LOG_PAUSE, Outcome.PASS, Outcome.FAIL)

    def cors(self, url: str) -> Verdict:
        """Ask as a browser does ahead of a request from each of ``cors.origins``."""
        cors = self.context.config.cors

        def ask() -> Verdict:
            return judge_cors({one: self._preflight(url + cors.path, one) for one in cors.origins})

        return concluded(
            until(self.context.world, ask, _PREFLIGHT, _PAUSE, Outcome.PASS, Outcome.FAIL)
        )

    def _preflight(self, url: str, origin: str) -> Answer:
        headers = {**self._traced()[1], **preflight_headers(origin)}
        return self.context.world.options(url, headers, ANSWER)

    def _ask(self, url: str) -> Asked:
        trace, headers = self._traced()
        path = self.context.config.health.path
        return Asked(trace, self.context.world.get(f"{url}{path}", {**headers, **ASKS}, ANSWER))

    def _judge(self, answer: Answer) -> Verdict:
        return judge_answer(answer, self.context.config.health.expect)

    def _traced(self) -> tuple[str, dict[str, str]]:
        trace, span = self.context.world.hex_token(32), self.context.world.hex_token(16)
        return trace, {**self.headers, **trace_headers(trace, span), "User-Agent": AGENT}


def until(
    world: World, ask: Callable[[], Verdict], within: float, rest: float, *settled: Outcome
) -> Verdict:
    """Ask again until the outcome is one of ``settled`` or ``within`` seconds are over.

    The pauses grow up to ``rest`` seconds.
    """
    deadline = world.monotonic() + within
    asked, pause = 0, _PAUSE / 8
    while True:
        asked += 1
        verdict = ask()
        if verdict.outcome in settled or world.monotonic() >= deadline:
            return replace(verdict, sample=max(verdict.sample, asked))
        world.sleep(min(pause, max(deadline - world.monotonic(), 0.01)))
        pause = min(pause * 2, rest)
