"""The defaults Cloud Run fills in for a job, and a task as something that can be run (§4.1, §6)."""

from __future__ import annotations

from pipeline.local_cloud_run.state.defaults import cpus, plain_env, seconds, size
from pipeline.local_cloud_run.state.job_resources import Execution, Task
from pipeline.local_cloud_run.values import Json, TaskSpec

_MUTABLE = frozenset(
    {
        "annotations",
        "binaryAuthorization",
        "client",
        "clientVersion",
        "labels",
        "launchStage",
        "runExecutionToken",
        "startExecutionToken",
        "template",
    }
)
"""The fields of a Job that a caller owns; the others are ignored when sent."""


def with_defaults(asked: Json) -> Json:
    """The specification as GET returns it. Applying it twice changes nothing."""
    spec = {name: value for name, value in asked.items() if name in _MUTABLE}
    template = spec.get("template", {})
    return {
        "launchStage": "GA",
        **spec,
        "template": {"taskCount": 1, **template, "template": _task(template.get("template", {}))},
    }


def _task(template: Json) -> Json:
    return {
        "maxRetries": 3,
        "timeout": "600s",
        "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
        **template,
        "containers": [_container(each) for each in template.get("containers", ())],
    }


def _container(container: Json) -> Json:
    resources = container.get("resources", {})
    limits = {"cpu": "1000m", "memory": "512Mi", **resources.get("limits", {})}
    return {**container, "resources": {**resources, "limits": limits}}


def overridden(template: Json, overrides: Json) -> Json:
    """An ExecutionTemplate with a run's overrides in it; each names its container, or none."""
    task, containers = template["template"], template["template"]["containers"]
    for override in overrides.get("containerOverrides", ()):
        name = override.get("name")
        containers = [
            _with_override(each, override) if name in (None, "", each.get("name")) else each
            for each in containers
        ]
    timeout = overrides.get("timeout", task["timeout"])
    return {
        **template,
        "taskCount": overrides.get("taskCount") or template["taskCount"],
        "template": {**task, "timeout": timeout, "containers": containers},
    }


def _with_override(container: Json, override: Json) -> Json:
    """Variables are merged by name; args replace, and an empty list only when asked to clear."""
    both = (*container.get("env", ()), *override.get("env", ()))
    merged = {each.get("name", ""): each for each in both}
    env = {"env": list(merged.values())} if merged else {}
    args = override.get("args", ())
    replaced = {"args": list(args)} if args or override.get("clearArgs") else {}
    return {**container, **env, **replaced}


def pinned(template: Json, image: str) -> Json:
    """An ExecutionTemplate whose image is the one that the job was found to mean."""
    task = template["template"]
    first, *others = task["containers"]
    return {**template, "template": {**task, "containers": [{**first, "image": image}, *others]}}


def task_spec(execution: Execution, task: Task) -> TaskSpec:
    """What the next attempt at a task needs, the variables of the contract among it."""
    template = execution.template["template"]
    container = template["containers"][0]
    limits = container["resources"]["limits"]
    contract = {
        "CLOUD_RUN_JOB": execution.key.job,
        "CLOUD_RUN_EXECUTION": execution.key.execution,
        "CLOUD_RUN_TASK_INDEX": str(task.index),
        "CLOUD_RUN_TASK_ATTEMPT": str(task.attempt),
        "CLOUD_RUN_TASK_COUNT": str(len(execution.tasks)),
    }
    return TaskSpec(
        execution.key,
        container["image"],
        task.index,
        task.attempt,
        env={**plain_env(container), **contract},
        command=tuple(container.get("command", ())),
        args=tuple(container.get("args", ())),
        cpu=cpus(limits["cpu"]),
        memory=size(limits["memory"]),
        timeout=seconds(template["timeout"]),
    )
