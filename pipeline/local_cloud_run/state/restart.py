"""What was under way when the server ended, taken up again by the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pipeline.local_cloud_run.state import jobs, reconcile, services, tasks, texts
from pipeline.local_cloud_run.state.effects import CheckJob, Effect, StandBy, StartRevision
from pipeline.local_cloud_run.state.events import TaskEnded
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Phase
from pipeline.local_cloud_run.state.resources import Service, State, Step
from pipeline.local_cloud_run.values import TaskEnd


def restarted(state: State, now: datetime) -> Step:
    """Ready revisions stand by, pending ones start anew, and changes have their effect.

    An attempt at a task that ran has failed: it is tried again where the job allows that.
    """
    effects: list[Effect] = []
    for service in state.services.values():
        effects += _instances(service)
        if service.reconciling:
            settled = reconcile.settle(state, service.key, now)
            state = settled.state
            effects += settled.effects
    for job in state.jobs.values():
        effects += _checks(job)
        for interrupted in _interrupted(job):
            after = tasks.task_ended(state, interrupted, now)
            state = after.state
            effects += after.effects
    return Step(state, tuple(effects))


def _instances(service: Service) -> Iterator[StartRevision | StandBy]:
    for name, revision in service.revisions.items():
        start = services.start(service, name)
        if revision.pending:
            yield start
        elif revision.is_ready:
            yield StandBy(replace(start.spec, image=revision.image), start.secrets)


def _checks(job: Job) -> Iterator[CheckJob]:
    if job.reconciling:
        yield jobs.check(job)


def _interrupted(job: Job) -> Iterator[TaskEnded]:
    running: list[Execution] = [each for each in job.executions.values() if each.reconciling]
    for execution in running:
        for task in execution.tasks:
            if task.phase is Phase.RUNNING:
                end = TaskEnd(exit_code=1, message=texts.INTERRUPTED)
                yield TaskEnded(execution.key, task.index, task.attempt, end)
