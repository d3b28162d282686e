"""The API listener: who may speak to it, how it refuses, what it does not emulate."""

from __future__ import annotations

import socket

import pytest
import requests

from pipeline.errors import PortTaken
from pipeline.local_cloud_run.api.listener import stranger
from pipeline.local_cloud_run.server import Options
from tests.local_cloud_run.conftest import PARENT, CloudRun, running
from tests.local_cloud_run.images import engine

SERVICES = f"/v2/{PARENT}/services"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:80", "localhost", "[::1]:8080", "127.0.0.1", "LOCALHOST:1", "a.localhost:9"]
)
def test_loopback_names_pass(host: str) -> None:
    assert stranger(host, None, None) == ""
    assert stranger(host, f"http://{host}", "same-origin") == ""
    assert stranger(host, None, "none") == ""


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example:80", "127.0.0.1.nip.io", "[::1", "10.0.0.1"],
)
def test_other_names_do_not(host: str) -> None:
    assert "loopback names only" in stranger(host, None, None)


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:81", ""])
def test_pages_of_other_sites_do_not(origin: str) -> None:
    assert "another site" in stranger("127.0.0.1:80", origin, None)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_browsers_say_is_believed(site: str) -> None:
    assert site in stranger("127.0.0.1:80", None, site)


def test_it_is_a_proxy_for_itself_only(cloud_run: CloudRun) -> None:
    """As gcloud uses it: whatever the name, it is not looked up, and nothing is forwarded."""
    proxies = dict.fromkeys(("http", "https"), f"http://{cloud_run.address}")
    path = "v2/projects/p/locations/nowhere/services"
    with requests.Session() as session:
        session.trust_env = False
        ours = session.get(f"http://us-central1-run.localhost/{path}", proxies=proxies, timeout=10)
        assert ours.json()["services"] == []
        theirs = session.get(f"http://example.com/{path}", proxies=proxies, timeout=10)
        assert theirs.status_code == 403
        with pytest.raises(requests.exceptions.ProxyError, match="501 Not emulated"):
            session.get("https://pubsub.googleapis.com/", proxies=proxies, timeout=10)


def test_a_stranger_gets_403_and_the_reason(cloud_run: CloudRun) -> None:
    answer = cloud_run.call("GET", SERVICES, headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json()["error"]["status"] == "PERMISSION_DENIED"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/v2/{PARENT}/jobs/x:pause"),
        ("GET", "/v1/projects/p/secrets/password/versions/1:access"),
        ("POST", "/v1/projects/p/secrets/password:setIamPolicy"),
        ("GET", "/v1/projects/p/secrets"),
        ("GET", f"/v2/{PARENT}/workerPools"),
        ("POST", f"/v2/{PARENT}/builds:submit"),
        ("GET", f"/v2/{PARENT}/instances"),
        ("GET", "/v2/whatever"),
        ("PUT", f"{SERVICES}/x"),
    ],
)
def test_what_is_not_emulated_answers_501(cloud_run: CloudRun, method: str, path: str) -> None:
    answer = cloud_run.call(method, path, json={} if method == "POST" else None)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (501, "UNIMPLEMENTED")
    assert "does not emulate" in error["message"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"bogus": 1}, "Unknown name \"bogus\" at 'service': Cannot find field."),
        ({"template": {"x": 1}}, "Unknown name \"x\" at 'service.template'"),
        ({"traffic": "x"}, "Invalid value at 'service.traffic'"),
        ({"traffic": [{"type": "SOME"}]}, "Invalid value at 'service.traffic.type'"),
        ({"labels": {"a": 1}}, "Invalid value at 'service.labels'"),
        ([], "expected a JSON object"),
        ({}, "Revision template was empty"),
    ],
)
def test_bodies_that_do_not_fit(cloud_run: CloudRun, body: object, text: str) -> None:
    answer = cloud_run.call("POST", f"{SERVICES}?serviceId=x", json=body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert text in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "\udcff".encode("utf-8", "surrogateescape"),
        "\ud800".encode("utf-8", "surrogatepass"),
        r'{"template": "\ud800"}',
        r'{"\udfff": ""}',
        '{"ingress": NaN}',
        '{"ingress": -Infinity}',
        '{"ingress": 1e999}',
    ],
)
def test_bodies_that_are_no_json(cloud_run: CloudRun, text: str | bytes) -> None:
    answer = cloud_run.call("POST", f"{SERVICES}?serviceId=x", data=text)
    assert answer.status_code == 400


@pytest.mark.parametrize("permissions", [5, True, {"a": 1}, ["b", 5], None])
def test_permissions_that_are_no_list_of_names(cloud_run: CloudRun, permissions: object) -> None:
    path = "/v1/projects/p:testIamPermissions"
    answer = cloud_run.call("POST", path, json={"permissions": permissions})
    assert answer.json() == {"permissions": ["b"] if isinstance(permissions, list) else []}


def test_a_body_that_is_not_as_it_is_encoded(cloud_run: CloudRun) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = cloud_run.call("POST", f"{SERVICES}?serviceId=x", data=b"{}", headers=headers)
    assert answer.status_code == 400


def test_what_is_no_http_gets_its_400_and_no_traceback(
    cloud_run: CloudRun, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = cloud_run.address.split(":")
    for sent in (b"GET / HTTP/9\r\n\r\n", b"\x00\xff\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(sent)
            assert b"400 Bad Request" in client.recv(200)
    assert caplog.records == []


def test_a_body_that_is_too_large(cloud_run: CloudRun) -> None:
    answer = cloud_run.call("POST", f"{SERVICES}?serviceId=x", data=b" " * 11_000_000)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "updateMask=nope",
        "updateMask=template.x",
        "updateMask=labels.a",
        "updateMask=template.timeout.seconds",
    ],
)
def test_masks_that_do_not_fit(cloud_run: CloudRun, query: str) -> None:
    answer = cloud_run.call("PATCH", f"{SERVICES}/x?{query}", json={})
    assert "is not a field of Service" in answer.json()["error"]["message"]


@pytest.mark.parametrize("query", ["pageSize=x", "pageSize=-1", "pageToken=x"])
def test_pages_that_do_not_exist(cloud_run: CloudRun, query: str) -> None:
    assert cloud_run.call("GET", f"{SERVICES}?{query}").status_code == 400


@pytest.mark.parametrize("body", [{}, {"audience": ""}, {"audience": 3}, []])
def test_a_token_needs_an_audience(cloud_run: CloudRun, body: object) -> None:
    path = "/v1/projects/-/serviceAccounts/a@b:generateIdToken"
    assert cloud_run.call("POST", path, json=body).status_code == 400


@pytest.mark.parametrize("timeout", ["x", "-1s", 5])
def test_a_wait_needs_a_duration(cloud_run: CloudRun, timeout: object) -> None:
    path = f"/v2/{PARENT}/operations/x:wait"
    assert cloud_run.call("POST", path, json={"timeout": timeout}).status_code == 400


def test_an_unreadable_filter(cloud_run: CloudRun) -> None:
    body = {"resourceNames": ["projects/p"], "filter": "severity>="}
    answer = cloud_run.call("POST", "/v2/entries:list", json=body)
    assert answer.status_code == 400
    assert "Unparseable filter" in answer.json()["error"]["message"]


@pytest.mark.parametrize("option", ["port", "grpc_port"])
def test_a_port_that_is_taken(cloud_run: CloudRun, option: str) -> None:
    port = int(cloud_run.address.rpartition(":")[2])
    options = Options(engine=engine(), **{option: port})
    with pytest.raises(PortTaken) as taken, running(options):
        pass
    assert taken.value.where == cloud_run.address
    assert f"choose another one with --{option.replace('_', '-')};" in taken.value.remedy
