"""What the state model holds, as the messages that Google's client gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.cloud import run_v2
from google.longrunning import operations_pb2  # type: ignore[import-untyped]
from google.protobuf import json_format

from pipeline.local_cloud_run.api import job_views, views
from pipeline.local_cloud_run.state.job_resources import Execution, Job
from pipeline.local_cloud_run.state.resources import Operation, Revision, Service
from pipeline.local_cloud_run.values import Json
from tests.simulation.cloud import Cloud
from tests.simulation.front import uri

_TYPES: Mapping[type, Any] = {
    Service: run_v2.Service, Revision: run_v2.Revision, Job: run_v2.Job,
    Execution: run_v2.Execution,
}  # fmt: skip


def message(cloud: Cloud, held: Any) -> Any:
    """A resource; callers only read it, so what has not changed is made once."""
    for known, service, made in cloud.messages:
        if known is held and service is cloud.service:
            return made
    kind = _TYPES[type(held)]
    made = kind.wrap(json_format.ParseDict(_view(cloud, held), kind.pb()()))
    cloud.messages.append((held, cloud.service, made))
    return made


def operation(cloud: Cloud, held: Operation | None) -> operations_pb2.Operation:
    assert held is not None
    shown = operations_pb2.Operation(name=held.name, done=held.done)
    if held.execution:
        job = cloud.state.jobs[held.key]  # type: ignore[index]
        shown.metadata.Pack(message(cloud, job.executions[held.execution])._pb)
    if held.error:
        shown.error.code, shown.error.message = held.error.code, held.error.message
    elif held.done:
        shown.response.Pack(message(cloud, held.result)._pb)
    return shown


def _view(cloud: Cloud, held: Any) -> Json:
    match held:
        case Service():
            return views.service(held, uri)
        case Revision():
            return views.revision(held, cloud.service)
        case Job():
            return job_views.job(held)
        case _:
            return job_views.execution(held)


def as_json(message: Any) -> Json:
    return dict(json_format.MessageToDict(message._pb))


def wanted(spec: Json, paths: tuple[str, ...]) -> str:
    """The part of a write that tells most, for the history."""
    if "traffic" not in paths:
        return "notes only"
    return ", ".join(
        f"{one.get('revision', 'LATEST')} {one.get('percent', 0)} % {one.get('tag', '')}".strip()
        for one in spec.get("traffic", ())
    )
