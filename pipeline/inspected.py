"""What an engine's ``inspect`` says, as values. Docker and podman differ in the details."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Address:
    """Where a container is: a loopback port that leads to it, and its own address, if known."""

    host_port: int
    ip: str  # empty where the engine gives it none
    port: int


def first(output: str) -> Mapping[str, Any]:
    """The one thing asked about; empty when there is no such thing."""
    found = json.loads(output or "[]")
    return found[0] if found else {}


def address(container: Mapping[str, Any], port: int) -> Address | None:
    """Where a container's ``port`` can be reached, or None unless it runs and is published."""
    if not (container.get("State") or {}).get("Running"):
        return None
    network = container.get("NetworkSettings") or {}
    ips = [network, *(network.get("Networks") or {}).values()]
    own = next((str(each["IPAddress"]) for each in ips if each.get("IPAddress")), "")
    for binding in (network.get("Ports") or {}).get(f"{port}/tcp") or ():
        if str(binding.get("HostPort", "")).isdigit() and int(binding["HostPort"]):
            return Address(int(binding["HostPort"]), own, port)
    return None


def image_id(image: Mapping[str, Any]) -> str:
    """The id with its ``sha256:``, which podman leaves out."""
    return f"sha256:{str(image['Id']).removeprefix('sha256:')}"
