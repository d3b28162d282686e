"""A secret that the service names and that is not there stops the deploy before it begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.end_to_end.conftest import Project, a_local_cloud_run

VALUE = "correct-horse"


@pytest.fixture(scope="module")
def local_cloud_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.env"
    secrets.write_text(f"there={VALUE}\n")
    with a_local_cloud_run("--secrets", str(secrets)) as address:
        yield address


@dataclass
class WithSecrets(Project):
    secrets: dict[str, str] = field(default_factory=dict)

    def write(self) -> Path:
        path = super().write()
        more = f"run:\n  secrets: {json.dumps(self.secrets)}\n"
        path.write_text(path.read_text().replace("run:\n", more, 1))
        return path


@pytest.fixture
def project(project: Project) -> WithSecrets:
    return WithSecrets(**vars(project))


def test_a_secret_that_is_there_is_found_and_read_by_the_service(project):
    project.secrets = {"VERSION": "there"}

    said = project.passes("build", "deploy", "verify", "shift")

    assert "1 of 1 secrets can be read" in said
    assert VALUE not in said
    assert requests.get(project.url(), timeout=5).json()["version"] == VALUE


def test_what_is_not_there_is_named_with_the_command_that_makes_it(project):
    project.secrets = {"VERSION": "there", "ONE": "absent", "TWO": "there:7"}
    project.passes("build")

    ran = project.run("deploy")

    assert ran.code == 31
    assert "ONE: the secret projects/my-project/secrets/absent does not exist" in ran.output
    assert "gcloud secrets create absent --project=my-project --data-file=FILE" in ran.output
    assert "gcloud secrets versions add there --project=my-project" in ran.output
    assert project.run("status").code == 14
