"""Finding and replacing what the state holds; identifiers derived from a nonce."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.conditions import microseconds, version_of
from pipeline.local_cloud_run.state.job_resources import Execution, Job
from pipeline.local_cloud_run.state.resources import (
    Operation,
    Revision,
    Service,
    State,
)
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import (
    ExecutionKey,
    JobKey,
    RevisionKey,
    ServiceKey,
    StartFailure,
)

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


def get_job(state: State, key: JobKey) -> Job:
    """Raises NOT_FOUND."""
    job = state.jobs.get(key)
    if job is None:
        raise ApiError(Code.NOT_FOUND, texts.missing("JOB", key.job, key))
    return job


def get_execution(state: State, key: ExecutionKey) -> Execution:
    """Raises NOT_FOUND."""
    job = state.jobs.get(key.of_job)
    execution = job.executions.get(key.execution) if job else None
    if execution is None:
        raise ApiError(Code.NOT_FOUND, texts.missing("EXECUTION", key.execution, key))
    return execution


def check_etag(name: str, given: str, version: int) -> None:
    """Raises ABORTED when an etag was sent and is not the present one."""
    if given and version_of(given) != str(version):
        raise ApiError(Code.ABORTED, texts.conflict(name, version_of(given), version))


def put(state: State, service: Service, now: datetime) -> State:
    """The state with a service that has changed: its version moves on, and so does its etag."""
    version = max(microseconds(now), service.version + 1)
    changed = replace(service, version=version)
    return replace(state, services={**state.services, service.key: changed})


def put_job(state: State, job: Job, now: datetime) -> State:
    """As ``put``, for a job."""
    changed = replace(job, version=max(microseconds(now), job.version + 1))
    return replace(state, jobs={**state.jobs, job.key: changed})


def put_execution(state: State, execution: Execution) -> State:
    """The state with an execution that is new or has changed; its job itself has not."""
    job = state.jobs[execution.key.of_job]
    executions = {**job.executions, execution.key.execution: execution}
    return replace(state, jobs={**state.jobs, job.key: replace(job, executions=executions)})


def note(state: State, operation: Operation) -> State:
    return replace(state, operations={**state.operations, operation.name: operation})


def ended(
    state: State,
    which: Callable[[Operation], bool],
    result: Service | Job | Execution | None = None,
    error: StartFailure | None = None,
) -> State:
    """End those operations that are still open, with what they led to or what failed."""
    over = {
        name: replace(each, done=True, error=error, result=result)
        for name, each in state.operations.items()
        if not each.done and which(each)
    }
    return replace(state, operations={**state.operations, **over})


def without(mapping: Mapping[K, V], name: K) -> dict[K, V]:
    return {key: value for key, value in mapping.items() if key != name}


def identifier(nonce: str, purpose: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{nonce}/{purpose}"))


def operation_name(key: ServiceKey | JobKey, nonce: str) -> str:
    return f"projects/{key.project}/locations/{key.location}/operations/{identifier(nonce, 'lro')}"
