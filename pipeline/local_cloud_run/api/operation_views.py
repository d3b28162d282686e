"""Long-running operations as JSON (API facts §1.5)."""

from __future__ import annotations

from pipeline.local_cloud_run.api import job_views, views
from pipeline.local_cloud_run.api.views import Uri
from pipeline.local_cloud_run.state.job_resources import Execution, Job
from pipeline.local_cloud_run.state.resources import Operation, Revision, Service, State
from pipeline.local_cloud_run.values import JobKey, Json

_TYPE = "type.googleapis.com/google.cloud.run.v2."


def operation(held: Operation, state: State, uri: Uri) -> Json:
    """A google.longrunning.Operation; metadata and response are the resource itself."""
    resource = _resource(held.result or _subject(held, state), state, uri)
    shown: Json = {"name": held.name, "done": held.done}
    if resource:
        shown["metadata"] = resource
    if held.error:
        shown["error"] = {"code": held.error.code, "message": held.error.message}
    elif held.done:
        shown["response"] = resource
    return shown


def _subject(held: Operation, state: State) -> Service | Job | Execution | None:
    """What an operation is about, as it is now."""
    if not isinstance(held.key, JobKey):
        return state.services.get(held.key)
    job = state.jobs.get(held.key)
    return job.executions.get(held.execution) if job and held.execution else job


def _resource(subject: Service | Revision | Job | Execution | None, state: State, uri: Uri) -> Json:
    match subject:
        case Service():
            return {"@type": f"{_TYPE}Service", **views.service(subject, uri)}
        case Revision():
            owner = state.services.get(subject.key.of_service)
            return {"@type": f"{_TYPE}Revision", **views.revision(subject, owner)}
        case Job():
            return {"@type": f"{_TYPE}Job", **job_views.job(subject)}
        case Execution():
            return {"@type": f"{_TYPE}Execution", **job_views.execution(subject)}
        case None:
            return {}
