"""What the engine's `inspect` says, in the spellings of docker and podman."""

from __future__ import annotations

import json

import pytest

from pipeline.inspected import Address, address, first, image_id

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
