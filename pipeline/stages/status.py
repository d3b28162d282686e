"""Status: what serves, since when, from which image and source; what a rollback would do."""

from __future__ import annotations

from pipeline.context import Context
from pipeline.model import Service, asked_split, live_split, show_split, tag_uri, unsettled
from pipeline.release.candidate import Candidate, candidate_of
from pipeline.release.history import releases_of
from pipeline.release.rejected import rejected_of
from pipeline.release.rollout import is_ours, share_of
from pipeline.stages.rollback import left_behind, way_back, ways_forward
from pipeline.steps.leasing import live_lease

_COMMIT = 40  # characters of git's name for it


def status(context: Context) -> None:
    """Read only; nothing is assumed, everything is asked."""
    service = context.cloud_run.get()
    context.report.stage("status", context.cloud_run.name)
    context.report.note(service.uri or "no URL yet: no revision was ever ready")
    for name, percent in live_split(service).items():
        context.report.step(f"{percent:3} %  {name}")
        _show_revision(context, name, _history(service, name))
    why = unsettled(service)
    if why:
        context.report.warn(why)
    if service.message and not service.ready:
        context.report.warn(f"Cloud Run says: {service.message}")
    _show_candidate(context, service, candidate_of(service))
    _show_work(context, service)
    for one in rejected_of(service):
        context.report.note(f"rejected {one.at}: {one.digest[:19]}, {one.revision}: {one.why}")
    _show_way_back(context, service)


def _show_work(context: Context, service: Service) -> None:
    """Who is at it, and what to do where nobody is any more."""
    at_work, candidate = live_lease(context, service), candidate_of(service)
    if at_work is not None:
        context.report.note(f"a release is under way: {at_work.who}, since {at_work.since}")
    if candidate is not None and candidate.paused:
        by = f"paused by {candidate.paused_by} at {candidate.paused}"
        context.report.warn(f"{by}: `nox -s shift -- --resume` goes on")
    elif candidate is None or at_work is not None:
        return
    elif not is_ours(candidate, service) and not candidate.is_first:
        asked = show_split(asked_split(service))
        context.report.warn(f"somebody else moved traffic since: it asks for {asked}")
    elif candidate.asked:
        stands = f"its shift stands at {share_of(candidate, service)} %, and nobody is at it"
        first = "" if candidate.is_verified else "`nox -s verify`, then "
        back = "closes it" if candidate.is_first else "takes it back"
        context.report.warn(
            f"{stands}: {first}`nox -s shift` goes on, `nox -s shift -- --abort` {back}"
        )


def _show_way_back(context: Context, service: Service) -> None:
    for left in ways_forward(context, service):
        context.report.note(
            f"`nox -s rollback -- --to {left.revision}` would return to what a rollback left, "
            f"verified {left.verified}"
        )
    way = way_back(context, service)
    if way is None:
        context.report.note("`nox -s rollback` has no earlier verified revision to go back to")
        return
    release, revision = way
    context.report.note(
        f"`nox -s rollback` would go back to {release.revision}, verified {release.verified}"
    )
    for warning in left_behind(service, revision):
        context.report.note(f"  {warning}")


def _history(service: Service, name: str) -> str:
    """What our notes on the service say about a revision."""
    candidate = candidate_of(service)
    if candidate is not None and candidate.revision == name:
        return f"the candidate, {_made_of(candidate.commit)}"
    for release in releases_of(service):
        if release.revision == name:
            return f"released {release.since}, {_made_of(release.commit)}"
    return "not released by this pipeline"


def _made_of(version: str) -> str:
    """A digest of the source is longer than git's; only a commit can be dirty."""
    if len(version) == _COMMIT or version.endswith("-dirty"):
        return f"commit {version}"
    return f"source {version or 'unknown'}"


def _show_revision(context: Context, name: str, history: str) -> None:
    revision = context.cloud_run.revision(name)
    context.report.note(history)
    if revision is not None:
        context.report.note(f"made {revision.created:%Y-%m-%d %H:%M:%S} UTC from {revision.image}")


def _show_candidate(context: Context, service: Service, candidate: Candidate | None) -> None:
    if candidate is None:
        context.report.note("no candidate")
        return
    verdict = candidate.verdict or "not judged yet"
    has = live_split(service).get(candidate.revision, 0)
    context.report.note(f"candidate {candidate.revision} at {has} %, {verdict}, {candidate.image}")
    if candidate.forced:
        context.report.note(f"  its image was rejected before, and forced: {candidate.forced}")
    for job in candidate.jobs:
        kind = "reversible" if job.reversible else "not reversible"
        context.report.note(f"  {job.name} ran for it, {kind}: {job.execution}")
    url = tag_uri(service, candidate.tag)
    if url:
        context.report.note(f"  {url}")
