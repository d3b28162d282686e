"""Requests that change services: create, update, delete, IAM policy (API facts §1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.local_cloud_run.state import defaults, masks, secrets, texts, validation
from pipeline.local_cloud_run.state.conditions import (
    RECONCILING,
    Condition,
    microseconds,
)
from pipeline.local_cloud_run.state.effects import (
    DropSite,
    Effect,
    RetireRevision,
    StartRevision,
)
from pipeline.local_cloud_run.state.events import (
    CreateService,
    DeleteService,
    UpdateService,
)
from pipeline.local_cloud_run.state.lookup import (
    check_etag,
    get_service,
    identifier,
    note,
    operation_name,
    put,
    without,
)
from pipeline.local_cloud_run.state.reconcile import end_operations, settle
from pipeline.local_cloud_run.state.resources import (
    Operation,
    Revision,
    Service,
    State,
    Step,
)
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import Json, RevisionKey, Site, StartFailure


def create(state: State, event: CreateService, now: datetime) -> Step:
    validation.service_id(event.key.service)
    if event.key in state.services:
        raise ApiError(Code.ALREADY_EXISTS, texts.ALREADY_EXISTS)
    fresh = Condition(RECONCILING, now)
    service = Service(
        event.key,
        identifier(event.nonce, "service"),
        {},
        now,
        now,
        microseconds(now) - 1,
        ready=fresh,
        configurations=fresh,
        routes=fresh,
    )
    return _accept(state, service, masks.mutable(event.spec), event, now)


def update(state: State, event: UpdateService, now: datetime) -> Step:
    if event.allow_missing and event.key not in state.services:
        asked = CreateService(event.key, event.spec, event.nonce, event.validate_only)
        return create(state, asked, now)
    service = get_service(state, event.key)
    check_etag(event.key.service, event.etag, service.version)
    spec = masks.merge(service.spec, event.spec, event.paths)
    return _accept(state, service, spec, event, now)


def delete(state: State, event: DeleteService, now: datetime) -> Step:
    service = get_service(state, event.key)
    check_etag(event.key.service, event.etag, service.version)
    operation = Operation(
        operation_name(event.key, event.nonce),
        event.key,
        done=True,
        result=replace(service, updated=now),
    )
    if event.validate_only:
        return Step(state, operation=operation)
    gone = StartFailure(texts.missing("SERVICE", event.key.service, event.key), "", Code.NOT_FOUND)
    state = end_operations(state, event.key, lambda _: True, gone)
    after = replace(state, services=without(state.services, event.key))
    sites = {None, *(routed.target.tag or None for routed in service.observed)}
    effects: tuple[Effect, ...] = (
        *(RetireRevision(revision.key) for revision in service.revisions.values()),
        *(DropSite(Site(event.key, tag)) for tag in sorted(sites, key=str)),
    )
    return Step(note(after, operation), effects, operation)


def _accept(
    state: State, before: Service, asked: Json, event: CreateService | UpdateService, now: datetime
) -> Step:
    """Validate a wanted specification, then store it and start what it needs."""
    spec = defaults.with_defaults(asked)
    validation.specification(event.key.service, spec)
    generation = before.generation + 1
    name = _revision_to_make(before, spec["template"], generation, event.nonce)
    known = {*before.revisions, name} - {""}
    validation.traffic_names(spec, known)
    service = replace(
        before,
        spec=spec,
        generation=generation,
        updated=now,
        ready=Condition(RECONCILING, now),
        routes=Condition(RECONCILING, now),
    )
    if name:
        service = _with_revision(service, name, event.nonce, now)
    operation = Operation(operation_name(event.key, event.nonce), event.key, generation, name)
    if event.validate_only:
        return Step(state, operation=replace(operation, done=True, result=service))
    stored = note(put(state, service, now), operation)
    if name:
        return Step(stored, (start(service, name),), operation)
    after = settle(stored, event.key, now)
    return replace(after, operation=after.state.operations[operation.name])


def _revision_to_make(service: Service, template: Json, generation: int, nonce: str) -> str:
    """The name of the revision that a template calls for; empty when it is there already.

    Raises ALREADY_EXISTS when the template names a revision with another configuration: the
    trap of sending back what GET returned, changed, with its old revision name.
    """
    name = template.get("revision", "")
    configuration = without(template, "revision")
    if name:
        validation.revision_name(service.key.service, name)
        there = service.revisions.get(name)
        if there is None:
            return str(name)
        if there.template != configuration:
            raise ApiError(Code.ALREADY_EXISTS, texts.revision_differs(name))
        return ""
    if service.spec and without(service.spec["template"], "revision") == configuration:
        return ""
    suffix = identifier(nonce, "suffix").replace("-", "")[:3]
    return f"{service.key.service}-{generation:05d}-{suffix}"


def _with_revision(service: Service, name: str, nonce: str, now: datetime) -> Service:
    pending = Condition(RECONCILING, now)
    revision = Revision(
        RevisionKey(*service.key, name),
        identifier(nonce, "revision"),
        without(service.spec["template"], "revision"),
        service.generation,
        now,
        now,
        pending,
    )
    return replace(
        service,
        revisions={**service.revisions, name: revision},
        latest_created=name,
        configurations=pending,
    )


def start(service: Service, name: str) -> StartRevision:
    """How a revision of a service is started."""
    revision = service.revisions[name]
    scaling = service.spec.get("scaling", {})
    spec = defaults.instance_spec(revision.key, revision.template, scaling)
    return StartRevision(spec, secrets.of_container(revision.template["containers"][0]))
