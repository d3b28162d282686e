"""Pushed to a real registry on loopback, and deployed by the digest it gave."""

from __future__ import annotations

import re

import requests

from tests.local_cloud_run.registry import registry


def test_the_image_is_pushed_and_deployed_by_the_registrys_digest(project):
    with registry() as address:
        project.image = f"{address}/test/hello"
        project.passes("build", "deploy", "verify", "shift")

        image = project.observed()["template"]["containers"][0]["image"]
        assert re.fullmatch(rf"{address}/test/hello@sha256:[0-9a-f]{{64}}", image)
        digest = image.partition("@")[2]
        manifest = requests.get(
            f"http://{address}/v2/test/hello/manifests/{digest}", timeout=5,
            headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
        )  # fmt: skip
        assert manifest.headers["Docker-Content-Digest"] == digest
        assert requests.get(project.url(), timeout=5).status_code == 200
