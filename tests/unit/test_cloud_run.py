"""What is sent to Google: etags, masks, policies. The client is real up to its transport."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2
from google.iam.v1 import policy_pb2
from google.protobuf import json_format
from google.type import expr_pb2

from pipeline.adapters import refusals
from pipeline.adapters.cloud_run import Change, CloudRun
from pipeline.adapters.google import Google
from pipeline.adapters.messages import read_service
from pipeline.adapters.template import Settings, write_settings
from pipeline.config import load_config
from pipeline.errors import ApiRefused, ApiUnreachable, ChangedMeanwhile, PipelineError
from pipeline.model import Target

STALE = exceptions.Conflict("Conflict for resource 'agents': version '1' was specified")
EVERYBODY = policy_pb2.Binding(role="roles/run.invoker", members=["allUsers"])


class Services:
    """Google's client for one service: it refuses a stale etag, and may change in between."""

    def __init__(self) -> None:
        self.now = run_v2.Service(
            name="projects/p/locations/l/services/agents", etag="1", generation=1,
            template={"containers": [{"image": "image"}]}, annotations={"theirs": "1"},
        )  # fmt: skip
        self.policy = policy_pb2.Policy(etag=b"1")
        self.sent: list[Any] = []

    def get_service(self, **_: object) -> run_v2.Service:
        return run_v2.Service(self.now)

    def update_service(self, request: run_v2.UpdateServiceRequest, **_: object) -> Any:
        if request.service.etag != self.now.etag:
            raise STALE
        self.sent.append(request)
        for path in request.update_mask.paths:
            setattr(self.now, path, getattr(request.service, path))
        return SimpleNamespace(operation=None, result=lambda **_: self.now)

    def get_iam_policy(self, request: Any, **_: object) -> policy_pb2.Policy:
        self.sent.append(request)
        found = policy_pb2.Policy()
        found.CopyFrom(self.policy)
        return found

    def set_iam_policy(self, request: Any, **_: object) -> None:
        if request.policy.etag != self.policy.etag:
            raise STALE
        self.sent.append(request)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def cloud_run(services: Services) -> CloudRun:
    cloud_run = CloudRun(Google("127.0.0.1:1"), "p", "l", "agents", sleep=lambda seconds: None)
    cloud_run.__dict__["_services"] = services
    return cloud_run


def settings(folder: Path, run: str) -> Settings:
    path = folder / "pipeline.yaml"
    path.write_text(
        f"service: agents\nproject: my-project\nregion: us-central1\nimage: a/b/c/d\nrun: {run}\n"
    )
    return Settings("agents-1", "image@sha256:0", load_config(path, {}), {})


def test_a_status_that_moved_the_etag_is_no_change_by_somebody(
    cloud_run: CloudRun, services: Services
) -> None:
    seen = cloud_run.get()
    services.now.etag = "2"
    cloud_run.update(seen, Change(traffic=[Target("agents-1", 100)]))

    (request,) = services.sent
    assert request.service.etag == "2"
    assert list(request.update_mask.paths) == ["traffic"]


@pytest.mark.parametrize(
    "change",
    [
        {"traffic": [{"revision": "agents-2", "percent": 100}]},
        {"annotations": {"theirs": "2"}},
    ],
    ids=str,
)
def test_what_somebody_changed_is_not_overwritten(
    change: dict[str, Any], cloud_run: CloudRun, services: Services
) -> None:
    seen = cloud_run.get()
    services.now = run_v2.Service(services.now, etag="2", **change)

    with pytest.raises(ChangedMeanwhile):
        cloud_run.update(seen, Change(traffic=[Target("agents-1", 100)]))
    assert not services.sent


def test_a_template_that_somebody_changed_stops_a_deploy_but_not_a_shift(
    cloud_run: CloudRun, services: Services, tmp_path: Path
) -> None:
    seen = cloud_run.get()
    services.now = run_v2.Service(services.now, etag="2", generation=2)

    with pytest.raises(ChangedMeanwhile):
        cloud_run.update(seen, Change(settings(tmp_path, "{}"), traffic=[Target("agents-1", 100)]))
    cloud_run.update(seen, Change(traffic=[Target("agents-1", 100)]))
    assert services.sent


def test_a_policy_is_read_with_its_conditions_and_written_with_them_and_its_etag(
    cloud_run: CloudRun, services: Services
) -> None:
    by_day = policy_pb2.Binding(
        role="roles/run.invoker", members=["allUsers"], condition=expr_pb2.Expr(title="by day")
    )
    services.policy.bindings.append(by_day)
    seen = cloud_run.get()

    assert not cloud_run.is_public(seen)
    cloud_run.make_public()
    asked, _, written = services.sent
    assert asked.options.requested_policy_version == 3
    assert (written.policy.version, written.policy.etag) == (3, b"1")
    assert list(written.policy.bindings) == [by_day, EVERYBODY]


@pytest.mark.parametrize("role", ["roles/run.invoker", "roles/run.servicesInvoker"])
def test_everybody_may_call_with_either_role(
    role: str, cloud_run: CloudRun, services: Services
) -> None:
    services.policy.bindings.add(role=role, members=["allUsers"])

    assert cloud_run.is_public(cloud_run.get())


def test_a_policy_that_somebody_changed_is_read_again(
    cloud_run: CloudRun, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, stale = services.get_iam_policy, [True]

    def first_stale(**words: Any) -> policy_pb2.Policy:
        found = read(**words)
        if stale.pop() if stale else False:
            found.etag = b"0"
        return found

    monkeypatch.setattr(services, "get_iam_policy", first_stale)
    cloud_run.make_public()

    assert services.sent[-1].policy.etag == b"1"


def test_settings_are_written_onto_the_container_that_serves(tmp_path: Path) -> None:
    sidecar = {"name": "proxy", "image": "proxy", "env": [{"name": "A", "value": "1"}]}
    app = {"image": "old", "ports": [{"name": "h2c", "container_port": 8080}]}
    service = run_v2.Service(template={"containers": [sidecar, app]})
    write_settings(service, settings(tmp_path, '{port: 9090, env: {B: "2"}}'))

    first, second = service.template.containers
    assert first == run_v2.Container(sidecar)
    assert (second.image, second.env[0].name) == ("image@sha256:0", "B")
    assert (second.ports[0].name, second.ports[0].container_port) == ("h2c", 9090)
    assert read_service(service).image == "image@sha256:0"


def test_instances_are_kept_up_by_the_service_never_by_a_candidate(tmp_path: Path) -> None:
    service = run_v2.Service(template={"scaling": {"min_instance_count": 3}})
    paths = write_settings(service, settings(tmp_path, "{min_instances: 2}"))

    assert service.scaling.min_instance_count == 2
    assert service.template.scaling.min_instance_count == 0
    assert paths == ["template", "scaling"]


@pytest.mark.parametrize(
    ("error", "kind", "remedy"),
    [
        (json_format.ParseError("Expecting value"), ApiUnreachable, "check the network"),
        (exceptions.RetryError("Timeout of 30.0s exceeded", None), ApiUnreachable, "check the"),
        (exceptions.InternalServerError("internal"), ApiRefused, "Google's own trouble"),
        (exceptions.BadGateway("bad gateway"), ApiRefused, "Google's own trouble"),
    ],
)
def test_trouble_on_the_way_is_not_put_down_to_the_user(
    error: Exception, kind: type[PipelineError], remedy: str
) -> None:
    with pytest.raises(kind) as caught, refusals.translated("agents"):
        raise error
    assert remedy in caught.value.remedy


def test_reading_a_log_is_tried_again_when_it_fails_in_passing() -> None:
    codes = [503, 200]

    def post(url: str, **_: object) -> requests.Response:
        answer = requests.Response()
        answer.request = requests.Request("POST", url).prepare()
        answer.status_code, answer._content = codes.pop(0), b"{}"
        return answer

    google = Google("127.0.0.1:1")
    google.__dict__["session"] = SimpleNamespace(post=post)

    assert google.post("logging", "/v2/entries:list", {}) == {}
    assert not codes


def test_a_proxy_is_not_asked_for_a_local_cloud_run() -> None:
    cloud_run = CloudRun(Google("127.0.0.1:1"), "p", "l", "agents", sleep=lambda seconds: None)
    client = cloud_run._services
    transports = client.transport, client.transport.operations_client.transport

    assert not any(transport._session.trust_env for transport in transports)
