"""Pushed to a real registry on loopback, and deployed by the digest it gave."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.end_to_end.conftest import until

_SETTINGS = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """HOST:PORT of Debian's docker-registry."""
    program = shutil.which("docker-registry")
    assert program, "install docker-registry: apt-get install docker-registry"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = tmp_path / "registry.yml"
    settings.write_text(_SETTINGS.format(folder=tmp_path / "registry", port=port))
    process = subprocess.Popen(
        [program, "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(f"http://{address}/v2/", timeout=2).ok
        except requests.ConnectionError:
            return False

    until(answers)
    yield address
    process.terminate()
    process.wait(10)


def test_the_image_is_pushed_and_deployed_by_the_registrys_digest(project, registry):
    project.image = f"{registry}/test/hello"
    project.passes("build", "deploy", "verify", "shift")

    image = project.observed()["template"]["containers"][0]["image"]
    assert re.fullmatch(rf"{registry}/test/hello@sha256:[0-9a-f]{{64}}", image)
    digest = image.partition("@")[2]
    manifest = requests.get(
        f"http://{registry}/v2/test/hello/manifests/{digest}", timeout=5,
        headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
    )  # fmt: skip
    assert manifest.headers["Docker-Content-Digest"] == digest
    assert requests.get(project.url(), timeout=5).status_code == 200
