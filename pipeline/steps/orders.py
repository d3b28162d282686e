"""What a person orders while a shift is under way, on this machine or on another."""

from __future__ import annotations

from dataclasses import replace

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import ChangedMeanwhile
from pipeline.model import (
    Outcome,
    Service,
    asked_split,
    live_split,
    pinned,
    show_split,
    without_tag,
)
from pipeline.release.candidate import CANDIDATE, Candidate, note_candidate
from pipeline.release.lease import note_no_lease
from pipeline.release.rollout import is_ours
from pipeline.steps.grip import unpaused


def pause(context: Context, service: Service, candidate: Candidate) -> None:
    """Note it on the service; the shift under way sees it within half a minute, and stops."""
    by = context.holder.who
    noted = replace(candidate, paused=context.now(), paused_by=by)
    done = context.cloud_run.update(
        service, Change(notes={**note_candidate(noted), **note_no_lease()})
    )
    context.report.step(f"paused; it serves {show_split(live_split(done))}")
    context.report.note("`nox -s shift -- --resume` goes on")


def abort(context: Context, service: Service, candidate: Candidate) -> None:
    """One write: the split from before the release, and no candidate any more."""
    if not is_ours(candidate, service):
        raise ChangedMeanwhile(
            f"it asks for {show_split(asked_split(service))}, which is no step of this release",
            where=service.name,
            remedy="choose what is to serve: `nox -s rollback -- --to REVISION`",
        )
    if candidate.is_first:
        _close(context, service, candidate)
        return
    traffic = pinned(candidate.before, without_tag(service.traffic, candidate.tag))
    notes = {CANDIDATE: "", **note_no_lease()}
    done = context.cloud_run.update(service, Change(traffic=traffic, notes=notes))
    context.report.step(f"aborted; it serves {show_split(live_split(done))}")


def _close(context: Context, service: Service, candidate: Candidate) -> None:
    """Nothing served before a first one: nobody is let in, and the next one is a first again."""
    if context.cloud_run.is_public(service):
        context.cloud_run.make_private()
    failed = replace(
        unpaused(candidate), verdict=Outcome.FAIL.value, verified=context.now(), asked={}
    )
    context.cloud_run.update(service, Change(notes={**note_candidate(failed), **note_no_lease()}))
    context.report.step("aborted; nothing served before it, so it is private: nobody is let in")
