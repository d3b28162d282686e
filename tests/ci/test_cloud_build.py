"""cloudbuild.yaml, run step by step in containers, against a local Cloud Run and a registry."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.ci.act import ROOT, pipeline_files, put
from tests.ci.cloud import CLOUD_RUN, REGISTRY, Cloud
from tests.ci.cloud_build import read
from tests.ci.cloud_build_steps import Ended, run
from tests.ci.conftest import SERVICES, Service, settings

FILE = ROOT / "cloudbuild.yaml"
PLACE = f"http://{CLOUD_RUN}/v2/projects/my-project/locations/us-central1/services"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    if not shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin"):
        pytest.skip("no dockerd on this machine, which its steps could have")
    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.stop()
        cloud.empty_workspace()


def built(cloud: Cloud, service: str, source: str, fault: str = "") -> Ended:
    """Submit a service, as `gcloud builds submit` does, and wait for the build's end."""
    workspace = cloud.empty_workspace()
    for path, content in {**pipeline_files(), "app": SERVICES / source}.items():
        put(workspace / path, content)
    text = settings(Service(CLOUD_RUN, service), fault)
    image = f"us-central1-docker.pkg.dev/my-project/services/{service}"
    put(workspace / "deploy.yaml", text.replace(image, f"{REGISTRY}/services/{service}"))
    substitutions = {"_CONFIG": "deploy.yaml"}
    build = read(FILE.read_text(), substitutions, {"PROJECT_ID": "my-project", "BUILD_ID": service})
    return run(build, cloud.machine)


def split(cloud: Cloud, service: str) -> dict[str, int]:
    statuses = cloud.get(f"{PLACE}/{service}").get("trafficStatuses", [])
    return {one["revision"]: one["percent"] for one in statuses if one.get("percent")}


def test_a_build_deploys_by_digest_shifts_and_stops_at_the_first_failure(cloud):
    good = built(cloud, "built", "fails_when_deployed")

    assert good.status == "SUCCESS", good.log
    assert good.started == [0, 1, 2]
    before = split(cloud, "built")
    assert list(before.values()) == [100]
    template = cloud.get(f"{PLACE}/built")["template"]
    assert template["containers"][0]["image"].startswith(f"{REGISTRY}/services/built@sha256:")
    assert "already built for this source" in good.log[1]

    bad = built(cloud, "built", "fails_when_deployed", fault="dead_database")

    assert bad.status == "FAILURE"
    assert bad.started == [0, 1], bad.log
    assert "Session verify aborted: exit code 21" in bad.log[1]
    assert split(cloud, "built") == before
