"""An emulator of Cloud Storage on loopback, from PyPI."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import requests
from gcp_storage_emulator.server import create_server


@contextlib.contextmanager
def a_storage(*buckets: str) -> Iterator[str]:
    """Its URL, until it is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with create_server("127.0.0.1", port, in_memory=True):
        url = f"http://127.0.0.1:{port}"
        for bucket in buckets:
            requests.post(f"{url}/storage/v1/b", json={"name": bucket}, timeout=5)
        yield url


def objects(url: str, bucket: str) -> dict[str, str]:
    """The objects of a bucket: the generation of each by its name."""
    found = requests.get(f"{url}/storage/v1/b/{bucket}/o", timeout=5).json()
    return {one["name"]: one["generation"] for one in found.get("items", [])}
