"""What an engine's ``inspect`` says, as values. Docker and podman differ in the details."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


def variables(container: Mapping[str, Any]) -> dict[str, str]:
    """Every variable it was started with: the image's own too."""
    pairs = (container.get("Config") or {}).get("Env") or ()
    return {name: value for name, _, value in (str(pair).partition("=") for pair in pairs)}


def user(container: Mapping[str, Any]) -> str:
    """The user it runs as, as the image spells it; ``root`` however root is spelt."""
    spelt = str((container.get("Config") or {}).get("User") or "root")
    return "root" if spelt.partition(":")[0] in {"root", "0"} else spelt


def ran_for(container: Mapping[str, Any]) -> float | None:
    """Seconds between its start and its end, by the engine's clock."""
    state = container.get("State") or {}
    try:
        began = datetime.fromisoformat(str(state["StartedAt"]))
        return max((datetime.fromisoformat(str(state["FinishedAt"])) - began).total_seconds(), 0.0)
    except (KeyError, ValueError, TypeError):
        return None


def gateway(network: Mapping[str, Any]) -> str:
    """This machine's address on an engine's network; empty where it has none."""
    docker = (network.get("IPAM") or {}).get("Config") or ()
    podman = network.get("subnets") or ()
    found = [*(each.get("Gateway") for each in docker), *(each.get("gateway") for each in podman)]
    return next((str(each) for each in found if each and ":" not in str(each)), "")


def image_id(image: Mapping[str, Any]) -> str:
    """The id with its ``sha256:``, which podman leaves out."""
    return f"sha256:{str(image['Id']).removeprefix('sha256:')}"
