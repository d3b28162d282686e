"""What can happen to the state: requests of callers, and reports from the inside.

``nonce`` is any unique string: operation ids, uids and name suffixes are derived from it, so that
the same events give the same state. ``spec`` is v2 JSON in canonical form (camelCase, enum names).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.local_cloud_run.values import (
    ExecutionKey,
    JobKey,
    Json,
    RevisionKey,
    ServiceKey,
    StartFailure,
    TaskEnd,
)


@dataclass(frozen=True)
class CreateService:
    key: ServiceKey
    spec: Json
    nonce: str
    validate_only: bool = False


@dataclass(frozen=True)
class UpdateService:
    """``paths`` None replaces every mutable field; ``etag`` empty means the last writer wins."""

    key: ServiceKey
    spec: Json
    nonce: str
    paths: tuple[str, ...] | None = None
    etag: str = ""
    allow_missing: bool = False
    validate_only: bool = False


@dataclass(frozen=True)
class DeleteService:
    key: ServiceKey
    nonce: str
    etag: str = ""
    validate_only: bool = False


@dataclass(frozen=True)
class DeleteRevision:
    key: RevisionKey
    nonce: str
    etag: str = ""
    validate_only: bool = False


@dataclass(frozen=True)
class SetPolicy:
    key: ServiceKey | JobKey
    bindings: tuple[Json, ...]
    etag: str = ""


@dataclass(frozen=True)
class DeleteOperation:
    name: str


@dataclass(frozen=True)
class ImageResolved:
    """The revision's image, pinned by digest."""

    key: RevisionKey
    image: str


@dataclass(frozen=True)
class RevisionReady:
    key: RevisionKey


@dataclass(frozen=True)
class RevisionFailed:
    key: RevisionKey
    failure: StartFailure


@dataclass(frozen=True)
class TrafficApplied:
    key: ServiceKey
    generation: int


@dataclass(frozen=True)
class TrafficFailed:
    key: ServiceKey
    generation: int
    failure: StartFailure


@dataclass(frozen=True)
class CreateJob:
    key: JobKey
    spec: Json
    nonce: str
    validate_only: bool = False


@dataclass(frozen=True)
class UpdateJob:
    """Replaces every mutable field: a job's update has no mask."""

    key: JobKey
    spec: Json
    nonce: str
    etag: str = ""
    allow_missing: bool = False
    validate_only: bool = False


@dataclass(frozen=True)
class DeleteJob:
    key: JobKey
    nonce: str
    etag: str = ""
    validate_only: bool = False


@dataclass(frozen=True)
class RunJob:
    """``overrides`` is a RunJobRequest.Overrides in v2 JSON."""

    key: JobKey
    overrides: Json
    nonce: str
    etag: str = ""
    validate_only: bool = False


@dataclass(frozen=True)
class CancelExecution:
    key: ExecutionKey
    nonce: str
    etag: str = ""
    validate_only: bool = False


@dataclass(frozen=True)
class DeleteExecution:
    key: ExecutionKey
    nonce: str
    etag: str = ""
    validate_only: bool = False


@dataclass(frozen=True)
class JobChecked:
    """``image`` is pinned by digest; or the failure says what is not there."""

    key: JobKey
    generation: int
    image: str = ""
    failure: StartFailure | None = None


@dataclass(frozen=True)
class TaskEnded:
    """An attempt at a task is over; ``attempt`` counts from 0."""

    key: ExecutionKey
    index: int
    attempt: int
    end: TaskEnd


@dataclass(frozen=True)
class StatusMoved:
    """Something of no account changed: the version moves on, and an etag of before is stale."""

    key: ServiceKey | JobKey


@dataclass(frozen=True)
class Restarted:
    """The state is of before: nothing that it takes for running or starting is there."""


Request = (
    CreateService
    | UpdateService
    | DeleteService
    | DeleteRevision
    | SetPolicy
    | DeleteOperation
    | CreateJob
    | UpdateJob
    | DeleteJob
    | RunJob
    | CancelExecution
    | DeleteExecution
)
"""What a caller asks for."""

Report = (
    ImageResolved
    | RevisionReady
    | RevisionFailed
    | TrafficApplied
    | TrafficFailed
    | JobChecked
    | TaskEnded
    | StatusMoved
    | Restarted
)
"""What the inside tells."""

Event = Request | Report
