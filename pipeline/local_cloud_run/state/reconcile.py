"""From what was asked to what is: revisions start or fail, traffic follows (API facts §1.6, §16).

An operation ends with the revision it made and the split it asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pipeline.local_cloud_run.state import audit, traffic
from pipeline.local_cloud_run.state.conditions import FAILED, SUCCEEDED, Condition
from pipeline.local_cloud_run.state.effects import (
    ApplyTraffic,
    DropSite,
    Effect,
)
from pipeline.local_cloud_run.state.events import (
    ImageResolved,
    RevisionFailed,
    RevisionReady,
    TrafficApplied,
    TrafficFailed,
)
from pipeline.local_cloud_run.state.lookup import ended, put
from pipeline.local_cloud_run.state.resources import (
    Operation,
    Revision,
    Routed,
    Service,
    State,
    Step,
)
from pipeline.local_cloud_run.values import RevisionKey, ServiceKey, Site, StartFailure


def image_resolved(state: State, event: ImageResolved, now: datetime) -> Step:
    revision = _pending(state, event.key)
    if revision is None:
        return Step(state)
    return Step(_with(state, replace(revision, image=event.image), now))


def revision_ready(state: State, event: RevisionReady, now: datetime) -> Step:
    """The revision can serve; LATEST moves to it unless a newer one is ready already."""
    revision = _pending(state, event.key)
    if revision is None:
        return Step(state)
    took = (now - revision.created).total_seconds()
    message = f"Deploying revision succeeded in {took:.2f}s."
    ready = Condition(SUCCEEDED, now)
    state = _with(state, replace(revision, ready=ready, updated=now), now)
    service = state.services[event.key.of_service]
    newest = service.revisions.get(service.latest_ready)
    if newest is None or newest.generation < revision.generation:
        service = replace(service, latest_ready=event.key.revision)
    if service.latest_created == event.key.revision:
        service = replace(service, configurations=ready)
    else:
        service = replace(service, observed=_follow_latest(service))
    said = audit.ready(
        event.key, "True", f"Revision {event.key.revision} with message: {message}", now
    )
    return _then(settle(put(state, service, now), service.key, now), said)


def revision_failed(state: State, event: RevisionFailed, now: datetime) -> Step:
    """The revision will never serve; what serves now goes on as it was."""
    revision = _pending(state, event.key)
    if revision is None:
        return Step(state)
    failure = event.failure
    failed = Condition(FAILED, now, failure.message, failure.reason)
    state = _with(state, replace(revision, ready=failed, failure=failure, updated=now), now)
    service = state.services[event.key.of_service]
    if service.latest_created == event.key.revision:
        service = replace(service, configurations=failed)
    state = put(state, service, now)
    about = f"Revision {event.key.revision} with message: {failure.message}"
    said = audit.ready(event.key, "False", about, now, severity="ERROR")
    if service.generation == revision.generation:
        return _then(_block(state, service.key, failure, now), said)
    state = end_operations(
        state, service.key, lambda each: each.revision == event.key.revision, failure
    )
    return _then(settle(state, service.key, now), said)


def settle(state: State, key: ServiceKey, now: datetime) -> Step:
    """Bring traffic to what was asked, if that can be had now; else wait, or give up."""
    service = state.services[key]
    outcome = traffic.resolve(service)
    if isinstance(outcome, traffic.Waiting):
        return Step(state)
    if isinstance(outcome, traffic.Blocked):
        return _block(state, key, outcome.failure, now)
    return Step(state, (ApplyTraffic(key, service.generation),))


def traffic_applied(state: State, event: TrafficApplied, now: datetime) -> Step:
    """The router uses the split. The service is ready once no revision of it is on its way."""
    service = state.services.get(event.key)
    if service is None or service.generation != event.generation:
        return Step(state)
    outcome = traffic.resolve(service)
    if not isinstance(outcome, tuple):
        return Step(state)
    dropped = _tags(service.observed) - _tags(outcome)
    applied = Condition(SUCCEEDED, now)
    service = replace(service, observed=outcome, routes=applied)
    effects: list[Effect] = [DropSite(Site(event.key, tag)) for tag in sorted(dropped)]
    if not service.revisions[service.latest_created].pending:
        service = replace(service, ready=applied, observed_generation=service.generation)
        last = RevisionKey(*event.key, service.latest_created)
        effects.append(audit.ready(last, "True", f"Service {event.key.service}.", now))
    state = put(state, service, now)
    return Step(end_operations(state, event.key, _settled(service)), tuple(effects))


def traffic_failed(state: State, event: TrafficFailed, now: datetime) -> Step:
    service = state.services.get(event.key)
    if service is None or service.generation != event.generation:
        return Step(state)
    return _block(state, event.key, event.failure, now)


def _block(state: State, key: ServiceKey, failure: StartFailure, now: datetime) -> Step:
    """What was asked cannot be had: the service is not ready, and the old split stays."""
    service = state.services[key]
    failed = Condition(FAILED, now, failure.message, failure.reason)
    service = replace(service, ready=failed, routes=failed)
    state = end_operations(put(state, service, now), key, _settled(service), failure)
    last = RevisionKey(*key, service.latest_created)
    about = f"Service {key.service} with message: {failure.message}"
    return Step(state, (audit.ready(last, "False", about, now, severity="ERROR"),))


def _settled(service: Service) -> Callable[[Operation], bool]:
    """Which operations the present split answers: all but those whose revision is on its way."""

    def answered(operation: Operation) -> bool:
        revision = service.revisions.get(operation.revision)
        return revision is None or not revision.pending

    return answered


def end_operations(
    state: State,
    key: ServiceKey,
    which: Callable[[Operation], bool],
    failure: StartFailure | None = None,
) -> State:
    """End those operations of a service that are still open, as it is now or with a failure."""
    result = None if failure else state.services[key]
    return ended(state, lambda each: each.key == key and which(each), result, failure)


def _follow_latest(service: Service) -> tuple[Routed, ...]:
    """The split in force with LATEST resolved again, unless LATEST is no longer asked for."""
    if all(target.revision for target in traffic.targets(service.spec)):
        return service.observed
    return tuple(
        routed if routed.target.revision else replace(routed, revision=service.latest_ready)
        for routed in service.observed
    )


def _pending(state: State, key: RevisionKey) -> Revision | None:
    service = state.services.get(key.of_service)
    revision = service.revisions.get(key.revision) if service else None
    return revision if revision is not None and revision.pending else None


def _with(state: State, revision: Revision, now: datetime) -> State:
    service = state.services[revision.key.of_service]
    revisions = {**service.revisions, revision.key.revision: revision}
    return put(state, replace(service, revisions=revisions), now)


def _tags(split: tuple[Routed, ...]) -> set[str]:
    return {routed.target.tag for routed in split} - {""}


def _then(step: Step, effect: Effect) -> Step:
    return replace(step, effects=(effect, *step.effects))
