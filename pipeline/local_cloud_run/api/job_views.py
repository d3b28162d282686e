"""Jobs, executions and tasks as v2 JSON, as GET returns them (API facts §6)."""

from __future__ import annotations

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.api.shapes import condition, timestamp
from pipeline.local_cloud_run.state.conditions import (
    FAILED,
    RECONCILING,
    SUCCEEDED,
    Condition,
    etag_of,
)
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Phase, Task
from pipeline.local_cloud_run.values import ExecutionKey, JobKey, Json

_PREPARED = ("ResourcesAvailable", "ContainerReady", "Started")
_OF_PHASE = {Phase.SUCCEEDED: SUCCEEDED, Phase.FAILED: FAILED, Phase.CANCELLED: FAILED}
_UNKNOWN = 2  # google.rpc.Code


def job_name(key: JobKey) -> str:
    return f"projects/{key.project}/locations/{key.location}/jobs/{key.job}"


def execution_name(key: ExecutionKey) -> str:
    return f"{job_name(key.of_job)}/executions/{key.execution}"


def job(held: Job) -> Json:
    newest = [*held.executions.values()][-1] if held.executions else None
    return {
        **held.spec,
        "name": job_name(held.key),
        "uid": held.uid,
        "generation": str(held.generation),
        "observedGeneration": str(held.observed_generation),
        "createTime": timestamp(held.created),
        "updateTime": timestamp(held.updated),
        "terminalCondition": condition("Ready", held.ready),
        "executionCount": held.made,
        **({"latestCreatedExecution": _reference(newest)} if newest else {}),
        "reconciling": held.reconciling,
        "etag": etag_of(held.version),
    }


def _reference(held: Execution) -> Json:
    """An ExecutionReference."""
    status = "EXECUTION_RUNNING"
    if not held.reconciling:
        status = "EXECUTION_SUCCEEDED" if held.succeeded else "EXECUTION_FAILED"
    return {
        "name": held.key.execution,
        "createTime": timestamp(held.created),
        **_completion(held),
        "completionStatus": "EXECUTION_CANCELLED" if held.cancelled else status,
    }


def _completion(held: Execution) -> Json:
    return {} if held.reconciling else {"completionTime": timestamp(held.completed.at)}


def execution(held: Execution) -> Json:
    counts = {phase.name.lower(): held.count(phase) for phase in Phase}
    begun = Condition(SUCCEEDED, held.created)
    return {
        "name": execution_name(held.key),
        "uid": held.uid,
        "generation": "1",
        "observedGeneration": "0" if held.reconciling else "1",
        **{field: held.template[field] for field in _COPIED if field in held.template},
        "job": held.key.job,
        "template": held.template["template"],
        "createTime": timestamp(held.created),
        "startTime": timestamp(held.created),
        "updateTime": timestamp(held.updated),
        **_completion(held),
        "reconciling": held.reconciling,
        "conditions": [
            condition("Completed", held.completed),
            *(condition(kind, begun) for kind in _PREPARED),
        ],
        **{f"{name}Count": counts[name] for name in _COUNTED},
        "retriedCount": held.retried,
        "logUri": messages.execution_logs_url(held.key),
        "etag": etag_of(held.version),
    }


_COPIED = ("labels", "annotations", "parallelism", "taskCount")
_COUNTED = ("running", "succeeded", "failed", "cancelled")


def task(held: Task, of: Execution) -> Json:
    """A Task; one that has not been tried yet has no times."""
    template = of.template["template"]
    times = {"startTime": held.started, "completionTime": held.ended if held.over else None}
    message = held.end.message if held.end and held.over else ""
    ended = Condition(_OF_PHASE.get(held.phase, RECONCILING), held.ended or of.updated, message)
    return {
        "name": f"{execution_name(of.key)}/tasks/{of.task_name(held.index)}",
        "uid": f"{of.uid}-{held.index}",
        "generation": "1",
        "job": of.key.job,
        "execution": of.key.execution,
        **template,
        "index": held.index,
        "retried": held.attempt,
        "createTime": timestamp(of.created),
        "scheduledTime": timestamp(of.created),
        "updateTime": timestamp(held.ended or held.started or of.created),
        **{field: timestamp(at) for field, at in times.items() if at},
        "reconciling": not held.over,
        "conditions": [condition("Completed", ended)],
        **last_attempt(held),
        "logUri": messages.execution_logs_url(of.key),
        "etag": etag_of(of.version),
    }


def last_attempt(held: Task) -> Json:
    """A TaskAttemptResult, once an attempt is over."""
    if held.end is None:
        return {}
    status = {"code": _UNKNOWN, "message": held.end.message} if held.end.message else {}
    return {
        "lastAttemptResult": {
            "status": status,
            "exitCode": held.end.exit_code,
            "termSignal": held.end.signal,
        }
    }
