"""Status: what serves, since when, from which image and commit; what a rollback would do."""

from __future__ import annotations

from pipeline.context import Context
from pipeline.model import Service, live_split, unsettled
from pipeline.release import Candidate, candidate_of, releases_of, rollback_target


def status(context: Context) -> None:
    """Read only; nothing is assumed, everything is asked."""
    service = context.cloud_run.get()
    report = context.report
    report.stage("status", context.cloud_run.name)
    report.note(service.uri or "no URL yet: no revision was ever ready")
    candidate = candidate_of(service)
    commits = {release.revision: release.commit for release in releases_of(service)}
    if candidate is not None:
        commits[candidate.revision] = candidate.commit
    for name, percent in live_split(service).items():
        revision = context.cloud_run.revision(name)
        report.step(f"{percent:3} %  {name}  commit {commits.get(name, '')[:12] or 'unknown'}")
        if revision is not None:
            report.note(f"since {revision.created:%Y-%m-%d %H:%M:%S %Z}  {revision.image}")
    why = unsettled(service)
    if why:
        report.warn(why)
    _show_candidate(context, service, candidate)
    target = rollback_target(service, releases_of(service))
    report.note(
        f"`nox -s rollback` would go back to {target.revision}, verified {target.verified}"
        if target
        else "`nox -s rollback` has no verified revision to go back to"
    )


def _show_candidate(context: Context, service: Service, candidate: Candidate | None) -> None:
    if candidate is None:
        context.report.note("no candidate")
        return
    verdict = candidate.verdict or "not judged yet"
    has = live_split(service).get(candidate.revision, 0)
    context.report.note(f"candidate {candidate.revision} at {has} %, {verdict}, {candidate.image}")
    for target in service.serving:
        if target.tag == candidate.tag:
            context.report.note(f"  {target.uri}")
