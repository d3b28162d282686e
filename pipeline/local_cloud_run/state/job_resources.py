"""Jobs, their executions and tasks: frozen values only (API facts §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from pipeline.local_cloud_run.state.conditions import (
    RECONCILING,
    SUCCEEDED,
    Condition,
    microseconds,
)
from pipeline.local_cloud_run.values import ExecutionKey, JobKey, Json, TaskEnd


class Phase(Enum):
    """Where a task is. One that failed and is to be tried again is pending."""

    PENDING = auto()
    RUNNING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    CANCELLED = auto()


@dataclass(frozen=True)
class Task:
    """``attempt`` counts from 0, so it says how often the task was retried."""

    index: int
    phase: Phase = Phase.PENDING
    attempt: int = 0
    started: datetime | None = None  # the last attempt
    ended: datetime | None = None
    end: TaskEnd | None = None  # of the last attempt that is over

    @property
    def over(self) -> bool:
        return self.phase not in (Phase.PENDING, Phase.RUNNING)


@dataclass(frozen=True)
class Execution:
    """``template`` is an ExecutionTemplate with the overrides in it and the image pinned.

    ``job_generation`` is that of the job it was made from.
    """

    key: ExecutionKey
    uid: str
    job_generation: int
    template: Json
    created: datetime
    updated: datetime
    completed: Condition
    tasks: tuple[Task, ...]
    cancelling: bool = False

    @property
    def reconciling(self) -> bool:
        return self.completed.state == RECONCILING

    @property
    def succeeded(self) -> bool:
        return self.completed.state == SUCCEEDED

    @property
    def cancelled(self) -> bool:
        return self.cancelling and not self.reconciling

    @property
    def retried(self) -> int:
        return sum(task.attempt for task in self.tasks)

    @property
    def version(self) -> int:
        return microseconds(self.updated)

    def count(self, phase: Phase) -> int:
        return sum(task.phase is phase for task in self.tasks)

    def task_name(self, index: int) -> str:
        return f"{self.key.execution}-task{index}"


@dataclass(frozen=True)
class Job:
    """``image`` is pinned by digest, and empty until it is known to be there.

    ``executions`` are in order of creation; ``made`` counts also those that are gone.
    """

    key: JobKey
    uid: str
    spec: Json
    created: datetime
    updated: datetime
    version: int
    ready: Condition
    generation: int = 0
    observed_generation: int = 0
    image: str = ""
    executions: Mapping[str, Execution] = field(default_factory=dict)
    made: int = 0
    policy: tuple[Json, ...] = ()
    policy_version: int = 1

    @property
    def reconciling(self) -> bool:
        return self.ready.state == RECONCILING
