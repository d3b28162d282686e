"""Shift: give the verified candidate its traffic, step by step."""

from __future__ import annotations

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import NotVerified, ServiceBusy, ShiftFailed
from pipeline.model import (
    Outcome,
    Service,
    Verdict,
    live_split,
    pinned,
    show_split,
    step,
    unsettled,
    without_tag,
)
from pipeline.release import Candidate, note_released, note_verdict
from pipeline.stages.probing import Prober
from pipeline.stages.undo import undone
from pipeline.stages.verify import candidate_url, the_candidate

_PROBE_EVERY = 2.0  # seconds
_MAY_TAKE = 10.0  # seconds until the public URL answers well after a change


def shift(context: Context) -> None:
    """Shift to each step of ``traffic.steps``; a failure restores the split from before."""
    service = context.cloud_run.get()
    candidate = the_candidate(service)
    context.report.stage("shift", f"{candidate.revision}, now {show_split(live_split(service))}")
    _must_be_ready(service, candidate)
    if candidate.is_first:
        service = _open(context, service)
        _must_answer(context, service, candidate, 0.0)
    else:
        failed = note_verdict(candidate, Outcome.FAIL, context.world.now().isoformat())
        with undone(context, pinned(live_split(service), service.traffic), failed):
            service = _climb(context, service, candidate)
            service = _open(context, service)
    _finish(context, service, candidate)


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


def _climb(context: Context, service: Service, candidate: Candidate) -> Service:
    """One write for each step that is still above what the candidate has."""
    traffic = context.config.traffic
    has = live_split(service).get(candidate.revision, 0)
    for percent in (one for one in traffic.steps if one > has):
        split = step(live_split(service), candidate.revision, percent)
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
        _must_answer(context, service, candidate, traffic.step_time if percent < 100 else 0.0)
    return service


def _must_answer(context: Context, service: Service, candidate: Candidate, seconds: float) -> None:
    """The public URL and the candidate's own answer well, now and for ``seconds``.

    At a small step few requests meet the candidate: its own URL is what tells.
    """
    world = context.world
    prober = Prober.of(context, service)
    urls = {service.uri, candidate_url(service, candidate)}
    until = world.monotonic() + seconds
    for url in urls:
        _must_pass(service, url, prober.health(url, _MAY_TAKE)[0])
    rounds = 1
    while (left := until - world.monotonic()) > 0:
        world.sleep(min(_PROBE_EVERY, left))
        for url in urls:
            _must_pass(service, url, prober.steady(url))
        rounds += 1
    context.report.step(f"it answers well, asked {rounds} times")


def _must_pass(service: Service, url: str, verdict: Verdict) -> None:
    if verdict.outcome is not Outcome.PASS:
        raise ShiftFailed(
            f"{url} does not answer well: {verdict.evidence}",
            where=service.name,
            remedy="mend it and `nox -s deploy` again",
            lines=verdict.lines,
        )


def _open(context: Context, service: Service) -> Service:
    """Let everybody in, where pipeline.yaml says so; never before the candidate was verified."""
    if context.config.run.allow_unauthenticated and not context.cloud_run.is_public(service):
        context.cloud_run.make_public()
        context.report.step("opened to everybody, as run.allow_unauthenticated says")
    return service


def _finish(context: Context, service: Service, candidate: Candidate) -> None:
    """Write the release down and take the tag away; it has served its purpose."""
    traffic = without_tag(service.traffic, candidate.tag)
    now = context.world.now().isoformat(timespec="seconds")
    notes = note_released(service, candidate, now)
    change = Change(traffic=None if candidate.is_first else traffic, notes=notes)
    done = context.cloud_run.update(service, change)
    context.report.step(f"serves {show_split(live_split(done))}")
    context.report.note(done.uri)
    context.report.note("undo with: nox -s rollback")
