"""What gRPC has of its own: RPCs and types, refusals, masks, deadlines, hostile input."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from inspect import getmembers

import grpc
import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.longrunning import operations_pb2
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from pipeline.local_cloud_run.api.grpc.rules import RULES, request_type
from pipeline.local_cloud_run.api.grpc.transcoding import fields, http_call, message
from pipeline.local_cloud_run.api.grpc.types import message_class
from pipeline.local_cloud_run.state.rpc import ApiError
from pipeline.local_cloud_run.values import Addresses
from tests.local_cloud_run.conftest import PARENT, POLLING, CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import ALL_ROUND, NEVER_LISTENS

pytestmark = pytest.mark.parametrize("transport", ["grpc"])
CLIENTS = [
    *(kind for name, kind in getmembers(run_v2) if name.endswith("sClient")),
    cloudbuild_v1.CloudBuildClient,
]
SERVICE = f"{PARENT}/services/s"
BUILD = {
    "steps": [
        {"name": "gcr.io/cloud-builders/docker", "args": ["build", "-t", "localhost:1/x", "."]}
    ],
    "source": {"storage_source": {"bucket": "none", "object_": "none.tgz"}},
}
LOGGING = "google.logging.v2."
SECRETS = "google.cloud.secretmanager.v1."


class Recorder(grpc.Channel):
    """Goes nowhere: notes what a client would call, and with which types."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[str, str]] = {}

    def unary_unary(
        self, method: str, request_serializer: object, response_deserializer: object, *_: object
    ) -> Callable[..., None]:
        kinds = (_full_name(request_serializer), _full_name(response_deserializer))
        self.seen[method.lstrip("/")] = kinds
        raise NotImplementedError

    unary_stream = stream_unary = stream_stream = unary_unary

    def subscribe(self, callback: object, try_to_connect: object = None) -> None: ...

    def unsubscribe(self, callback: object) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None: ...


def _full_name(converter: object) -> str:
    """The message type it is a method of; empty where it does not tell."""
    kind = getattr(converter, "__self__", None)
    if kind is None:
        return ""
    return (kind if hasattr(kind, "DESCRIPTOR") else kind.pb()).DESCRIPTOR.full_name


def rpcs() -> dict[str, tuple[str, str]]:
    """What Google's clients call, with the types of request and answer where they tell."""
    recorder = Recorder()
    for client in CLIENTS:
        transport = client.get_transport_class("grpc")(channel=recorder)
        for name, _ in getmembers(type(transport), lambda member: isinstance(member, property)):
            stub = getattr(transport, name)
            with suppress(NotImplementedError, TypeError):
                stub(None)
    return recorder.seen


def call(cloud_run: CloudRun, rpc: str, asked: dict[str, object], **more: object) -> dict:
    """An RPC with the declared types, for services whose library is not here."""
    request = json_format.ParseDict(asked, message_class(request_type(rpc))())
    raw = cloud_run.channel.unary_unary(f"/{rpc}")(request.SerializeToString(), **more)
    return json_format.MessageToDict(message_class(RULES[rpc][0].answer).FromString(raw))


def refused(ask: Callable[[], object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as refusal:
        ask()
    return refusal.value.code(), refusal.value.details()


def service(image_name: str) -> run_v2.Service:
    template = run_v2.RevisionTemplate(containers=[run_v2.Container(image=image_name)])
    return run_v2.Service(template=template, invoker_iam_disabled=True)


def test_each_rpc_of_googles_clients_is_served_or_refused_with_words(cloud_run: CloudRun) -> None:
    known = rpcs()
    assert len(known) > 60
    for rpc in known:
        code, said = refused(lambda to=f"/{rpc}": cloud_run.channel.unary_unary(to)(b"", timeout=9))
        if rpc in RULES:
            assert (code, rpc in said) == (grpc.StatusCode.INVALID_ARGUMENT, True)
        else:
            assert code == grpc.StatusCode.UNIMPLEMENTED
            assert said == f"The local Cloud Run does not emulate the RPC {rpc}."
    missing = {rpc.split("/")[0].split(".")[-1] for rpc in known if rpc not in RULES}
    assert missing == {"Builds", "CloudBuild", "Instances", "WorkerPools"}


def test_types_are_those_of_googles_clients(cloud_run: CloudRun) -> None:
    for rpc, (asked, answered) in rpcs().items():
        if rpc in RULES:
            assert asked in ("", request_type(rpc))
            assert {answered or rule.answer for rule in RULES[rpc]} == {RULES[rpc][0].answer}
    for rpc, rules in RULES.items():
        assert issubclass(message_class(request_type(rpc)), Message)
        assert issubclass(message_class(rules[0].answer), Message)


def test_refusals(cloud_run: CloudRun) -> None:
    get = cloud_run.services.get_service
    with pytest.raises(exceptions.NotFound, match="Resource 'no' of kind 'SERVICE'"):
        get(name=f"{PARENT}/services/no")
    for name in ("s", f"{SERVICE}:getIamPolicy", f"{PARENT}/jobs/s", f"{SERVICE}/revisions/r"):
        with pytest.raises(exceptions.InvalidArgument, match="Invalid resource field value"):
            get(name=name)
    with pytest.raises(exceptions.NotFound) as long:
        get(name=f"{PARENT}/services/{'é' * 50_000}")
    assert len(long.value.message.encode()) <= 1024
    raw = cloud_run.channel.unary_unary
    code, said = refused(lambda: raw("/google.cloud.run.v2.Services/GetService")(b"\xff\xff"))
    assert (code, said) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "The request is not a google.cloud.run.v2.GetServiceRequest.",
    )
    code, said = refused(lambda: raw("/grpc.health.v1.Health/Check")(b""))
    assert code == grpc.StatusCode.UNIMPLEMENTED
    assert "does not emulate the RPC grpc.health.v1.Health/Check." in said
    stream = cloud_run.channel.stream_stream("/google.logging.v2.LoggingServiceV2/TailLogEntries")
    code, _ = refused(lambda: list(stream(iter([]), timeout=9)))
    assert code == grpc.StatusCode.UNIMPLEMENTED
    code, _ = refused(lambda: raw("/google.cloud.run.v2.Jobs/RunJob")(bytes(11 * 1024 * 1024)))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("path", ["defaultUriDisabled", "terminal_condition.type_", "bogus"])
def test_a_mask_is_in_snake_case_and_names_fields(cloud_run: CloudRun, path: str) -> None:
    wanted = run_v2.Service(name=SERVICE)
    with pytest.raises(exceptions.InvalidArgument, match=path):
        cloud_run.services.update_service(service=wanted, update_mask={"paths": [path]})


def test_a_wait_ends_in_time_for_its_deadline(cloud_run: CloudRun, name: str) -> None:
    asked = cloud_run.services.create_service(
        parent=PARENT, service_id=name, service=service(image("never-listens", NEVER_LISTENS))
    )
    operation = asked.operation.name

    def wait(asked: dict[str, object], timeout: float) -> operations_pb2.Operation:
        raw = cloud_run.services.wait_operation(asked, timeout=timeout)  # it leaves that to us
        return operations_pb2.Operation.FromString(raw)

    assert not wait({"name": operation}, timeout=0.5).done
    assert not wait({"name": operation, "timeout": {"nanos": 1_000_000}}, timeout=20).done
    ended = wait({"name": operation, "timeout": {"seconds": 500}}, timeout=20)
    assert ended.error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    with pytest.raises(exceptions.InvalidArgument, match="a duration such as"):
        wait({"name": operation, "timeout": {"seconds": -1}}, timeout=20)
    cloud_run.services.delete_operation({"name": operation})
    with pytest.raises(exceptions.NotFound):
        cloud_run.services.get_operation({"name": operation})


def test_log_entries_hold_whatever_a_container_says(cloud_run: CloudRun, name: str) -> None:
    asked = cloud_run.services.create_service(
        parent=PARENT, service_id=name, service=service(image("all-round", ALL_ROUND))
    )
    uri = asked.result(timeout=60).uri
    deep: object = "bottom"
    for _ in range(200):
        deep = {"a": deep}
    lines = [
        {"number": 1, "message": "fits", "severity": "WARNING"},
        {"deep": deep},
        {"large": 10**400},
        {"surrogate": "\ud800"},
        {"httpRequest": {"status": "what", "bogus": 1}},
    ]
    for line in lines:
        said = base64.b64encode(json.dumps(line).encode()).decode()
        requests.get(f"{uri}/say?{said}", headers={"User-Agent": b"\xff"}, timeout=10)
    asked = {"resourceNames": ["projects/p"], "filter": f'resource.labels.service_name="{name}"'}
    entries = call(cloud_run, f"{LOGGING}LoggingServiceV2/ListLogEntries", asked)["entries"]
    first = next(each for each in entries if "number" in each.get("jsonPayload", {}))
    assert (first["severity"], first["resource"]["type"]) == ("WARNING", "cloud_run_revision")
    texts = " ".join(each.get("textPayload", "") for each in entries)
    assert all(word in texts for word in ('"deep"', '"large": 1000', '"bogus": 1'))
    assert "\ufffd" in {each.get("httpRequest", {}).get("userAgent") for each in entries}
    names = call(cloud_run, f"{LOGGING}LoggingServiceV2/ListLogs", {"parent": "projects/p"})
    assert "projects/p/logs/run.googleapis.com%2Fstdout" in names["logNames"]


def test_secrets(cloud_run: CloudRun) -> None:
    secret, manager = "projects/p/secrets/password", f"{SECRETS}SecretManagerService"
    held = call(cloud_run, f"{manager}/GetSecret", {"name": secret})
    assert (held["name"], held["replication"]) == (secret, {"automatic": {}})
    version = call(cloud_run, f"{manager}/GetSecretVersion", {"name": f"{secret}/versions/latest"})
    assert (version["name"], version["state"]) == (f"{secret}/versions/1", "ENABLED")
    tested = {"resource": secret, "permissions": ["secretmanager.versions.access"]}
    assert call(cloud_run, f"{manager}/TestIamPermissions", tested) == {
        "permissions": tested["permissions"]
    }
    asked = {"name": "projects/p/secrets/none"}
    code, said = refused(lambda: call(cloud_run, f"{manager}/GetSecret", asked))
    assert (code, said) == (
        grpc.StatusCode.NOT_FOUND, "Secret [projects/p/secrets/none] not found."
    )  # fmt: skip


def test_builds(cloud_run: CloudRun) -> None:
    transport = cloudbuild_v1.CloudBuildClient.get_transport_class("grpc")
    builds = cloudbuild_v1.CloudBuildClient(transport=transport(channel=cloud_run.channel))
    assert list(builds.list_builds(project_id="grpc")) == []
    with pytest.raises(exceptions.NotFound):
        builds.get_build(project_id="grpc", id="none")
    asked = builds.create_build(parent="projects/grpc/locations/global", build=BUILD)
    with pytest.raises(exceptions.Unknown, match="without STORAGE_EMULATOR_HOST"):
        asked.result(polling=POLLING, timeout=20)
    (held,) = builds.list_builds({"parent": "projects/grpc/locations/global"})
    assert held == builds.get_build(name=held.name)
    assert held.id == asked.metadata.build.id
    odd = cloudbuild_v1.Build(steps=[{"name": "ubuntu", "args": ["ls"]}])
    with pytest.raises(exceptions.MethodNotImplemented, match="does not emulate"):
        builds.create_build(project_id="grpc", build=odd)


def test_no_browser_gets_an_answer(cloud_run: CloudRun, addresses: Addresses) -> None:
    host, _, port = addresses.grpc.partition(":")
    with socket.create_connection((host, int(port)), 10) as plain:
        plain.sendall(b"POST /google.cloud.run.v2.Services/ListServices HTTP/1.1\r\n\r\n")
        answer = b""
        while piece := plain.recv(4096):
            answer += piece
    assert not answer.startswith(b"HTTP/")


@pytest.mark.parametrize("kinds", ["d", "l", "dl", "ddl"])
def test_a_payload_of_any_depth_can_be_read(transport: str, kinds: str) -> None:
    answer = message_class(f"{LOGGING}ListLogEntriesResponse")
    payload: object = "bottom"
    for depth in range(100):
        payload = {"a": payload} if kinds[depth % len(kinds)] == "d" else [payload]
        entry = {"logName": "l", "jsonPayload": {"p": payload}}
        (read,) = answer.FromString(
            message({"entries": [entry]}, answer).SerializeToString()
        ).entries
        assert bool(read.text_payload) == (depth >= 30)


ANY_NAME = st.text() | st.lists(
    st.sampled_from(["projects", "p", "locations", "services", "s", ":verb", "a:b", "", "\n"]),
    max_size=8,
).map("/".join)


@given(rpc=st.sampled_from(sorted(RULES)), raw=st.binary(max_size=60), name=ANY_NAME)
def test_any_request_is_a_call_or_refused(transport: str, rpc: str, raw: bytes, name: str) -> None:
    try:
        asked = fields(raw, message_class(request_type(rpc)))
    except ApiError:
        asked = {}
    for rule in RULES[rpc]:
        http_call(rule, asked, 1.0)
        made = http_call(rule, {**asked, "name": name, "parent": name, "resource": name})
        if made:
            plain, verb = re.sub(r"\{.*?=(.*?)\}", r"\1", rule.path), rule.path.rpartition("}")[2]
            assert made.path.count("/") == plain.count("/")
            assert made.path.endswith(verb)
