"""Google's clients for Cloud Run, answered by the state model instead of over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.api_core import exceptions, operation, retry
from google.cloud import run_v2
from google.iam.v1 import policy_pb2
from google.protobuf import json_format

from pipeline.local_cloud_run.api import protos, views
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.lookup import (
    get_execution,
    get_job,
    get_operation,
    get_revision,
)
from pipeline.local_cloud_run.state.resources import Operation
from pipeline.local_cloud_run.values import ExecutionKey, JobKey, RevisionKey
from tests.simulation import shown
from tests.simulation.front import KEY
from tests.simulation.machine import Machine

_POLL = 10.0
"""Seconds that the client gives a look at an operation over REST (API facts §10.2)."""


class Services:
    """As ``run_v2.ServicesClient``, as far as the pipeline uses it."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._cloud = machine, machine.cloud

    def get_service(self, *, name: str, timeout: float, retry: retry.Retry) -> Any:
        cloud = self._cloud

        def read() -> Any:
            self._machine.reads()
            return shown.message(cloud, cloud.held())

        def outdated() -> Any:
            return shown.message(cloud, cloud.earlier[-1]) if cloud.earlier else read()

        return retry(lambda: self._machine.call("get service", read, timeout, stale=outdated))()

    def create_service(self, *, request: run_v2.CreateServiceRequest, timeout: float) -> Any:
        spec = shown.as_json(request.service)
        nonce = self._cloud.nonce
        return self._write(
            "create service", lambda: events.CreateService(KEY, spec, nonce()), timeout
        )

    def update_service(self, *, request: run_v2.UpdateServiceRequest, timeout: float) -> Any:
        spec = shown.as_json(request.service)
        paths = protos.mask_paths(",".join(request.update_mask.paths))
        what, etag = f"update {', '.join(paths)}: {shown.wanted(spec, paths)}", spec.get("etag", "")

        def event() -> events.Event:
            return events.UpdateService(KEY, spec, self._cloud.nonce(), paths, etag)

        return self._write(what, event, timeout)

    def get_iam_policy(self, *, request: Any, timeout: float, retry: retry.Retry) -> Any:
        def read() -> Any:
            return json_format.ParseDict(views.policy(self._cloud.held()), policy_pb2.Policy())

        return retry(lambda: self._machine.call("get policy", read, timeout))()

    def set_iam_policy(self, *, request: Any, timeout: float) -> Any:
        policy = json_format.MessageToDict(request.policy)
        event = events.SetPolicy(KEY, tuple(policy.get("bindings", ())), policy.get("etag", ""))
        self._machine.sends()
        return self._machine.call(
            "set policy", lambda: self._cloud.submit(event), timeout, writes=True
        )

    def _write(self, what: str, event: Callable[[], events.Event], timeout: float) -> Any:
        self._machine.sends()
        return _begun(self._machine, what, lambda: self._sent(event()), timeout)

    def _sent(self, event: events.Event) -> Operation | None:
        before = self._cloud.service
        begun = self._cloud.submit(event)
        self._cloud.written(self._machine.name, before)
        return begun


class Revisions:
    """As ``run_v2.RevisionsClient``."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._cloud = machine, machine.cloud

    def get_revision(self, *, name: str, timeout: float, retry: retry.Retry) -> Any:
        key = RevisionKey(*KEY, name.rpartition("/")[2])

        def read() -> Any:
            return shown.message(self._cloud, get_revision(self._cloud.state, key))

        return retry(lambda: self._machine.call(f"get revision {key.revision}", read, timeout))()

    def list_revisions(self, *, parent: str, timeout: float, retry: retry.Retry) -> list[Any]:
        def read() -> list[Any]:
            held = self._cloud.held().revisions
            return [shown.message(self._cloud, held[name]) for name in reversed(tuple(held))]

        return retry(lambda: self._machine.call("list revisions", read, timeout))()

    def delete_revision(self, *, name: str, timeout: float) -> Any:
        key = RevisionKey(*KEY, name.rpartition("/")[2])

        def delete() -> Operation | None:
            self._cloud.deleting(self._machine.name, key.revision)
            return self._cloud.submit(events.DeleteRevision(key, self._cloud.nonce()))

        return _begun(self._machine, f"delete revision {key.revision}", delete, timeout)


class Jobs:
    """As ``run_v2.JobsClient``."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._cloud = machine, machine.cloud

    def get_job(self, *, name: str, timeout: float, retry: retry.Retry) -> Any:
        def read() -> Any:
            return shown.message(self._cloud, get_job(self._cloud.state, _job_key(name)))

        return retry(lambda: self._machine.call("get job", read, timeout))()

    def create_job(self, *, parent: str, job: run_v2.Job, job_id: str, timeout: float) -> Any:
        spec, key = shown.as_json(job), JobKey(KEY.project, KEY.location, job_id)
        nonce = self._cloud.nonce
        return self._write("create job", lambda: events.CreateJob(key, spec, nonce()), timeout)

    def update_job(self, *, job: run_v2.Job, timeout: float) -> Any:
        spec, key = shown.as_json(job), _job_key(job.name)
        etag, nonce = spec.get("etag", ""), self._cloud.nonce
        return self._write(
            "update job", lambda: events.UpdateJob(key, spec, nonce(), etag), timeout
        )

    def run_job(self, *, name: str, timeout: float) -> Any:
        key, nonce = _job_key(name), self._cloud.nonce
        return self._write("run job", lambda: events.RunJob(key, {}, nonce()), timeout)

    def _write(self, what: str, event: Callable[[], events.Event], timeout: float) -> Any:
        return _begun(self._machine, what, lambda: self._cloud.submit(event()), timeout)


class Executions:
    """As ``run_v2.ExecutionsClient``."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._cloud = machine, machine.cloud

    def list_executions(self, *, parent: str, timeout: float, retry: retry.Retry) -> list[Any]:
        def read() -> list[Any]:
            held = get_job(self._cloud.state, _job_key(parent)).executions
            return [shown.message(self._cloud, held[name]) for name in reversed(tuple(held))]

        return retry(lambda: self._machine.call("list executions", read, timeout))()

    def get_execution(self, *, name: str, timeout: float, retry: retry.Retry) -> Any:
        job = _job_key(name.partition("/executions/")[0])
        key = ExecutionKey(job.project, job.location, job.job, name.rpartition("/")[2])

        def read() -> Any:
            return shown.message(self._cloud, get_execution(self._cloud.state, key))

        return retry(lambda: self._machine.call("get execution", read, timeout))()


def _begun(
    machine: Machine, what: str, write: Callable[[], Operation | None], timeout: float
) -> Any:
    """Google's own future, asking for the operation until it is done."""
    cloud, passing = machine.cloud, _again_for_10_s()
    begun = machine.call(what, lambda: shown.operation(cloud, write()), timeout, writes=True)

    def refresh(retry: retry.Retry | None = None) -> Any:
        def read() -> Any:
            return shown.operation(cloud, get_operation(cloud.state, begun.name))

        return (retry or passing)(lambda: machine.call("get operation", read, _POLL))()

    kind: Any = operation.Operation
    return kind(begun, refresh, lambda: None, _kind(what), metadata_type=_kind(what))


def _kind(what: str) -> Any:
    if "revision" in what.split(":")[0]:
        return run_v2.Revision
    if "job" in what.split(":")[0]:
        return run_v2.Execution if what == "run job" else run_v2.Job
    return run_v2.Service


def _again_for_10_s() -> retry.Retry:
    """As the client asks for an operation over REST (API facts §10.2)."""
    unavailable = retry.if_exception_type(exceptions.ServiceUnavailable)
    return retry.Retry(unavailable, initial=0.5, maximum=10.0, multiplier=2.0, timeout=_POLL)


def _job_key(name: str) -> JobKey:
    return JobKey(KEY.project, KEY.location, name.rpartition("/")[2])
