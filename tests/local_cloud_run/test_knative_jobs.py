"""Jobs over the v1 API: both spellings of a job, and its calls on real containers (§6, §13.3)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import requests
from google.cloud import run_v2
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.local_cloud_run.api import protos
from pipeline.local_cloud_run.api.knative import job_template
from pipeline.local_cloud_run.api.knative.selectors import selector
from pipeline.local_cloud_run.state.job_defaults import with_defaults
from pipeline.local_cloud_run.state.rpc import ApiError
from tests.local_cloud_run.conftest import CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import JOB
from tests.local_cloud_run.test_ending import wait_for
from tests.local_cloud_run.test_knative_specs import messages, pruned

OF_SERVICES = ("cpuIdle", "startupCpuBoost")  # a job's container has them without effect


def held(template: dict) -> dict:
    """A job's specification as the state holds it."""
    spec = protos.job({"client": "c", "labels": {"a": "b"}, "template": template})
    task = spec["template"]["template"]
    for container in task.get("containers", ()):
        for name in OF_SERVICES:
            container.get("resources", {}).pop(name, None)
    for volume in task.get("volumes", ()):
        if "cloudSqlInstance" in volume:
            mount = {"name": volume["name"], "mountPath": "/cloudsql"}
            task["containers"][0]["volumeMounts"] = [mount]
    return with_defaults(spec)


def as_v1(spec: dict) -> dict:
    metadata, execution = job_template.execution_to_v1(spec["template"], spec)
    annotations = job_template.job_annotations(spec)
    return {
        "apiVersion": job_template.API_VERSION,
        "kind": "Job",
        "metadata": {"name": "j", "labels": spec["labels"], "annotations": annotations},
        "spec": {"template": {"metadata": metadata, "spec": execution}},
    }


@settings(max_examples=100, deadline=None)
@given(messages(run_v2.ExecutionTemplate.pb().DESCRIPTOR))
def test_a_round_trip_loses_nothing(template: dict) -> None:
    before = held(template)
    name, version, spec = job_template.job_to_v2(json.loads(json.dumps(as_v1(before))))
    assert (name, version) == ("j", "")
    assert pruned(with_defaults(spec)) == pruned(before)


LABELS = {"run.googleapis.com/job": "j", "state": "Running", "empty": ""}


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("", True),
        ("run.googleapis.com/job = j", True),
        ("run.googleapis.com/job==j,state in (Failed,Running)", True),
        ("run.googleapis.com/job = j, run.googleapis.com/servingState = Active", False),
        ("state notin ( Failed , Running )", False),
        ("state!=Failed,!gone,empty=", True),
        ("gone notin (x),gone!=x,state", True),
        ("gone", False),
        ("!state", False),
    ],
)
def test_selectors(text: str, *, takes: bool) -> None:
    assert selector(text)(LABELS) is takes


@pytest.mark.parametrize(
    "text", ["=", "a=b=c", "a in b", "a in (b", "!a=b", "a b", "é", "a" * 1001]
)
def test_selectors_that_cannot_be_parsed(text: str) -> None:
    with pytest.raises(ApiError, match="labelSelector"):
        selector(text)


@given(st.text("ab=!,() in", max_size=30))
def test_any_selector_is_understood_or_refused(text: str) -> None:
    try:
        selector(text)(LABELS)
    except ApiError as error:
        assert "labelSelector" in error.message  # noqa: PT017 - either outcome is right


@pytest.fixture
def v1(cloud_run: CloudRun) -> Callable[..., requests.Response]:
    """As gcloud calls: the region is in the name of the host."""
    port = cloud_run.address.rpartition(":")[2]

    def call(method: str, path: str, host: str = "us-central1-run", **more: object):
        headers = {"Host": f"{host}.localhost:{port}"}
        return cloud_run.call(
            method, f"/apis/run.googleapis.com/v1/namespaces/p/{path}", headers=headers, **more
        )

    return call


def asked(name: str, *args: str, **metadata: object) -> dict:
    """A job that does what its arguments say; without any, of an image that is not there."""
    source = image("job", JOB) if args else "not/there"
    container = {"image": source, "command": ["python3", "/main.py"], "args": [*args]}
    task = {"containers": [container], "maxRetries": 0, "timeoutSeconds": "60"}
    return {
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Job",
        "metadata": {"name": name, **metadata},
        "spec": {"template": {"spec": {"taskCount": 2, "template": {"spec": task}}}},
    }


def is_true(thing: dict, kind: str) -> bool:
    conditions = {each["type"]: each["status"] for each in thing["status"]["conditions"]}
    return conditions[kind] == "True"


def test_a_job_and_its_executions(v1: Callable[..., requests.Response]) -> None:
    made = v1("POST", "jobs", json=asked("one", "exit", "0", labels={"team": "one"})).json()
    assert made["metadata"]["labels"]["cloud.googleapis.com/location"] == "us-central1"
    assert wait_for(lambda: is_true(v1("GET", "jobs/one").json(), "Ready"))
    again = v1("POST", "jobs", json=asked("one"))
    assert again.status_code == 409

    stale = asked("one", "exit", "1", resourceVersion=made["metadata"]["resourceVersion"])
    refused = v1("PUT", "jobs/one", json=stale)
    assert (refused.status_code, refused.json()["error"]["status"]) == (409, "ABORTED")
    dry = v1("PUT", "jobs/one?dryRun=all", json=asked("one", "exit", "7")).json()
    assert dry["metadata"]["generation"] == 2
    now = v1("GET", "jobs/one").json()
    assert now["metadata"]["generation"] == 1
    assert v1("PUT", "jobs/one", json=now).json()["metadata"]["generation"] == 2  # what was shown
    assert wait_for(lambda: is_true(v1("GET", "jobs/one").json(), "Ready"))

    override = {"containerOverrides": [{"env": [{"name": "X", "value": "1"}]}], "taskCount": 3}
    name = v1("POST", "jobs/one:run", json={"overrides": override}).json()["metadata"]["name"]
    assert wait_for(lambda: is_true(v1("GET", f"executions/{name}").json(), "Completed"))
    done = v1("GET", f"executions/{name}").json()
    assert done["status"]["succeededCount"] == 3
    tasks = v1("GET", f"tasks?labelSelector=run.googleapis.com/execution={name}&limit=2").json()
    assert [each["status"]["index"] for each in tasks["items"]] == [0, 1]
    more = v1("GET", f"tasks?labelSelector=run.googleapis.com/execution={name}&limit=2"
              f"&continue={tasks['metadata']['continue']}").json()  # fmt: skip
    assert [each["metadata"]["name"] for each in more["items"]] == [f"{name}-task2"]
    assert v1("GET", f"tasks/{name}-task2").json() == more["items"][0]
    assert more["items"][0]["status"]["lastAttemptResult"]["exitCode"] == 0

    assert v1("DELETE", f"executions/{name}").json()["status"] == "Success"
    assert v1("GET", f"executions/{name}").status_code == 404
    ones = v1("GET", "jobs?labelSelector=team=one", host="run").json()["items"]
    assert [each["metadata"]["name"] for each in ones] == ["one"]
    assert v1("GET", "jobs", host="europe-west1-run").json()["items"] == []
    assert v1("DELETE", "jobs/one").json()["details"]["name"] == "one"
    assert v1("DELETE", "jobs/one").status_code == 404


@pytest.mark.parametrize(
    ("body", "host", "why"),
    [
        ([], "us-central1-run", "Invalid value"),
        (asked("n") | {"kind": "Service"}, "us-central1-run", "kind: must be 'Job'."),
        (asked("n") | {"speck": {}}, "us-central1-run", 'Unknown name "speck"'),
        (
            asked("n", annotations={"run.googleapis.com/x": "y"}),
            "us-central1-run",
            "run.googleapis",
        ),
        (asked("n"), "run", "names no region"),
        (asked("N"), "us-central1-run", ""),
    ],
)
def test_jobs_that_are_refused(
    v1: Callable[..., requests.Response], body: object, host: str, why: str
) -> None:
    refused = v1("POST", "jobs", host=host, json=body)
    assert refused.status_code == 400
    assert why in refused.json()["error"]["message"]


def test_what_is_not_there(v1: Callable[..., requests.Response]) -> None:
    for method, path in (
        ("GET", "jobs/no"), ("POST", "jobs/no:run"), ("GET", "executions/no"),
        ("POST", "executions/no:cancel"), ("DELETE", "executions/no"), ("GET", "tasks/no"),
    ):  # fmt: skip
        assert v1(method, path).status_code == 404, path
