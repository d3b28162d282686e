"""A local Cloud Run, and repositories whose workflows release to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests

from pipeline.__main__ import main
from pipeline.adapters.world import real_world
from tests.ci.act import OURS, Ran, Repositories, pipeline_files
from tests.end_to_end.conftest import SERVICES, a_local_cloud_run

_SETTINGS = """\
service: {service}
project: my-project
region: us-central1
image: us-central1-docker.pkg.dev/my-project/services/{service}
source: app
run:
  allow_unauthenticated: true
  env: {{FAULT: "{fault}"}}
smoke:
  env: {{FAULT: ""}}
health:
  settle: 500ms
startup:
  listen_within: 5s
  required_logs: [Application startup complete]
traffic:
  steps: [50, 100]
  step_time: 0s
  watch: 1s
"""


def settings(service: Service, fault: str = "") -> str:
    """A pipeline.yaml that makes short work of a release; the fault shows on Cloud Run only."""
    return _SETTINGS.format(service=service.name, fault=fault)


class Service:
    """A service on a local Cloud Run, as its API tells of it."""

    def __init__(self, address: str, name: str) -> None:
        self.address = address
        self.name = name

    def observed(self) -> dict:
        place = "v2/projects/my-project/locations/us-central1/services"
        return requests.get(f"http://{self.address}/{place}/{self.name}", timeout=10).json()

    def serving(self) -> str:
        """The revision that has all traffic; empty where nothing serves."""
        observed = self.observed()
        latest = observed.get("latestReadyRevision", "").rsplit("/", 1)[-1]
        split = {
            one.get("revision", latest): one["percent"]
            for one in observed.get("trafficStatuses", [])
            if one.get("percent")
        }
        return next(iter(split)) if list(split.values()) == [100] else ""

    def get(self, path: str = "/") -> requests.Response:
        return requests.get(f"{self.observed()['urls'][0]}{path}", timeout=5)


@pytest.fixture(scope="module")
def local_cloud_run() -> Iterator[str]:
    with a_local_cloud_run() as address:
        yield address


@pytest.fixture
def service(local_cloud_run: str, request: pytest.FixtureRequest) -> Service:
    """One for each test, so that tests share a local Cloud Run without meeting."""
    name = "".join(part for part in request.node.name if part.isalnum()).lower()
    return Service(local_cloud_run, f"c-{name[-20:]}")


@pytest.fixture
def repositories(tmp_path: Path, local_cloud_run: str) -> Repositories:
    return Repositories(tmp_path, local_cloud_run)


@dataclass
class Ours:
    """A repository that holds a service and the pipeline too, as this one does."""

    repositories: Repositories
    service: Service

    def commit(self, source: str, fault: str = "") -> Path:
        """Put a service of tests/services there."""
        app = {"app": SERVICES / source, "pipeline.yaml": settings(self.service, fault)}
        return self.repositories.add(OURS, {**pipeline_files(), **app})

    def release(self, source: str = "hello") -> str:
        """The revision that serves after a release without CI, of an image of its own."""
        folder = self.commit(source)
        with (folder / "app" / "server.py").open("a") as server:
            server.write(f"# after {self.service.serving()}\n")
        file = folder / "pipeline.yaml"
        world = replace(real_world(), environ=self.repositories.environ)
        for stage in ("build", "deploy", "verify", "shift"):
            assert main([stage, "--config", str(file)], world) == 0
        return self.service.serving()

    def act(self, event: str, workflow: str, *more: str) -> Ran:
        return self.repositories.act(OURS, event, workflow, *more)


@pytest.fixture
def ours(repositories: Repositories, service: Service) -> Ours:
    return Ours(repositories, service)
