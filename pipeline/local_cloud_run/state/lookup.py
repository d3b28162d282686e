"""Finding and replacing what the state holds; identifiers derived from a nonce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.resources import (
    Operation,
    Revision,
    Service,
    State,
    microseconds,
    version_of,
)
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import RevisionKey, ServiceKey

K = TypeVar("K")
V = TypeVar("V")


def get_service(state: State, key: ServiceKey) -> Service:
    """Raises NOT_FOUND."""
    service = state.services.get(key)
    if service is None:
        raise ApiError(Code.NOT_FOUND, texts.missing("SERVICE", key.service, key))
    return service


def get_revision(state: State, key: RevisionKey) -> Revision:
    """Raises NOT_FOUND."""
    service = state.services.get(key.of_service)
    revision = service.revisions.get(key.revision) if service else None
    if revision is None:
        raise ApiError(Code.NOT_FOUND, texts.missing("REVISION", key.revision, key))
    return revision


def get_operation(state: State, name: str) -> Operation:
    """Raises NOT_FOUND."""
    operation = state.operations.get(name)
    if operation is None:
        raise ApiError(Code.NOT_FOUND, f"Operation '{name}' does not exist.")
    return operation


def check_etag(name: str, given: str, version: int) -> None:
    """Raises ABORTED when an etag was sent and is not the present one."""
    if given and version_of(given) != str(version):
        raise ApiError(Code.ABORTED, texts.conflict(name, version_of(given), version))


def put(state: State, service: Service, now: datetime) -> State:
    """The state with a service that has changed: its version moves on, and so does its etag."""
    version = max(microseconds(now), service.version + 1)
    changed = replace(service, version=version)
    return replace(state, services={**state.services, service.key: changed})


def note(state: State, operation: Operation) -> State:
    return replace(state, operations={**state.operations, operation.name: operation})


def without(mapping: Mapping[K, V], name: K) -> dict[K, V]:
    return {key: value for key, value in mapping.items() if key != name}


def identifier(nonce: str, purpose: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{nonce}/{purpose}"))


def operation_name(key: ServiceKey, nonce: str) -> str:
    return f"projects/{key.project}/locations/{key.location}/operations/{identifier(nonce, 'lro')}"
