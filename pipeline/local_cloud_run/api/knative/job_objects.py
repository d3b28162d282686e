"""Jobs, executions and tasks as v1 JSON (API facts §6, §13.3)."""

from __future__ import annotations

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.api import job_views
from pipeline.local_cloud_run.api.knative import job_template
from pipeline.local_cloud_run.api.knative.job_template import API_VERSION
from pipeline.local_cloud_run.api.knative.objects import Identity, condition, head
from pipeline.local_cloud_run.api.knative.spelling import RUN
from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.state.conditions import (
    FAILED,
    RECONCILING,
    SUCCEEDED,
    Condition,
)
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Phase, Task
from pipeline.local_cloud_run.values import Json

_JOB, _EXECUTION = f"{RUN}job", f"{RUN}execution"
_STATE, _SERVING = f"{RUN}runningState", f"{RUN}servingState"
_PREPARED = ("ResourcesAvailable", "ContainerReady", "Started")
_OF_PHASE = {Phase.SUCCEEDED: SUCCEEDED, Phase.FAILED: FAILED, Phase.CANCELLED: FAILED}
_TIMES = {"completionTime": "completionTimestamp", "createTime": "creationTimestamp"}


def job_identity(of: Job) -> Identity:
    key = of.key
    return Identity(API_VERSION, "Job", "jobs", key.project, key.location, key.job, of.uid)


def execution_identity(of: Execution) -> Identity:
    key = of.key
    return Identity(
        API_VERSION, "Execution", "executions", key.project, key.location, key.execution, of.uid
    )


def task_identity(task: Task, of: Execution) -> Identity:
    name, uid = of.task_name(task.index), f"{of.uid}-{task.index}"
    return Identity(API_VERSION, "Task", "tasks", of.key.project, of.key.location, name, uid)


def job(held: Job) -> Json:
    template, spec = job_template.execution_to_v1(held.spec["template"], held.spec)
    return {
        **head(
            job_identity(held),
            held.created,
            held.version,
            generation=held.generation,
            labels={**held.spec.get("labels", {}), job_template.UPDATED: timestamp(held.updated)},
            annotations=job_template.job_annotations(held.spec),
        ),
        "spec": {"template": {"metadata": template, "spec": spec}},
        "status": {
            "observedGeneration": _observed(held),
            "conditions": [condition("Ready", held.ready)],
            "executionCount": held.made,
            **_latest(held),
        },
    }


def _observed(of: Job) -> int:
    """v1 counts a generation as observed also when it came to nothing; v2 does not."""
    return of.observed_generation if of.reconciling else of.generation


def _latest(of: Job) -> Json:
    """An ExecutionReference, whose times v1 names otherwise."""
    shown: Json = job_views.job(of).get("latestCreatedExecution", {})
    renamed = {_TIMES.get(field, field): value for field, value in shown.items()}
    return {"latestCreatedExecution": renamed} if renamed else {}


def execution_labels(held: Execution) -> dict[str, str]:
    return {
        **held.template.get("labels", {}),
        _JOB: held.key.job,
        f"{_JOB}Generation": str(held.job_generation),
        **({_SERVING: "Active"} if held.reconciling else {}),
    }


def execution(held: Execution, of: Job) -> Json:
    template, spec = job_template.execution_to_v1(held.template, of.spec)
    begun = Condition(SUCCEEDED, held.created)
    counts = {phase: held.count(phase) for phase in Phase if phase is not Phase.PENDING}
    return {
        **head(
            execution_identity(held),
            held.created,
            held.version,
            labels=execution_labels(held),
            annotations=template["annotations"],
        ),
        "spec": spec,
        "status": {
            "observedGeneration": 1,
            "startTime": timestamp(held.created),
            **({} if held.reconciling else {"completionTime": timestamp(held.completed.at)}),
            "conditions": [
                condition("Completed", held.completed),
                *(condition(kind, begun) for kind in _PREPARED),
            ],
            **{f"{phase.name.lower()}Count": count for phase, count in counts.items() if count},
            **({"retriedCount": held.retried} if held.retried else {}),
            "logUri": messages.execution_logs_url(held.key),
        },
    }


def task_labels(held: Task, of: Execution) -> dict[str, str]:
    return {_JOB: of.key.job, _EXECUTION: of.key.execution, _STATE: held.phase.name.title()}


def task(held: Task, of: Execution) -> Json:
    spec, annotations = job_template.task_to_v1(of.template["template"])
    times = {"startTime": held.started, "completionTime": held.ended if held.over else None}
    message = held.end.message if held.end and held.over else ""
    ended = Condition(_OF_PHASE.get(held.phase, RECONCILING), held.ended or of.updated, message)
    return {
        **head(
            task_identity(held, of),
            of.created,
            of.version,
            labels=task_labels(held, of),
            annotations=annotations,
        ),
        "spec": spec,
        "status": {
            "observedGeneration": 1,
            "index": held.index,
            **{field: timestamp(at) for field, at in times.items() if at},
            "conditions": [condition("Completed", ended)],
            **({"retried": held.attempt} if held.attempt else {}),
            **_last_attempt(held),
            "logUri": messages.execution_logs_url(of.key),
        },
    }


def _last_attempt(held: Task) -> Json:
    shown: Json = job_views.last_attempt(held)
    attempt = shown.get("lastAttemptResult", {})
    kept = {field: attempt[field] for field in ("status", "exitCode") if field in attempt}
    return {"lastAttemptResult": kept} if kept else {}
