"""Reading the log of a revision: once and whole, or what is new in it, again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.adapters.logging import CLOCKS, FULL, Entry
from pipeline.checks.exits import judge_exits
from pipeline.checks.lines import folded, judge_lines, written
from pipeline.checks.startup import judge_startup, tells_of_a_start
from pipeline.context import Context
from pipeline.errors import PipelineError, ShiftFailed, VerifyFailed, VerifyInconclusive
from pipeline.model import Outcome, Verdict, concluded
from pipeline.release.candidate import Candidate
from pipeline.steps.probing import LOG_LAG, LOG_PAUSE, Asked, until

_AFTERWARDS = 1.0
"""Seconds until what the last probe did to its container may be seen in the log, too."""

_DATED_BY_GOOGLE = ("requests", "varlog/system")

_OVERLAP = timedelta(seconds=LOG_LAG)
"""By how much later an entry may come than others of its time."""


def judged_log(context: Context, asked: Asked, revision: str, since: datetime) -> Sequence[Verdict]:
    """The revision's log: its lines, how it started, whether it ended.

    It is read until it has come as far as the request that was ``asked`` and has what it must
    have, or the time is up: what is absent may still come.
    """
    startup, entries = context.config.startup, list[Entry]()

    def judge() -> Verdict:
        return judge_lines(written(entries), startup.required_logs, startup.forbidden_logs)

    def read() -> Verdict:
        entries[:] = context.logs.of_revision(revision, since)
        is_behind = not any(one.trace.endswith(asked.trace) for one in entries)
        lines = judge()
        waits = is_behind and lines.outcome is Outcome.PASS
        return replace(lines, outcome=Outcome.INCONCLUSIVE) if waits else lines

    with context.report.waiting("for its log"):
        until(context.world, read, LOG_LAG, LOG_PAUSE, Outcome.PASS, Outcome.FAIL)
        context.world.sleep(_AFTERWARDS)
        read()
    lines = _final(judge(), entries)
    started = judge_startup(entries, startup.listen_within)
    return [lines, started, judge_exits(entries, len(entries))]


def _final(lines: Verdict, entries: Sequence[Entry]) -> Verdict:
    """The verdict on the lines when no more will come.

    What is absent from a log without its beginning may have been there.
    """
    if not entries:
        return replace(lines, outcome=Outcome.INCONCLUSIVE, evidence="its log is empty")
    is_whole = len(entries) < FULL and tells_of_a_start(entries)
    if is_whole or lines.outcome is not Outcome.INCONCLUSIVE:
        return concluded(lines)
    return replace(lines, evidence=f"{lines.evidence}, and the beginning of its log is gone")


@contextmanager
def told_by_log(context: Context, candidate: Candidate, lag: float = 0.0) -> Iterator[None]:
    """Add to a failure all else that the candidate wrote: a check says what, output says why.

    What had to be undone is undone by then. Entries of just now come after ``lag`` seconds.
    """
    try:
        yield
    except (ShiftFailed, VerifyFailed, VerifyInconclusive) as error:
        created = datetime.fromisoformat(candidate.created)
        add_its_log(context, error, candidate.revision, created, lag)
        raise


def add_its_log(
    context: Context, error: PipelineError, revision: str, since: datetime, lag: float
) -> None:
    """Add to an error what a revision wrote since then, where its log can be read."""
    with suppress(PipelineError), context.report.waiting("for the last lines of its log"):
        context.world.sleep(lag)
        entries = context.logs.of_revision(revision, since)
        texts = (one.text for one in entries if one.log != "requests")
        shown = set(error.lines)
        error.lines = (*error.lines, *folded(text for text in texts if text not in shown))


class Tail:
    """What is new in a revision's log; at the first reading all of it, from ``since`` on.

    Each reading begins a little before the newest entry of the one before, by Google's clock, and
    leaves out what that one had.
    """

    def __init__(self, context: Context, revision: str, since: datetime) -> None:
        self._context = context
        self._revision = revision
        self._since = since - CLOCKS
        self._seen: frozenset[tuple[datetime, str]] = frozenset()
        self._zero = self._ours(context.world.now()) - CLOCKS

    def read(self, others: Sequence[str] = ()) -> list[Entry]:
        """The new entries, oldest first, and new requests to ``others``; of many the newest."""
        entries = self._context.logs.newest(self._revision, self._since, others)
        dated = (self._ours(one.at) for one in entries if one.log in _DATED_BY_GOOGLE)
        self._zero = max((self._zero, *dated))
        new = [one for one in reversed(entries) if (one.at, one.id) not in self._seen]
        self._seen = frozenset((one.at, one.id) for one in entries)
        # A container may date its lines as it likes: our own clock bounds them.
        newest = max((one.at for one in entries), default=self._since)
        newest = min(newest, self._context.world.now())
        self._since = max(self._since, newest - _OVERLAP)
        return new

    def time(self, moment: float) -> datetime:
        """What the log's clock said at a moment of our monotonic one, by the newest entry read.

        Earlier by as long as an entry needs until it can be read.
        """
        return self._zero + timedelta(seconds=moment)

    def _ours(self, at: datetime) -> datetime:
        """When our monotonic clock was at zero, were it that time now."""
        return at - timedelta(seconds=self._context.world.monotonic())
