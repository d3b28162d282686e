"""Operations and locations of the v1 API (API facts §13.3)."""

from __future__ import annotations

from pipeline.local_cloud_run.api import rest_v2
from pipeline.local_cloud_run.api.calls import PLACE, Call, Handler
from pipeline.local_cloud_run.api.knative import job_objects, service_objects
from pipeline.local_cloud_run.state.job_resources import Execution, Job
from pipeline.local_cloud_run.state.lookup import get_operation
from pipeline.local_cloud_run.state.resources import Operation, Revision, Service
from pipeline.local_cloud_run.values import Json

_TYPE = "type.googleapis.com/google.cloud.run.v1."
_NUMBERS = {
    "africa-south": "1",
    "asia-east": "12",
    "asia-northeast": "123",
    "asia-south": "12",
    "asia-southeast": "12",
    "australia-southeast": "12",
    "europe-central": "2",
    "europe-north": "12",
    "europe-southwest": "1",
    "me-central": "12",
    "me-west": "1",
    "northamerica-northeast": "12",
    "northamerica-south": "1",
    "southamerica-east": "1",
    "southamerica-west": "1",
    "us-central": "1",
    "us-east": "145",
    "us-south": "1",
    "us-west": "1234",
}
REGIONS = (
    *(f"{area}{number}" for area, numbers in _NUMBERS.items() for number in numbers),
    *(f"europe-west{number}" for number in (1, 2, 3, 4, 6, 8, 9, 10, 12)),
)
"""Cloud Run's, as of 2026. Any other works here too."""


async def get_one(call: Call) -> Json:
    return _shown(get_operation(call.control.state, call.operation), call)


async def wait(call: Call) -> Json:
    """As that of v2."""
    limit = rest_v2.time_to_wait(call)
    return _shown(await call.control.wait(call.operation, limit), call)


async def locations(call: Call) -> Json:
    prefix = f"projects/{call.path['project']}/locations"
    names = sorted(REGIONS)
    return {"locations": [{"name": f"{prefix}/{name}", "locationId": name} for name in names]}


def _shown(held: Operation, call: Call) -> Json:
    """A google.longrunning.Operation whose response is the v1 object."""
    shown: Json = {"name": held.name, "done": held.done}
    if held.error:
        return {**shown, "error": {"code": held.error.code, "message": held.error.message}}
    if held.done:
        shown["response"] = _object(held, call)
    return shown


def _object(held: Operation, call: Call) -> Json:
    state = call.control.state
    match held.result:
        case Service() as service:
            shown = service_objects.service(service, call.control.uri, held.name)
        case Revision() as revision if owner := state.services.get(revision.key.of_service):
            shown = service_objects.revision(revision, owner)
        case Job() as job:
            shown = job_objects.job(job)
        case Execution() as execution if of_job := state.jobs.get(execution.key.of_job):
            shown = job_objects.execution(execution, of_job)
        case _:
            return {"@type": "type.googleapis.com/google.protobuf.Empty"}
    return {"@type": f"{_TYPE}{shown['kind']}", **shown}


_OPERATION = "v1/" + PLACE + r"/operations/(?P<operation>[^/:]+)"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", _OPERATION, get_one),
    ("POST", _OPERATION + ":wait", wait),
    ("GET", "v1/projects/(?P<project>[^/]+)/locations", locations),
)
