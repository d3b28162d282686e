"""Shift: give the verified candidate its traffic, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import NoCandidate, NotVerified, ServiceBusy, ShiftFailed
from pipeline.model import (
    Outcome,
    Service,
    Split,
    Verdict,
    asked_split,
    live_split,
    pinned,
    show_split,
    step,
    unsettled,
    without_tag,
)
from pipeline.release.candidate import Candidate, candidate_of, note_verdict
from pipeline.release.history import note_released
from pipeline.stages.verify import candidate_url, the_candidate
from pipeline.steps.probing import LOG_PAUSE, Prober
from pipeline.steps.reading import told_by_log
from pipeline.steps.standing import must_be_ours
from pipeline.steps.undo import Mend, undone
from pipeline.steps.watching import Watch

_MAY_TAKE = 10.0  # seconds until the public URL answers well after a change
_MAY_OPEN = 120.0  # seconds until an opened service lets everybody in (API facts §5)

Plan = Sequence[Split]


def shift(context: Context) -> None:
    """Shift to each step of ``traffic.steps``; a failure restores the split from before."""
    service = context.cloud_run.get()
    candidate = the_candidate(service)
    context.report.stage("shift", f"{candidate.revision}, now {show_split(live_split(service))}")
    _must_be_ready(service, candidate)
    plan = _plan(service, candidate, context.config.traffic.steps)
    watch, restored = Watch(context, candidate), _restored(context, service, candidate, plan)
    told = told_by_log(context, candidate, LOG_PAUSE)
    with told, undone(context, service, restored):
        shifted = _climb(context, service, candidate, plan, watch)
        _open(context, shifted, candidate)
        _watched(context, shifted, candidate, watch, context.config.traffic.watch)
    for verdict in watch.verdicts:
        context.report.verdict(verdict)
    _finish(context, shifted, candidate)


def _must_be_ready(service: Service, candidate: Candidate) -> None:
    if not candidate.is_verified:
        judged = f"its verdict is {candidate.verdict}" if candidate.verdict else "nobody judged it"
        raise NotVerified(
            f"{candidate.revision} is not verified: {judged}",
            where=service.name,
            remedy="run `nox -s verify`",
        )
    why = unsettled(service)
    if why:
        raise ServiceBusy(
            why, where=service.name, remedy="look with `nox -s status`; `nox -s rollback` mends it"
        )
    live = live_split(service)
    if candidate.is_first and live != {candidate.revision: 100}:
        raise NoCandidate(
            f"{candidate.revision} was to be the first, but by now it serves {show_split(live)}",
            where=service.name,
            remedy="run `nox -s deploy` for a new candidate",
        )
    candidate_url(service, candidate)


def _plan(service: Service, candidate: Candidate, steps: Sequence[int]) -> Plan:
    """The splits to ask for: each step above what the candidate has, at least the last.

    All by revision name: from here on nothing but a shift or a rollback moves traffic.
    """
    live = live_split(service)
    above = [one for one in steps if one > live.get(candidate.revision, 0)] or [100]
    return [step(live, candidate.revision, percent) for percent in above]


def _restored(context: Context, service: Service, candidate: Candidate, plan: Plan) -> Mend:
    """The split from before, as long as what is asked for is ours and nobody took over.

    The candidate then counts as failed; a first one, which users never met, is only left private.
    """
    before = live_split(service)

    def mend(seen: Service) -> Change | None:
        noted = candidate_of(seen)
        if noted is None or noted.revision != candidate.revision:
            return None
        if asked_split(seen) not in (before, *plan):
            return None
        failed = note_verdict(candidate, Outcome.FAIL, context.now())
        notes = None if candidate.is_first else failed
        return Change(traffic=pinned(before, seen.traffic), notes=notes)

    return mend


def _climb(
    context: Context, service: Service, candidate: Candidate, plan: Plan, watch: Watch
) -> Service:
    """One write for each split of the plan, judged before the next."""
    _must_pass(context, service, candidate, watch.begin())
    for split in plan:
        percent = split[candidate.revision]
        wanted = pinned(split, service.traffic)
        with context.report.timed(f"{candidate.revision} at {percent} %"):
            service = context.cloud_run.update(service, Change(traffic=wanted))
        serves = live_split(service)
        if serves != split:
            raise ShiftFailed(
                f"asked for {show_split(split)}, but it serves {show_split(serves)}",
                where=service.name,
                remedy="see what the service says: `nox -s status`",
            )
        _must_answer(context, service, candidate, _MAY_TAKE)
        if percent < 100:
            _watched(context, service, candidate, watch, context.config.traffic.step_time)
    return service


def _urls(service: Service, candidate: Candidate) -> Sequence[str]:
    """The public URL, and the candidate's own: at a small step few requests meet the candidate."""
    return tuple(dict.fromkeys([service.uri, candidate_url(service, candidate)]))


def _must_answer(context: Context, service: Service, candidate: Candidate, within: float) -> None:
    """Each URL answers well ``within`` seconds."""
    prober = Prober.of(context, service)
    for url in _urls(service, candidate):
        verdict, _ = prober.answers(url, within)
        told = replace(verdict, evidence=f"{verdict.evidence} ({url})")
        _must_pass(context, service, candidate, told)


def _watched(
    context: Context, service: Service, candidate: Candidate, watch: Watch, seconds: float
) -> None:
    """Users are on it, and nothing fails for so many seconds."""
    if not seconds:
        return
    prober, urls = Prober.of(context, service), _urls(service, candidate)
    with context.report.waiting(f"until it was watched for {seconds:g} s"):
        _must_pass(context, service, candidate, watch.during(prober, urls, seconds))
    context.report.step(f"it does well, watched for {seconds:g} s")


def _must_pass(
    context: Context, service: Service, candidate: Candidate, verdict: Verdict | None
) -> None:
    """A failure is the candidate's own only while the service is as this shift made it."""
    if verdict is not None and verdict.outcome is not Outcome.PASS:
        must_be_ours(context, service, candidate.tag, verdict)
        raise ShiftFailed(
            f"{verdict.check}: {verdict.evidence}",
            where=f"{service.name}, revision {candidate.revision}",
            remedy="mend it and `nox -s deploy` again",
            lines=verdict.lines,
        )


def _open(context: Context, service: Service, candidate: Candidate) -> None:
    """Let everybody in, where pipeline.yaml says so; never before the candidate was verified."""
    if context.config.run.allow_unauthenticated and not context.cloud_run.is_public(service):
        context.cloud_run.make_public()
        context.report.step("opened to everybody, as run.allow_unauthenticated says")
        _must_answer(context, service, candidate, _MAY_OPEN)


def _finish(context: Context, service: Service, candidate: Candidate) -> None:
    """Write the release down and take the tag away; it has served its purpose."""
    traffic = without_tag(service.traffic, candidate.tag)
    notes = note_released(service, candidate, context.now())
    done = context.cloud_run.update(service, Change(traffic=traffic, notes=notes))
    context.report.step(f"serves {show_split(live_split(done))}")
    context.report.note(done.uri)
    context.report.note("undo with: nox -s rollback")
