"""What Cloud Run refuses of a job before anything happens (API facts §6, §11)."""

from __future__ import annotations

from pipeline.local_cloud_run.state import texts
from pipeline.local_cloud_run.state.defaults import cpus, seconds, size
from pipeline.local_cloud_run.state.rpc import invalid, not_emulated
from pipeline.local_cloud_run.state.validation import environment, is_id, metadata
from pipeline.local_cloud_run.values import Json

RESERVED_ENV = (
    "CLOUD_RUN_JOB",
    "CLOUD_RUN_EXECUTION",
    "CLOUD_RUN_TASK_INDEX",
    "CLOUD_RUN_TASK_ATTEMPT",
    "CLOUD_RUN_TASK_COUNT",
)
_SPEC = "spec.template.spec"
_TASK = f"{_SPEC}.template.spec"
_MOST_TASKS = 10_000
_MOST_RETRIES = 10
_LONGEST = 168 * 3600  # seconds


def job_id(name: str) -> None:
    if not is_id(name):
        raise invalid(texts.JOB_ID)


def specification(spec: Json) -> None:
    """``spec`` has its defaults."""
    if spec.get("startExecutionToken") or spec.get("runExecutionToken"):
        raise not_emulated("jobs that start an execution when they are deployed")
    metadata(spec)
    template(spec["template"])


def template(asked: Json) -> None:
    """An ExecutionTemplate, of a job or with a run's overrides in it."""
    metadata(asked)
    if not 0 < asked["taskCount"] <= _MOST_TASKS:
        raise invalid(f"{_SPEC}.taskCount: must be between 1 and {_MOST_TASKS}.")
    if asked.get("parallelism", 0) < 0:
        raise invalid(f"{_SPEC}.parallelism: must not be negative.")
    task = asked["template"]
    if not 0 <= task["maxRetries"] <= _MOST_RETRIES:
        raise invalid(f"{_TASK}.maxRetries: must be between 0 and {_MOST_RETRIES}.")
    if not 0 < seconds(task["timeout"]) <= _LONGEST:
        raise invalid(f"{_TASK}.timeoutSeconds: must be between 1 and {_LONGEST}.")
    _containers(task["containers"])


def _containers(containers: list[Json]) -> None:
    if not containers or not containers[0].get("image"):
        raise invalid(texts.TASK_TEMPLATE_EMPTY)
    if len(containers) > 1:
        raise not_emulated("more than one container in a task")
    limits = containers[0]["resources"]["limits"]
    cpus(limits["cpu"])
    size(limits["memory"])
    environment(containers[0].get("env", ()), RESERVED_ENV, f"{_TASK}.containers[0].env")
