"""Roll back: to the last revision this pipeline verified, then verified again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from pipeline.adapters.cloud_run import Change
from pipeline.context import Context
from pipeline.errors import (
    ChangedMeanwhile,
    NothingToRollBackTo,
    PipelineError,
    RollbackFailed,
    UsageError,
)
from pipeline.model import (
    Outcome,
    Revision,
    Service,
    Verdict,
    live_split,
    pinned,
    show_split,
    without_tag,
)
from pipeline.release.candidate import CANDIDATE, candidate_of, candidate_tag
from pipeline.release.history import (
    Release,
    not_restored,
    releases_of,
    rollback_targets,
    rolled_away,
)
from pipeline.release.lease import note_no_lease
from pipeline.steps.leasing import others_lease
from pipeline.steps.probing import LOG_PAUSE, Prober
from pipeline.steps.reading import add_its_log
from pipeline.steps.record import doubt, record

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_MAY_TAKE = 10.0  # seconds until the public URL answers well


def rollback(context: Context) -> None:
    """One write to traffic, then proof that the old revision serves and is healthy."""
    before = context.cloud_run.get()
    target = _target(context, before)
    revision = target.name
    context.report.stage("rollback", f"to {revision}, now {show_split(live_split(before))}")
    at_work = others_lease(context, before)
    if at_work is not None:
        context.report.warn(f"this ends the release under way: {at_work.who}")
    for warning in filter(None, (doubt(before, revision), *left_behind(before, target))):
        context.report.warn(warning)
    began = context.world.now()
    with context.report.timed(f"{revision} at 100 %"):
        service = _send_back(context, before, revision)
    prober = Prober.of(context, service)
    health, trace = prober.health(service.uri, _MAY_TAKE)
    verdicts = [health, prober.identity(trace, revision, began)]
    for verdict in verdicts:
        context.report.verdict(verdict)
    context.report.result(revision=revision, url=service.uri)
    bad = [one for one in verdicts if one.outcome is Outcome.FAIL]
    if bad or live_split(service) != {revision: 100}:
        error = _failed(service, bad)
        add_its_log(context, error, revision, began, LOG_PAUSE)
        error.remedy = "; ".join(_ways_on(context, before, service, revision)) or error.remedy
        raise error


def _failed(service: Service, bad: Sequence[Verdict]) -> RollbackFailed:
    return RollbackFailed(
        bad[0].evidence if bad else "Cloud Run did not take the split over",
        where=f"{service.name} serves {show_split(live_split(service))}",
        remedy="look at the revisions in the console, and choose one: "
        "`nox -s rollback -- --to REVISION`",
        lines=bad[0].lines if bad else (),
    )


def _ways_on(context: Context, before: Service, now: Service, revision: str) -> Iterator[str]:
    """Where to go from a revision that is not healthy: to what it was to replace, or further back.

    The person chooses, by what is known of each.
    """
    left = {name: share for name, share in live_split(before).items() if name != revision}
    if left:
        name = max(left, key=lambda one: left[one])
        known = record(context, before, name)
        yield f"`nox -s rollback -- --to {name}` returns to what it left: {known}"
    with suppress(PipelineError):
        way = way_back(context, now)
        if way is not None and way[0].revision not in left:
            yield (
                f"`nox -s rollback` goes further back, to {way[0].revision}, "
                f"verified {way[0].verified}"
            )


def _target(context: Context, service: Service) -> Revision:
    if context.options.to:
        return _named(context, service, context.options.to)
    way = way_back(context, service)
    if way is None:
        raise NothingToRollBackTo(
            "this pipeline has verified no revision before the one that serves, or it is gone",
            where=service.name,
            remedy=_suggestion(context, service),
        )
    return way[1]


def way_back(context: Context, service: Service) -> tuple[Release, Revision] | None:
    """Where a rollback goes: the first release that is still there and ready."""
    for release in rollback_targets(service, releases_of(service)):
        revision = context.cloud_run.revision(release.revision)
        if revision is not None and revision.ready:
            return release, revision
    return None


def ways_forward(context: Context, service: Service) -> Iterator[Release]:
    """The verified releases that a rollback left, and that are still there and ready."""
    for release in rolled_away(service):
        revision = context.cloud_run.revision(release.revision)
        if revision is not None and revision.ready:
            yield release


def left_behind(service: Service, target: Revision) -> Sequence[str]:
    """What a rollback to a revision does not restore, a sentence each."""
    return [
        f"{job.name} changed what rolling back does not restore: {job.execution} ended "
        f"{datetime.fromisoformat(job.ended):%Y-%m-%d %H:%M:%S} UTC, after {target.name} was made"
        for job in not_restored(service, target.name, target.created)
    ]


def _named(context: Context, service: Service, name: str) -> Revision:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a revision", where="--to", remedy="see `nox -s status`"
        )
    revision = context.cloud_run.revision(name)
    if revision is not None and revision.ready:
        return revision
    way = way_back(context, service)
    raise NothingToRollBackTo(
        f"{name} does not exist" if revision is None else f"{name} is not ready",
        where=service.name,
        remedy=f"`nox -s rollback` alone goes back to {way[0].revision}"
        if way
        else "look at the revisions in the console",
    )


def _suggestion(context: Context, service: Service) -> str:
    for left in ways_forward(context, service):
        return (
            f"`nox -s rollback -- --to {left.revision}` returns to what a rollback left, "
            f"verified {left.verified}"
        )
    candidate = candidate_of(service)
    before = ", ".join(candidate.before) if candidate else ""
    served = f" (before this release it served {before})" if before else ""
    return f"name one: `nox -s rollback -- --to REVISION`{served}"


def _send_back(context: Context, service: Service, revision: str) -> Service:
    """The service as a rollback leaves it. A change in between is read again, once."""
    try:
        return context.cloud_run.update(service, _back(service, revision))
    except ChangedMeanwhile:
        now = context.cloud_run.get()
        return context.cloud_run.update(now, _back(now, revision))


def _back(service: Service, revision: str) -> Change:
    keep = without_tag(service.traffic, candidate_tag(service))
    notes = {CANDIDATE: "", **note_no_lease()}
    return Change(traffic=pinned({revision: 100}, keep), notes=notes)
