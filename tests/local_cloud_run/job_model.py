"""Drives the pure state of jobs: what is asked of it, and how its attempts end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.effects import CheckJob, Effect, RunTask, StopExecution
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Phase
from pipeline.local_cloud_run.state.model import step
from pipeline.local_cloud_run.state.resources import Operation, State
from pipeline.local_cloud_run.values import (
    ExecutionKey,
    JobKey,
    Json,
    StartFailure,
    TaskEnd,
    TaskSpec,
)

JOB = JobKey("p", "us-central1", "j")
PINNED = "app@sha256:1"
EXITED = TaskEnd(1, message="The container exited with an error.")


def job_spec(tasks: int = 1, retries: int = 0, **template: object) -> Json:
    task: Json = {"containers": [{"image": "app:1"}], "maxRetries": retries}
    return {"template": {"taskCount": tasks, "template": task, **template}}


@dataclass
class JobModel:
    """``instant`` finds image and secrets there as soon as the model asks."""

    instant: bool = True
    state: State = field(default_factory=State)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    effects: list[Effect] = field(default_factory=list)
    nonces: count[int] = field(default_factory=count)

    def send(self, event: events.Event) -> Operation | None:
        self.now += timedelta(seconds=1)
        result = step(self.state, event, self.now)
        self.state = result.state
        self.effects += result.effects
        for effect in result.effects:
            if self.instant and isinstance(effect, CheckJob):
                self.send(events.JobChecked(effect.key, effect.generation, PINNED))
        asked = result.operation
        return self.state.operations.get(asked.name, asked) if asked else None

    def create(self, asked: Json | None = None, **more: object) -> Operation:
        return self.ask(events.CreateJob(JOB, asked or job_spec(), self.nonce(), **more))

    def update(self, asked: Json, **more: object) -> Operation:
        return self.ask(events.UpdateJob(JOB, asked, self.nonce(), **more))

    def fail_check(self, failure: StartFailure) -> None:
        self.send(events.JobChecked(JOB, self.job.generation, failure=failure))

    def run(self, overrides: Json | None = None, **more: object) -> Operation:
        return self.ask(events.RunJob(JOB, overrides or {}, self.nonce(), **more))

    def cancel(self, execution: Execution) -> Operation:
        return self.ask(events.CancelExecution(execution.key, self.nonce()))

    def delete(self, execution: Execution) -> Operation:
        return self.ask(events.DeleteExecution(execution.key, self.nonce()))

    def end(self, spec: TaskSpec, end: TaskEnd = TaskEnd()) -> None:  # noqa: B008 -- it is frozen
        self.send(events.TaskEnded(spec.key, spec.index, spec.attempt, end))

    def ask(self, event: events.Event) -> Operation:
        operation = self.send(event)
        assert operation is not None
        return operation

    def nonce(self) -> str:
        return f"nonce-{next(self.nonces)}"

    def operation(self, asked: Operation) -> Operation:
        return self.state.operations[asked.name]

    @property
    def job(self) -> Job:
        return self.state.jobs[JOB]

    @property
    def newest(self) -> Execution:
        return [*self.job.executions.values()][-1]

    @property
    def begun(self) -> list[TaskSpec]:
        """Every attempt that was ever asked for."""
        return [each.spec for each in self.effects if isinstance(each, RunTask)]

    @property
    def running(self) -> list[TaskSpec]:
        """The attempts that the state takes for running."""
        return [each for each in self.begun if self._runs(each)]

    @property
    def stopped(self) -> list[ExecutionKey]:
        return [each.key for each in self.effects if isinstance(each, StopExecution)]

    def _runs(self, spec: TaskSpec) -> bool:
        job = self.state.jobs.get(spec.key.of_job)
        execution = job.executions.get(spec.key.execution) if job else None
        task = execution.tasks[spec.index] if execution else None
        return bool(task and task.phase is Phase.RUNNING and task.attempt == spec.attempt)
