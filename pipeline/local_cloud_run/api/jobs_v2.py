"""Run v2 REST for jobs, executions and tasks (API facts §6, §13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.local_cloud_run.api import job_views, protos, views
from pipeline.local_cloud_run.api.calls import PLACE, Call, Handler
from pipeline.local_cloud_run.state import events, texts
from pipeline.local_cloud_run.state.job_resources import Execution, Job
from pipeline.local_cloud_run.state.lookup import get_execution, get_job
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid
from pipeline.local_cloud_run.values import JobKey, Json

_ANY = "-"


async def create_job(call: Call) -> Json:
    key = JobKey(call.path["project"], call.path["location"], call.query.get("jobId", ""))
    spec = protos.job(call.body)
    event = events.CreateJob(key, spec, call.control.nonce(), call.flag("validateOnly"))
    return call.show(call.control.submit(event))


async def get(call: Call) -> Json:
    return job_views.job(get_job(call.control.state, call.job))


async def list_jobs(call: Call) -> Json:
    place = (call.path["project"], call.path["location"])
    if _ANY in place:
        raise invalid("The location of a list of jobs cannot be the '-' wildcard.")
    held = sorted(call.control.state.jobs.items())
    shown, token = call.page(job for key, job in held if (key.project, key.location) == place)
    return {"jobs": [job_views.job(each) for each in shown], "nextPageToken": token}


async def update_job(call: Call) -> Json:
    spec = protos.job(call.body)
    event = events.UpdateJob(
        call.job,
        spec,
        call.control.nonce(),
        spec.get("etag", ""),
        call.flag("allowMissing"),
        call.flag("validateOnly"),
    )
    return call.show(call.control.submit(event))


async def delete_job(call: Call) -> Json:
    etag, dry = call.query.get("etag", ""), call.flag("validateOnly")
    return call.show(
        call.control.submit(events.DeleteJob(call.job, call.control.nonce(), etag, dry))
    )


async def run_job(call: Call) -> Json:
    asked = protos.run_request(call.body)
    event = events.RunJob(
        call.job,
        asked.get("overrides", {}),
        call.control.nonce(),
        asked.get("etag", ""),
        asked.get("validateOnly", False),
    )
    return call.show(call.control.submit(event))


async def get_one_execution(call: Call) -> Json:
    return job_views.execution(get_execution(call.control.state, call.execution))


async def list_executions(call: Call) -> Json:
    """Newest first; the job may be ``-`` for all of them."""
    held = [each for job in _jobs(call) for each in job.executions.values()]
    held.sort(key=lambda each: each.created, reverse=True)
    shown, token = call.page(held)
    return {"executions": [job_views.execution(each) for each in shown], "nextPageToken": token}


async def cancel_execution(call: Call) -> Json:
    etag, dry = call.field("etag") or "", call.flag("validateOnly")
    event = events.CancelExecution(call.execution, call.control.nonce(), etag, dry)
    return call.show(call.control.submit(event))


async def delete_execution(call: Call) -> Json:
    etag, dry = call.query.get("etag", ""), call.flag("validateOnly")
    event = events.DeleteExecution(call.execution, call.control.nonce(), etag, dry)
    return call.show(call.control.submit(event))


async def get_task(call: Call) -> Json:
    execution = get_execution(call.control.state, call.execution)
    name = call.path["task"]
    for task in execution.tasks:
        if execution.task_name(task.index) == name:
            return job_views.task(task, execution)
    raise ApiError(Code.NOT_FOUND, texts.missing("TASK", name, execution.key))


async def list_tasks(call: Call) -> Json:
    """In order of their index; the job and the execution may be ``-`` for all of them."""
    held = [(task, each) for each in _executions(call) for task in each.tasks]
    shown, token = call.page(held)
    return {"tasks": [job_views.task(task, of) for task, of in shown], "nextPageToken": token}


async def get_policy(call: Call) -> Json:
    return views.policy(get_job(call.control.state, call.job))


async def set_policy(call: Call) -> Json:
    policy = protos.policy(call.field("policy") or {})
    bindings = tuple(policy.get("bindings", ()))
    call.control.submit(events.SetPolicy(call.job, bindings, policy.get("etag", "")))
    return await get_policy(call)


async def tested_permissions(call: Call) -> Json:
    """The local caller has every permission."""
    get_job(call.control.state, call.job)
    return {"permissions": call.field("permissions") or []}


def _jobs(call: Call) -> Iterator[Job]:
    """The job of a list's parent, or all of its place."""
    state, wanted = call.control.state, call.job
    if wanted.job != _ANY:
        yield get_job(state, wanted)
        return
    for key, job in state.jobs.items():
        if (key.project, key.location) == (wanted.project, wanted.location):
            yield job


def _executions(call: Call) -> Iterator[Execution]:
    if call.path["execution"] != _ANY:
        yield get_execution(call.control.state, call.execution)
        return
    for job in _jobs(call):
        yield from job.executions.values()


_JOB = PLACE + r"/jobs/(?P<job>[^/:]+)"
_EXECUTION = _JOB + r"/executions/(?P<execution>[^/:]+)"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", PLACE + "/jobs", create_job),
    ("GET", PLACE + "/jobs", list_jobs),
    ("GET", _JOB, get),
    ("PATCH", _JOB, update_job),
    ("DELETE", _JOB, delete_job),
    ("POST", _JOB + ":run", run_job),
    ("GET", _JOB + "/executions", list_executions),
    ("GET", _EXECUTION, get_one_execution),
    ("DELETE", _EXECUTION, delete_execution),
    ("POST", _EXECUTION + ":cancel", cancel_execution),
    ("GET", _EXECUTION + "/tasks", list_tasks),
    ("GET", _EXECUTION + "/tasks/(?P<task>[^/:]+)", get_task),
    ("GET", _JOB + ":getIamPolicy", get_policy),
    ("POST", _JOB + ":setIamPolicy", set_policy),
    ("POST", _JOB + ":testIamPermissions", tested_permissions),
)
