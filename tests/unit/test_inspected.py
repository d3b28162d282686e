"""What the engine's `inspect` says, in the spellings of docker and podman."""

from __future__ import annotations

import json

import pytest

from pipeline.inspected import (
    Address,
    address,
    first,
    gateway,
    image_id,
    ran_for,
    user,
    variables,
)

PORTS = {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32768"}]}
DOCKER = {"IPAddress": "172.17.0.2", "Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}
PODMAN_ROOTLESS = {"IPAddress": "", "Networks": {"slirp4netns": {"MacAddress": ""}}}


def container(*, running: bool = True, **network: object) -> dict[str, object]:
    return {"State": {"Running": running}, "NetworkSettings": network}


@pytest.mark.parametrize(("network", "own"), [(DOCKER, "172.17.0.2"), (PODMAN_ROOTLESS, "")])
def test_where_a_container_is(network: dict[str, object], own: str) -> None:
    there = container(Ports=PORTS, **network)
    assert address(there, 8080) == Address(32768, own, 8080)
    assert address(there, 9000) is None


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"State": None, "NetworkSettings": None},
        container(running=False, Ports=PORTS),
        container(Ports=None),
        container(Ports={"8080/tcp": None}),
        container(Ports={"8080/tcp": [{"HostPort": ""}]}),
        container(Ports={"8080/tcp": [{"HostPort": "0"}]}),
    ],
)
def test_a_container_that_cannot_be_reached_has_no_address(found: dict[str, object]) -> None:
    assert address(found, 8080) is None


@pytest.mark.parametrize("output", ["", "[]", "null"])
def test_no_such_thing(output: str) -> None:
    assert first(output) == {}


def test_the_one_thing() -> None:
    assert first(json.dumps([{"Id": "a"}])) == {"Id": "a"}


@pytest.mark.parametrize("spelt", ["a1", "sha256:a1"])
def test_podman_writes_ids_without_their_algorithm(spelt: str) -> None:
    assert image_id({"Id": spelt}) == "sha256:a1"


@pytest.mark.parametrize(
    ("spelt", "name"),
    [("", "root"), ("0", "root"), ("root:root", "root"), ("999", "999"), ("app:app", "app:app")],
)
def test_root_is_root_however_it_is_spelt(spelt: str, name: str) -> None:
    assert user({"Config": {"User": spelt}}) == name
    assert user({}) == "root"


def test_variables_of_a_container() -> None:
    assert variables({"Config": {"Env": ["A=1=2", "B="]}}) == {"A": "1=2", "B": ""}
    assert variables({"Config": None}) == {}


@pytest.mark.parametrize(
    ("began", "ended", "seconds"),
    [
        ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:02.123456789Z", 2.0),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z", 1.0),
        ("2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 0.0),
        ("yesterday", "2026-01-01T00:00:00Z", None),
        (None, None, None),
    ],
)
def test_how_long_it_ran(began: object, ended: object, seconds: float | None) -> None:
    assert ran_for({"State": {"StartedAt": began, "FinishedAt": ended}}) == seconds
    assert ran_for({}) is None


@pytest.mark.parametrize(
    ("network", "host"),
    [
        ({"IPAM": {"Config": [{"Subnet": "x", "Gateway": "172.17.0.1"}]}}, "172.17.0.1"),
        ({"IPAM": {"Config": [{"Gateway": "fd00::1"}, {"Gateway": "10.0.0.1"}]}}, "10.0.0.1"),
        ({"subnets": [{"subnet": "x", "gateway": "10.88.0.1"}]}, "10.88.0.1"),
        ({"IPAM": {"Config": None}}, ""),
        ({"IPAM": {"Config": [{"Subnet": "x"}]}}, ""),
        ({}, ""),
    ],
)
def test_the_gateway_of_a_network(network: dict[str, object], host: str) -> None:
    assert gateway(network) == host
