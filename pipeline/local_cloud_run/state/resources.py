"""What the local Cloud Run holds: frozen values only.

What the user asked for is plain JSON in the v2 spelling (camelCase, enums by name); what the
platform derives is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.local_cloud_run.state.conditions import (
    RECONCILING,
    SUCCEEDED,
    Condition,
    microseconds,
)
from pipeline.local_cloud_run.state.effects import Effect
from pipeline.local_cloud_run.state.job_resources import Execution, Job
from pipeline.local_cloud_run.values import (
    JobKey,
    Json,
    RevisionKey,
    ServiceKey,
    StartFailure,
)


@dataclass(frozen=True)
class Target:
    """A traffic target as asked. ``revision`` None means the latest ready one; percent 0 to 100."""

    revision: str | None = None
    percent: int = 0
    tag: str = ""


@dataclass(frozen=True)
class Routed:
    """A traffic target in force, with the revision it was resolved to."""

    target: Target
    revision: str


@dataclass(frozen=True)
class Revision:
    """``generation`` is the service's when it asked for this revision.

    ``image`` is pinned by digest, and empty until the tag is resolved.
    """

    key: RevisionKey
    uid: str
    template: Json
    generation: int
    created: datetime
    updated: datetime
    ready: Condition
    image: str = ""
    failure: StartFailure | None = None

    @property
    def pending(self) -> bool:
        return self.ready.state == RECONCILING

    @property
    def is_ready(self) -> bool:
        return self.ready.state == SUCCEEDED

    @property
    def version(self) -> int:
        return microseconds(self.updated)


@dataclass(frozen=True)
class Service:
    """``spec`` was asked for, ``observed`` is what the router does; they can disagree.

    ``revisions`` are in order of creation; ``latest_created`` and ``latest_ready`` are short names.
    ``version`` counts microseconds and never repeats.
    """

    key: ServiceKey
    uid: str
    spec: Json
    created: datetime
    updated: datetime
    version: int
    ready: Condition
    configurations: Condition
    routes: Condition
    generation: int = 0
    observed_generation: int = 0
    revisions: Mapping[str, Revision] = field(default_factory=dict)
    latest_created: str = ""
    latest_ready: str = ""
    observed: tuple[Routed, ...] = ()
    policy: tuple[Json, ...] = ()
    policy_version: int = 1

    @property
    def reconciling(self) -> bool:
        return self.ready.state == RECONCILING


@dataclass(frozen=True)
class Operation:
    """A long-running operation. ``result`` is the resource as it was when the operation ended."""

    name: str
    key: ServiceKey | JobKey
    generation: int = 0
    revision: str = ""
    execution: str = ""
    done: bool = False
    error: StartFailure | None = None
    result: Service | Revision | Job | Execution | None = None


@dataclass(frozen=True)
class State:
    services: Mapping[ServiceKey, Service] = field(default_factory=dict)
    jobs: Mapping[JobKey, Job] = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What an event led to. ``operation`` answers a caller; events from inside have none."""

    state: State
    effects: tuple[Effect, ...] = ()
    operation: Operation | None = None
