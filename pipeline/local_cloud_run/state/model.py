"""The state model: every event goes through ``step``, which is pure.

The translators (Run v2 REST now; v1, gRPC and builds can sit beside it) speak to nothing
else, and a simulator can drive it without a clock, a process or a container.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.local_cloud_run.state import (
    events,
    executions,
    jobs,
    policies,
    reconcile,
    restart,
    revisions,
    services,
    tasks,
)
from pipeline.local_cloud_run.state.lookup import get_operation, put, put_job, without
from pipeline.local_cloud_run.state.resources import State, Step
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import JobKey, ServiceKey

_OPERATIONS_KEPT = 1000


def step(state: State, event: events.Event, now: datetime) -> Step:
    """What an event leads to at a time. Raises ApiError, and then nothing has changed."""
    done = _request(state, event, now) or _of_job(state, event, now) or _report(state, event, now)
    return _bounded(done)


def _request(state: State, event: events.Event, now: datetime) -> Step | None:
    match event:
        case events.CreateService():
            return services.create(state, event, now)
        case events.UpdateService():
            return services.update(state, event, now)
        case events.DeleteService():
            return services.delete(state, event, now)
        case events.DeleteRevision():
            return revisions.delete(state, event, now)
        case events.SetPolicy():
            return policies.set_policy(state, event)
        case events.DeleteOperation():
            return _forget(state, event.name)
        case _:
            return None


def _of_job(state: State, event: events.Event, now: datetime) -> Step | None:
    match event:
        case events.CreateJob():
            return jobs.create(state, event, now)
        case events.UpdateJob():
            return jobs.update(state, event, now)
        case events.DeleteJob():
            return jobs.delete(state, event, now)
        case events.JobChecked():
            return jobs.checked(state, event, now)
        case events.RunJob():
            return executions.run(state, event, now)
        case events.CancelExecution():
            return executions.cancel(state, event, now)
        case events.DeleteExecution():
            return executions.delete(state, event, now)
        case events.TaskEnded():
            return tasks.task_ended(state, event, now)
        case _:
            return None


def _report(state: State, event: events.Event, now: datetime) -> Step:
    match event:
        case events.ImageResolved():
            return reconcile.image_resolved(state, event, now)
        case events.RevisionReady():
            return reconcile.revision_ready(state, event, now)
        case events.RevisionFailed():
            return reconcile.revision_failed(state, event, now)
        case events.TrafficApplied():
            return reconcile.traffic_applied(state, event, now)
        case events.TrafficFailed():
            return reconcile.traffic_failed(state, event, now)
        case events.StatusMoved():
            return _moved(state, event.key, now)
        case events.Restarted():
            return restart.restarted(state, now)
        case _:
            raise TypeError(f"not an event: {event!r}")


def _forget(state: State, name: str) -> Step:
    if not get_operation(state, name).done:
        raise ApiError(Code.FAILED_PRECONDITION, f"Operation '{name}' is not done.")
    return Step(replace(state, operations=without(state.operations, name)))


def _moved(state: State, key: ServiceKey | JobKey, now: datetime) -> Step:
    if isinstance(key, JobKey):
        job = state.jobs.get(key)
        return Step(put_job(state, job, now) if job else state)
    service = state.services.get(key)
    return Step(put(state, service, now) if service else state)


def _bounded(result: Step) -> Step:
    """The oldest operations that are done go, so that a long session stays small."""
    held = result.state.operations
    surplus = len(held) - _OPERATIONS_KEPT
    if surplus <= 0:
        return result
    done = [name for name, each in held.items() if each.done]
    kept = {name: each for name, each in held.items() if name not in done[:surplus]}
    return replace(result, state=replace(result.state, operations=kept))
