"""The v1 API of jobs, executions and tasks (API facts §13.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.local_cloud_run.api import jobs_v2
from pipeline.local_cloud_run.api.calls import PLACE, Call, Handler
from pipeline.local_cloud_run.api.knative import job_objects, job_template, objects
from pipeline.local_cloud_run.api.knative.job_template import API_VERSION
from pipeline.local_cloud_run.api.knative.lists import listed
from pipeline.local_cloud_run.state import events, texts
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Task
from pipeline.local_cloud_run.state.lookup import get_job
from pipeline.local_cloud_run.state.resources import Operation
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid
from pipeline.local_cloud_run.values import ExecutionKey, JobKey, Json


async def create_job(call: Call) -> Json:
    name, _, spec = job_template.job_to_v2(call.body)
    location = call.path["location"]
    if not location:
        raise invalid("The host of this request names no region, such as us-central1-run.localhost")
    key = JobKey(call.path["project"], location, name)
    event = events.CreateJob(key, spec, call.control.nonce(), call.is_dry)
    return _made(call, key, call.control.submit(event))


async def replace_job(call: Call) -> Json:
    """A resourceVersion that is sent must be the present one."""
    name, version, spec = job_template.job_to_v2(call.body)
    if name != call.path["job"]:
        raise invalid("metadata.name: must be the name in the path.")
    event = events.UpdateJob(
        call.job, spec, call.control.nonce(), version, validate_only=call.is_dry
    )
    return _made(call, call.job, call.control.submit(event))


def _made(call: Call, key: JobKey, operation: Operation | None) -> Json:
    """The job as it now stands, or as it would."""
    result = operation.result if operation else None
    return job_objects.job(result if isinstance(result, Job) else call.control.state.jobs[key])


async def get_one_job(call: Call) -> Json:
    return job_objects.job(get_job(call.control.state, call.job))


async def list_jobs(call: Call) -> Json:
    held = sorted(_jobs(call), key=lambda each: each.key)
    return listed(call, API_VERSION, "Job", held, _labels_of, job_objects.job)


async def delete_job(call: Call) -> Json:
    job = get_job(call.control.state, call.job)
    call.control.submit(events.DeleteJob(job.key, call.control.nonce(), "", call.is_dry))
    return objects.deleted(job_objects.job_identity(job))


async def run_job(call: Call) -> Json:
    overrides = job_template.run_to_v2(call.body)
    operation = call.control.submit(events.RunJob(call.job, overrides, call.control.nonce()))
    if operation is None or not operation.execution:
        raise ApiError(Code.INTERNAL, "The run led to no execution.")
    job = get_job(call.control.state, call.job)
    return job_objects.execution(job.executions[operation.execution], job)


async def get_one_execution(call: Call) -> Json:
    execution = _execution(call)
    return _shown(call, execution)


async def list_executions(call: Call) -> Json:
    """Newest first."""
    held = [each for job in _jobs(call) for each in job.executions.values()]
    held.sort(key=lambda each: each.created, reverse=True)
    labels = job_objects.execution_labels
    return listed(call, API_VERSION, "Execution", held, labels, lambda each: _shown(call, each))


async def cancel_execution(call: Call) -> Json:
    key = _execution(call).key
    call.control.submit(events.CancelExecution(key, call.control.nonce()))
    return _shown(call, _execution(call))


async def delete_execution(call: Call) -> Json:
    held = _execution(call)
    call.control.submit(events.DeleteExecution(held.key, call.control.nonce()))
    return objects.deleted(job_objects.execution_identity(held))


async def get_task(call: Call) -> Json:
    name = call.path["task"]
    for task, of in _tasks(call):
        if of.task_name(task.index) == name:
            return job_objects.task(task, of)
    raise _missing(call, "TASK", name)


async def list_tasks(call: Call) -> Json:
    """In order of their index."""
    return listed(
        call,
        API_VERSION,
        "Task",
        _tasks(call),
        lambda each: job_objects.task_labels(*each),
        lambda each: job_objects.task(*each),
    )


def _jobs(call: Call) -> Iterator[Job]:
    """Those of the project; of one location, where the host names it."""
    location = call.path["location"]
    for key, job in call.control.state.jobs.items():
        if key.project == call.path["project"] and location in ("", key.location):
            yield job


def _execution(call: Call) -> Execution:
    """v1 names an execution without its job."""
    name = call.path["execution"]
    for job in _jobs(call):
        if name in job.executions:
            return job.executions[name]
    raise _missing(call, "EXECUTION", name)


def _tasks(call: Call) -> Iterator[tuple[Task, Execution]]:
    for job in _jobs(call):
        for execution in job.executions.values():
            yield from ((task, execution) for task in execution.tasks)


def _missing(call: Call, kind: str, name: str) -> ApiError:
    key = ExecutionKey(call.path["project"], call.path["location"], "", name)
    return ApiError(Code.NOT_FOUND, texts.missing(kind, name, key))


def _labels_of(job: Job) -> Mapping[str, str]:
    labels: dict[str, str] = job.spec.get("labels", {})
    return labels


def _shown(call: Call, execution: Execution) -> Json:
    return job_objects.execution(execution, get_job(call.control.state, execution.key.of_job))


_NAMESPACE = r"apis/run\.googleapis\.com/v1/namespaces/(?P<project>[^/]+)"
_JOB = _NAMESPACE + r"/jobs/(?P<job>[^/:]+)"
_EXECUTION = _NAMESPACE + r"/executions/(?P<execution>[^/:]+)"
_POLICY = "v1/" + PLACE + r"/jobs/(?P<job>[^/:]+)"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", _NAMESPACE + "/jobs", list_jobs),
    ("POST", _NAMESPACE + "/jobs", create_job),
    ("GET", _JOB, get_one_job),
    ("PUT", _JOB, replace_job),
    ("DELETE", _JOB, delete_job),
    ("POST", _JOB + ":run", run_job),
    ("GET", _NAMESPACE + "/executions", list_executions),
    ("GET", _EXECUTION, get_one_execution),
    ("DELETE", _EXECUTION, delete_execution),
    ("POST", _EXECUTION + ":cancel", cancel_execution),
    ("GET", _NAMESPACE + "/tasks", list_tasks),
    ("GET", _NAMESPACE + "/tasks/(?P<task>[^/:]+)", get_task),
    ("GET", _POLICY + ":getIamPolicy", jobs_v2.get_policy),
    ("POST", _POLICY + ":setIamPolicy", jobs_v2.set_policy),
    ("POST", _POLICY + ":testIamPermissions", jobs_v2.tested_permissions),
)
