"""Executions of a job: run, cancel, delete (API facts §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import count

from pipeline.local_cloud_run.state import job_defaults, job_validation, tasks, texts
from pipeline.local_cloud_run.state.conditions import RECONCILING, SUCCEEDED, Condition
from pipeline.local_cloud_run.state.effects import StopExecution
from pipeline.local_cloud_run.state.events import CancelExecution, DeleteExecution, RunJob
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Phase, Task
from pipeline.local_cloud_run.state.lookup import (
    check_etag,
    ended,
    get_execution,
    get_job,
    identifier,
    note,
    operation_name,
    put_execution,
    put_job,
    without,
)
from pipeline.local_cloud_run.state.resources import Operation, State, Step
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import ExecutionKey, Json, StartFailure

_KEPT = 1000  # executions of a job (API facts §11)


def run(state: State, event: RunJob, now: datetime) -> Step:
    job = get_job(state, event.key)
    check_etag(event.key.job, event.etag, job.version)
    if job.ready.state != SUCCEEDED:
        raise ApiError(
            Code.FAILED_PRECONDITION, texts.job_not_ready(job.key.job, job.ready.message)
        )
    template = job_defaults.overridden(job.spec["template"], event.overrides)
    job_validation.template(template)
    execution = _new(job, template, event.nonce, now)
    operation = _operation(execution.key, event.nonce)
    if event.validate_only:
        return Step(state, operation=replace(operation, done=True, result=execution))
    state = put_job(state, _with_room(job), now)
    return replace(tasks.advance(note(state, operation), execution, now), operation=operation)


def cancel(state: State, event: CancelExecution, now: datetime) -> Step:
    """What runs is stopped, what waits is not started. One that is over stays as it is."""
    execution = get_execution(state, event.key)
    check_etag(event.key.execution, event.etag, execution.version)
    operation = _operation(event.key, event.nonce)
    if event.validate_only:
        return Step(state, operation=replace(operation, done=True, result=execution))
    if not execution.reconciling:
        operation = replace(operation, done=True, result=execution)
        return Step(note(state, operation), operation=operation)
    waiting = (task for task in execution.tasks if task.phase is Phase.PENDING)
    called_off = (replace(task, phase=Phase.CANCELLED) for task in waiting)
    pending = Condition(RECONCILING, now, reason="CANCELLING")
    execution = replace(
        tasks.replaced(execution, *called_off), cancelling=True, completed=pending, updated=now
    )
    state = note(put_execution(state, execution), operation)
    return Step(state, (StopExecution(event.key),), operation)


def delete(state: State, event: DeleteExecution, now: datetime) -> Step:
    """One that runs is stopped first."""
    execution = get_execution(state, event.key)
    check_etag(event.key.execution, event.etag, execution.version)
    operation = replace(_operation(event.key, event.nonce), done=True, result=execution)
    if event.validate_only:
        return Step(state, operation=operation)
    name = event.key.execution
    gone = StartFailure(texts.missing("EXECUTION", name, event.key), "", Code.NOT_FOUND)
    state = ended(state, tasks.is_about(event.key), error=gone)
    job = state.jobs[event.key.of_job]
    state = put_job(state, replace(job, executions=without(job.executions, name)), now)
    stops = (StopExecution(event.key),) if execution.reconciling else ()
    return Step(note(state, operation), stops, operation)


def _operation(key: ExecutionKey, nonce: str) -> Operation:
    return Operation(operation_name(key.of_job, nonce), key.of_job, execution=key.execution)


def _new(job: Job, template: Json, nonce: str, now: datetime) -> Execution:
    suffixes = (identifier(nonce, f"execution-{each}").replace("-", "")[:5] for each in count())
    names = (f"{job.key.job}-{suffix}" for suffix in suffixes)
    name = next(name for name in names if name not in job.executions)
    return Execution(
        ExecutionKey(job.key.project, job.key.location, job.key.job, name),
        identifier(nonce, "execution"),
        job.generation,
        job_defaults.pinned(template, job.image),
        now,
        now,
        Condition(RECONCILING, now),
        tuple(Task(index) for index in range(template["taskCount"])),
    )


def _with_room(job: Job) -> Job:
    """The job with one more execution counted; the oldest that are over make room for it."""
    over = [name for name, each in job.executions.items() if not each.reconciling]
    surplus = set(over[: max(len(job.executions) + 1 - _KEPT, 0)])
    kept = {name: each for name, each in job.executions.items() if name not in surplus}
    return replace(job, executions=kept, made=job.made + 1)
