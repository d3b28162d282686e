"""What the state asks of the world: each effect says which event it wants told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.local_cloud_run.values import (
    ExecutionKey,
    InstanceSpec,
    JobKey,
    LogEntry,
    RevisionKey,
    SecretRef,
    ServiceKey,
    Site,
    TaskSpec,
)


@dataclass(frozen=True)
class StartRevision:
    """Start the first instance; then say RevisionReady or RevisionFailed.

    ``secrets`` maps variables to what they are filled from.
    """

    spec: InstanceSpec
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)


@dataclass(frozen=True)
class StandBy:
    """Be ready to start instances of a revision, which has had some before; as StartRevision."""

    spec: InstanceSpec
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)


@dataclass(frozen=True)
class ApplyTraffic:
    """Hand the split to the router; then say TrafficApplied or TrafficFailed."""

    key: ServiceKey
    generation: int


@dataclass(frozen=True)
class RetireRevision:
    key: RevisionKey


@dataclass(frozen=True)
class DropSite:
    site: Site


@dataclass(frozen=True)
class WriteLog:
    entry: LogEntry


@dataclass(frozen=True)
class CheckJob:
    """See whether a job's image and secrets are there; then say JobChecked."""

    key: JobKey
    generation: int
    image: str
    secrets: Mapping[str, SecretRef]


@dataclass(frozen=True)
class RunTask:
    """Run one attempt at a task to its end; then say TaskEnded."""

    spec: TaskSpec
    secrets: Mapping[str, SecretRef]


@dataclass(frozen=True)
class StopExecution:
    """End what runs of an execution; each attempt says TaskEnded."""

    key: ExecutionKey


Effect = (
    StartRevision
    | StandBy
    | ApplyTraffic
    | RetireRevision
    | DropSite
    | WriteLog
    | CheckJob
    | RunTask
    | StopExecution
)
