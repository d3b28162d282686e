"""Shift: give the verified candidate its traffic, step by step."""

from __future__ import annotations

from dataclasses import replace

from pipeline.adapters.cloud_run import Change
from pipeline.checks.revision import judge_tag
from pipeline.context import Context
from pipeline.errors import NoCandidate, NotVerified, UsageError
from pipeline.model import Outcome, Service, live_split, show_split
from pipeline.release.candidate import Candidate
from pipeline.release.history import note_released
from pipeline.release.lease import note_no_lease
from pipeline.release.rejected import note_accepted
from pipeline.release.rollout import (
    Course,
    Event,
    Finish,
    Give,
    Hold,
    Open,
    Watch,
    base_of,
    next_move,
)
from pipeline.steps import shifting, watching
from pipeline.steps.grip import Grip, paused, unpaused
from pipeline.steps.leasing import let_go_when_it_fails, must_be_free
from pipeline.steps.orders import abort, pause
from pipeline.steps.probing import LOG_PAUSE, Prober
from pipeline.steps.pruning import old_tags, prune
from pipeline.steps.reading import told_by_log
from pipeline.steps.standing import candidate_url, settled, the_candidate
from pipeline.steps.undo import undone


def shift(context: Context) -> None:
    """Shift to each step of ``traffic.steps``; a failure restores the split from before."""
    steps, options = _steps(context), context.options
    is_order = options.pause or options.abort
    service = context.cloud_run.get() if is_order else settled(context)
    candidate = the_candidate(service)
    context.report.stage("shift", f"{candidate.revision}, now {show_split(live_split(service))}")
    if is_order:
        order = pause if options.pause else abort
        order(context, service, candidate)
    else:
        _shift(context, service, candidate, steps)


def _steps(context: Context) -> tuple[int, ...]:
    """The steps of pipeline.yaml, or the one that was asked for. Raises UsageError."""
    text = context.options.to
    if not text:
        return context.config.traffic.steps
    percent = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 1 <= percent <= 100:
        what = f"{text!r} is no percentage from 1 to 100"
        raise UsageError(what, where="--to", remedy="such as `--to 25`")
    if context.options.pause or context.options.abort:
        what = "--to goes with neither --pause nor --abort"
        raise UsageError(what, where="--to", remedy="give one order at a time")
    return (percent,)


def _shift(
    context: Context, service: Service, candidate: Candidate, steps: tuple[int, ...]
) -> None:
    _must_be_ready(context, service, candidate, steps)
    prober = Prober.of(context, service)
    may_open = context.config.run.allow_unauthenticated and not prober.is_public
    course = _course(context, service, unpaused(candidate), steps, opens=may_open)
    grip = Grip(context, service, course, prober)
    told = told_by_log(context, candidate, LOG_PAUSE)
    proved = shifting.proved(context, course, grip)
    with told, proved, undone(context, course.base, shifting.restored(context, course, grip)):
        end = _climb(context, course, grip)
    with let_go_when_it_fails(context):
        if isinstance(end, Finish):
            _finish(context, course.candidate, grip)
        else:
            _hold(context, grip)


def _must_be_ready(
    context: Context, service: Service, candidate: Candidate, steps: tuple[int, ...]
) -> None:
    must_be_free(context, service)
    wanted = context.options.candidate
    if wanted and wanted != candidate.revision:
        what = f"{wanted} was approved, but by now the candidate is {candidate.revision}"
        remedy = "look with `nox -s status`, then approve that one"
        raise NoCandidate(what, where=service.name, remedy=remedy)
    if candidate.is_first and steps[-1] < 100:
        what = f"{candidate.revision} is the first: it has all traffic, and there is nobody else"
        raise UsageError(what, where="--to", remedy="leave --to away")
    if not candidate.is_verified:
        judged = f"its verdict is {candidate.verdict}" if candidate.verdict else "nobody judged it"
        raise NotVerified(
            f"{candidate.revision} is not verified: {judged}",
            where=service.name,
            remedy="run `nox -s verify`",
        )
    if candidate.paused and not context.options.resume:
        paused(service, candidate)
    live = live_split(service)
    if candidate.is_first and live != {candidate.revision: 100}:
        raise NoCandidate(
            f"{candidate.revision} was to be the first, but by now it serves {show_split(live)}",
            where=service.name,
            remedy="run `nox -s deploy` for a new candidate",
        )
    candidate_url(service, candidate)
    moved = judge_tag(service, candidate)
    if moved.outcome is not Outcome.PASS:
        remedy = "run `nox -s deploy` for a new candidate"
        raise NoCandidate(moved.evidence, where=service.name, remedy=remedy)


def _course(
    context: Context,
    service: Service,
    candidate: Candidate,
    steps: tuple[int, ...],
    *,
    opens: bool,
) -> Course:
    traffic = context.config.traffic
    return Course(
        candidate=replace(candidate, before=base_of(candidate, service)),
        steps=steps,
        step_time=traffic.step_time,
        watch=traffic.watch,
        opens=opens,
    )


def _climb(context: Context, course: Course, grip: Grip) -> Hold | Finish:
    """One move after the other, each from what the service then serves."""
    others = tuple(course.base)
    watch = watching.Watch(context, course.candidate, course.steps, others, grip.look)
    shifting.must_pass(course, grip, watch.begin())
    event = Event.BEGAN
    while True:
        move = next_move(course, grip.service, event)
        match move:
            case Give(split):
                shifting.give(context, course, grip, split)
                event = Event.GIVEN
            case Open():
                shifting.let_in(context, course, grip)
                event = Event.OPENED
            case Watch(seconds):
                shifting.watched(context, course, grip, watch, seconds)
                event = Event.WELL
            case Hold() | Finish():
                for verdict in watch.verdicts:
                    context.report.verdict(verdict)
                return move


def _finish(context: Context, candidate: Candidate, grip: Grip) -> None:
    """Write the release down and take the tag away; it has served its purpose."""
    service = grip.service
    notes = {
        **note_released(service, candidate, context.now()),
        **note_accepted(service, candidate.image),
        **note_no_lease(),
    }
    done = grip.write(Change(traffic=old_tags(context, service, candidate), notes=notes))
    context.report.step(f"serves {show_split(live_split(done))}")
    prune(context, done)
    context.report.note(done.uri)
    context.report.note("undo with: nox -s rollback")
    context.report.result(revision=candidate.revision, url=done.uri, undo="nox -s rollback")


def _hold(context: Context, grip: Grip) -> None:
    service = grip.write(Change(notes=note_no_lease()))
    context.report.step(f"stays at {show_split(live_split(service))}, as --to says")
    context.report.note("`nox -s shift` goes on, `nox -s shift -- --abort` takes it back")
