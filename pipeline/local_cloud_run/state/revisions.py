"""Deleting a revision (API facts §2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.local_cloud_run.state import texts, traffic
from pipeline.local_cloud_run.state.effects import (
    DropSite,
    Effect,
    RetireRevision,
)
from pipeline.local_cloud_run.state.events import DeleteRevision
from pipeline.local_cloud_run.state.lookup import (
    check_etag,
    get_revision,
    note,
    operation_name,
    put,
    without,
)
from pipeline.local_cloud_run.state.reconcile import end_operations
from pipeline.local_cloud_run.state.resources import (
    Operation,
    Service,
    State,
    Step,
)
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import Site, StartFailure


def delete(state: State, event: DeleteRevision, now: datetime) -> Step:
    """Refused while it can receive traffic or is the latest created; its tags go with it."""
    revision = get_revision(state, event.key)
    service = state.services[event.key.of_service]
    name = event.key.revision
    check_etag(name, event.etag, revision.version)
    if traffic.serving(service, name):
        raise ApiError(Code.FAILED_PRECONDITION, texts.revision_serving(name))
    if service.latest_created == name:
        raise ApiError(Code.FAILED_PRECONDITION, texts.revision_latest(name))
    operation = Operation(
        operation_name(service.key, event.nonce),
        service.key,
        revision=name,
        done=True,
        result=revision,
    )
    if event.validate_only:
        return Step(state, operation=operation)
    tags = {each.target.tag for each in service.observed if each.revision == name} - {""}
    effects: tuple[Effect, ...] = (
        RetireRevision(event.key),
        *(DropSite(Site(service.key, tag)) for tag in sorted(tags)),
    )
    gone = StartFailure(texts.missing("REVISION", name, event.key), "", Code.NOT_FOUND)
    state = end_operations(state, service.key, lambda each: each.revision == name, gone)
    return Step(note(put(state, _remove(service, name), now), operation), effects, operation)


def _remove(service: Service, name: str) -> Service:
    revisions = without(service.revisions, name)
    ready = [each for each in revisions.values() if each.is_ready]
    newest = max(ready, key=lambda each: each.generation, default=None)
    asked = [each for each in service.spec["traffic"] if each.get("revision") != name]
    return replace(
        service,
        revisions=revisions,
        latest_ready=newest.key.revision if newest else "",
        spec={**service.spec, "traffic": asked},
        observed=tuple(each for each in service.observed if each.revision != name),
    )
