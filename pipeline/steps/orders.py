"""What a person orders while a shift is under way, on this machine or on another."""

from __future__ import annotations

from dataclasses import replace

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import ChangedMeanwhile, NothingToRollBackTo
from pipeline.model import Service, asked_split, live_split, pinned, show_split, without_tag
from pipeline.release.candidate import CANDIDATE, Candidate, note_candidate
from pipeline.release.lease import note_no_lease
from pipeline.release.rollout import is_ours


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
    if candidate.is_first:
        raise NothingToRollBackTo(
            f"{candidate.revision} is the first revision: nothing served before it",
            where=service.name,
            remedy="close the service in the console, or mend it and `nox -s deploy`",
        )
    if not is_ours(candidate, service):
        raise ChangedMeanwhile(
            f"it asks for {show_split(asked_split(service))}, which is no step of this release",
            where=service.name,
            remedy="choose what is to serve: `nox -s rollback -- --to REVISION`",
        )
    traffic = pinned(candidate.before, without_tag(service.traffic, candidate.tag))
    notes = {CANDIDATE: "", **note_no_lease()}
    done = context.cloud_run.update(service, Change(traffic=traffic, notes=notes))
    context.report.step(f"aborted; it serves {show_split(live_split(done))}")
