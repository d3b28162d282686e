"""The tasks of an execution: which run, are tried again, and how it all ends (API facts §6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice

from pipeline.local_cloud_run.state import audit, job_defaults, secrets, texts
from pipeline.local_cloud_run.state.conditions import FAILED, SUCCEEDED, Condition
from pipeline.local_cloud_run.state.effects import RunTask
from pipeline.local_cloud_run.state.events import TaskEnded
from pipeline.local_cloud_run.state.job_resources import Execution, Phase, Task
from pipeline.local_cloud_run.state.lookup import ended, put_execution
from pipeline.local_cloud_run.state.resources import Operation, State, Step
from pipeline.local_cloud_run.values import ExecutionKey

AT_ONCE = 10
"""Tasks of one execution that run at the same time, at most: this is one machine."""


def task_ended(state: State, event: TaskEnded, now: datetime) -> Step:
    job = state.jobs.get(event.key.of_job)
    execution = job.executions.get(event.key.execution) if job else None
    if execution is None:
        return Step(state)
    task = execution.tasks[event.index]
    if task.phase is not Phase.RUNNING or task.attempt != event.attempt:
        return Step(state)
    task = replace(task, ended=now, end=event.end)
    if execution.cancelling:
        task = replace(task, phase=Phase.CANCELLED)
    elif not event.end.message:
        task = replace(task, phase=Phase.SUCCEEDED)
    elif task.attempt < execution.template["template"]["maxRetries"]:
        task = replace(task, phase=Phase.PENDING, attempt=task.attempt + 1)
    else:
        task = replace(task, phase=Phase.FAILED)
    return advance(state, replaced(execution, task), now)


def advance(state: State, execution: Execution, now: datetime) -> Step:
    """Start what may run now; or, when nothing runs and nothing waits, say how it ended."""
    asked = execution.template.get("parallelism", 0) or AT_ONCE
    room = min(asked, AT_ONCE) - execution.count(Phase.RUNNING)
    waiting = (task for task in execution.tasks if task.phase is Phase.PENDING)
    begun = [
        replace(task, phase=Phase.RUNNING, started=now, ended=None)
        for task in islice(waiting, max(room, 0))
    ]
    execution = replace(replaced(execution, *begun), updated=now)
    if all(task.over for task in execution.tasks):
        return _complete(state, execution, now)
    from_secrets = secrets.of_container(execution.template["template"]["containers"][0])
    effects = tuple(
        RunTask(job_defaults.task_spec(execution, task), from_secrets) for task in begun
    )
    return Step(put_execution(state, execution), effects)


def _complete(state: State, execution: Execution, now: datetime) -> Step:
    """The operation that ran it ends without an error also when it failed (Airflow #38028)."""
    execution = replace(execution, completed=_verdict(execution, now))
    state = put_execution(state, execution)
    state = ended(state, is_about(execution.key), result=execution)
    return Step(state, (audit.execution_over(execution, now),))


def _verdict(execution: Execution, now: datetime) -> Condition:
    if execution.cancelling:
        return Condition(FAILED, now, texts.EXECUTION_CANCELLED, "CANCELLED")
    failed = next((task for task in execution.tasks if task.phase is Phase.FAILED), None)
    if failed is None or failed.end is None:
        took = (now - execution.created).total_seconds()
        return Condition(SUCCEEDED, now, f"Execution completed successfully in {took:.2f}s.")
    why = texts.task_failed(execution.task_name(failed.index), failed.end.message)
    return Condition(FAILED, now, why, "NON_ZERO_EXIT_CODE")


def replaced(execution: Execution, *changed: Task) -> Execution:
    by_index = {task.index: task for task in changed}
    return replace(
        execution, tasks=tuple(by_index.get(task.index, task) for task in execution.tasks)
    )


def is_about(key: ExecutionKey) -> Callable[[Operation], bool]:
    """Which operations an execution answers: that which ran it, and any that cancels it."""
    return lambda each: each.key == key.of_job and each.execution == key.execution
