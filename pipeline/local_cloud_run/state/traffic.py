"""Traffic: what was asked, what it resolves to, and which revision a request goes to (§3)."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.resources import Revision, Routed, Service, State, Target
from pipeline.local_cloud_run.values import Json, Refusal, RevisionKey, Site, StartFailure

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
_REACHABLE = ("", "INGRESS_TRAFFIC_UNSPECIFIED", "INGRESS_TRAFFIC_ALL")


@dataclass(frozen=True)
class Waiting:
    """Some revision that the split needs has not started yet."""


@dataclass(frozen=True)
class Blocked:
    """Some revision that the split needs did not start, and never will."""

    failure: StartFailure


Outcome = tuple[Routed, ...] | Waiting | Blocked


def targets(spec: Json) -> tuple[Target, ...]:
    """The asked targets of a specification."""
    return tuple(
        Target(
            None if target.get("type") == LATEST else target.get("revision", ""),
            target.get("percent", 0),
            target.get("tag", ""),
        )
        for target in spec.get("traffic", ())
    )


def resolve(service: Service) -> Outcome:
    """The asked split by revision; or why it cannot be had now, or at all.

    The update that made a revision moves no traffic before that revision is ready, so that an
    update which fails changes nothing.
    """
    asked = targets(service.spec)
    newest = service.revisions.get(service.latest_created)
    needed = [_needed(service, target) for target in asked]
    if newest is not None and newest.generation == service.generation:
        needed.append(newest)
    for revision in needed:
        if revision is None:
            return Blocked(StartFailure(_gone(service, asked), "REVISION_FAILED"))
        if revision.failure is not None:
            why = texts.revision_not_ready(revision.key.revision, revision.failure.message)
            return Blocked(StartFailure(why, revision.failure.reason, revision.failure.code))
    if any(revision.pending for revision in needed if revision is not None):
        return Waiting()
    return tuple(Routed(target, target.revision or service.latest_ready) for target in asked)


def _needed(service: Service, target: Target) -> Revision | None:
    """The revision a target stands or falls with: for LATEST, the latest created one."""
    return service.revisions.get(target.revision or service.latest_created)


def _gone(service: Service, asked: tuple[Target, ...]) -> str:
    names = (target.revision for target in asked if target.revision not in service.revisions)
    return texts.revision_gone(next((name for name in names if name), service.latest_created))


def serving(service: Service, revision: str) -> bool:
    """Whether requests to the service's own URL can reach a revision, now or as asked."""
    asked = (
        target.percent > 0 and (target.revision or service.latest_ready) == revision
        for target in targets(service.spec)
    )
    return any(asked) or any(
        routed.revision == revision and routed.target.percent > 0 for routed in service.observed
    )


def route(state: State, site: Site, roll: float) -> RevisionKey | Refusal:
    """The revision that answers a request to a site; ``roll`` is chance, 0 <= roll < 1."""
    service = state.services.get(site.key)
    if service is None or not _reachable(service.spec):
        return Refusal(404, messages.NOT_FOUND, logged=False)
    name = _tagged(service, site.tag) if site.tag else _weighted(service, roll)
    if name is None:
        return Refusal(404, messages.NOT_FOUND, logged=False)
    return RevisionKey(*site.key, name)


def _reachable(spec: Json) -> bool:
    """Whether the front end lets outside requests in at all; loopback counts as outside."""
    return spec.get("ingress", "") in _REACHABLE and not spec.get("defaultUriDisabled", False)


def _tagged(service: Service, tag: str) -> str | None:
    names = (routed.revision for routed in service.observed if routed.target.tag == tag)
    return next(names, None)


def _weighted(service: Service, roll: float) -> str | None:
    rest = roll * 100
    for routed in service.observed:
        rest -= routed.target.percent
        if rest < 0:
            return routed.revision
    return None
