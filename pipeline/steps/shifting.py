"""The moves of a shift, carried out; what fails is undone as far as it is ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import PipelineError, ShiftFailed
from pipeline.model import Outcome, Service, Split, Verdict, live_split, pinned, show_split
from pipeline.release.candidate import Candidate, note_candidate
from pipeline.release.history import has_served
from pipeline.release.lease import note_no_lease
from pipeline.release.rejected import note_rejected
from pipeline.release.rollout import Course, share_of, taken_back
from pipeline.steps.grip import Grip
from pipeline.steps.leasing import STEP, leased, others_lease
from pipeline.steps.probing import Prober
from pipeline.steps.standing import candidate_url
from pipeline.steps.undo import Mend, is_in_effect, was_answered
from pipeline.steps.watching import Watch

_MAY_TAKE = 10.0  # seconds until the public URL answers well after a change
_CLOSED = (401, 403)  # what Google answers for a service that is still private
_MAY_OPEN = 120.0  # seconds until an opened service lets everybody in (API facts §5)


def give(context: Context, course: Course, grip: Grip, split: Split) -> None:
    """One write: the whole split by name, the lease, and where an undo goes back to."""
    revision = course.candidate.revision
    asking = replace(course.candidate, asked=dict(split))
    notes = {**note_candidate(asking), **leased(context, grip.service, STEP)}
    change = Change(traffic=pinned(split, grip.service.traffic), notes=notes)
    with context.report.timed(f"{revision} at {split[revision]} %"):
        service = grip.write(change, split)
    if live_split(service) != split:
        raise ShiftFailed(
            f"asked for {show_split(split)}, but it serves {show_split(live_split(service))}",
            where=service.name,
            remedy="see what the service says: `nox -s status`",
        )
    _must_answer(course, grip, _MAY_TAKE)


def let_in(context: Context, course: Course, grip: Grip) -> None:
    """Everybody, where pipeline.yaml says so; never before the candidate was verified."""
    grip.opened = True
    context.cloud_run.make_public()
    context.report.step("opened to everybody, as run.allow_unauthenticated says")
    grip.prober = Prober(context)
    verdict, asked = grip.prober.answers(grip.service.uri, _MAY_OPEN)
    if asked.answer.status in _CLOSED:
        raise _failed(course, grip, verdict)
    must_pass(course, grip, verdict)


def watched(context: Context, course: Course, grip: Grip, watch: Watch, seconds: float) -> None:
    """Users are on it, and nothing fails for so many seconds."""
    if not seconds:
        return
    urls, split = _urls(grip.service, course.candidate), live_split(grip.service)
    with context.report.waiting(f"until it was watched for {seconds:g} s"):
        must_pass(course, grip, watch.during(grip.prober, urls, seconds, split))
    context.report.step(f"watched for {seconds:g} s, and nothing failed")


def must_pass(course: Course, grip: Grip, verdict: Verdict | None) -> None:
    """A failure is the candidate's own only while the service is as this shift made it."""
    if verdict is not None and verdict.outcome is not Outcome.PASS:
        failure = _failed(course, grip, verdict)
        grip.failed = True
        raise failure


def _failed(course: Course, grip: Grip, verdict: Verdict) -> ShiftFailed:
    """The failure that a verdict is; raises what somebody else did to the service instead."""
    found = f"{verdict.check}: {verdict.evidence}"
    grip.check(found)
    return ShiftFailed(
        found,
        where=f"{grip.service.name}, revision {course.candidate.revision}",
        remedy="mend it and `nox -s deploy` again",
        lines=verdict.lines,
    )


def restored(context: Context, course: Course, grip: Grip) -> Mend:
    """The split from before the release, as long as what is asked for is ours.

    A candidate that failed counts as failed, and its image as rejected, unless that served well
    before: then it is not the image. An interrupt, or what Cloud Run did not do, rejects nothing.
    """
    candidate = replace(course.candidate, asked={})

    def mend(seen: Service, first: BaseException) -> Change | str:
        traffic = taken_back(course, seen, (course.base, grip.asked, grip.asking))
        if traffic is None or others_lease(context, seen) is not None:
            return "somebody else changed it meanwhile, so it is left alone"
        notes = {**note_candidate(candidate), **note_no_lease()}
        if grip.failed and isinstance(first, ShiftFailed):
            failed = replace(candidate, verdict=Outcome.FAIL.value, verified=context.now())
            notes |= note_candidate(failed)
            if not has_served(seen, candidate.image):
                rejected = (candidate.image, candidate.revision, context.now(), first.what)
                notes |= note_rejected(seen, *rejected)
        elif was_answered(first) and traffic == seen.traffic and is_in_effect(seen):
            return "nothing was changed"
        return Change(traffic=traffic, notes=notes)

    return mend


@contextmanager
def proved(context: Context, course: Course, grip: Grip) -> Iterator[None]:
    """After an undo: close what was opened, and see whether what serves again is healthy.

    Trouble with that hides nothing of the first failure.
    """
    try:
        yield
    except (ShiftFailed, KeyboardInterrupt) as first:
        try:
            if grip.opened:
                _close(context, grip, first)
            if course.base and isinstance(first, ShiftFailed):
                _prove(context, grip, first)
        except PipelineError as error:
            first.add_note(f"what serves again could not be looked at: {error.what}")
        raise


def _close(context: Context, grip: Grip, first: BaseException) -> None:
    in_a_hurry = isinstance(first, KeyboardInterrupt)
    cloud_run = context.cloud_run.hurried() if in_a_hurry else context.cloud_run
    cloud_run.make_private()
    grip.prober = Prober(context, grip.service.uri)
    context.report.step("private again, as it was before")


def _prove(context: Context, grip: Grip, first: ShiftFailed) -> None:
    verdict, _ = grip.prober.answers(grip.service.uri, _MAY_TAKE)
    context.report.verdict(replace(verdict, check="health after the undo"))
    if verdict.outcome is not Outcome.PASS:
        first.add_note(f"what serves again is not healthy either: {verdict.evidence}")


def _must_answer(course: Course, grip: Grip, within: float) -> None:
    """Each URL answers well ``within`` seconds; at a part of the traffic the candidate's own.

    What served before may be the very fault that this release mends.
    """
    own = candidate_url(grip.service, course.candidate)
    is_whole = share_of(course.candidate, grip.service) == 100
    for url in _urls(grip.service, course.candidate) if is_whole else (own,):
        verdict, _ = grip.prober.answers(url, within)
        must_pass(course, grip, replace(verdict, evidence=f"{verdict.evidence} ({url})"))


def _urls(service: Service, candidate: Candidate) -> Sequence[str]:
    """The public URL, and the candidate's own: at a small step few requests meet the candidate."""
    return tuple(dict.fromkeys([service.uri, candidate_url(service, candidate)]))
