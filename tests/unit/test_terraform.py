"""What doctor prints for Terraform is HCL, and says the same as doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2
import pytest

from pipeline.checks.roles import project_roles
from pipeline.config import Config, load_config
from pipeline.steps.setup.terraform import resources

MINIMUM = """\
service: agents
project: my-project
region: us-central1
image: europe-docker.pkg.dev/my-project/images/agents
"""
MORE = """\
run:
  allow_unauthenticated: true
  service_account: runner@my-project.iam.gserviceaccount.com
  secrets: {DATABASE_URL: agents-db, TOKEN: 'token:3'}
jobs: [{name: migrate, command: [migrate]}]
build: {engine: cloud-build}
"""


def a_config(folder: Path, more: str = "") -> Config:
    (folder / "pipeline.yaml").write_text(MINIMUM + more)
    return load_config(folder / "pipeline.yaml", {})


def plain(value: Any) -> Any:
    """As the parser has it, without the quotes that it keeps."""
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.strip('"') if isinstance(value, str) else value


def parsed(text: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The resources by kind and name."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for one in plain(hcl2.loads(text))["resource"]:
        for kind, named in one.items():
            found.setdefault(kind, {}).update(named)
    return found


@pytest.mark.parametrize("more", ["", MORE])
def test_it_is_hcl_with_every_role_that_doctor_asks_for(more: str, tmp_path: Path) -> None:
    config = a_config(tmp_path, more)
    text = resources(config, "acme/agents")
    found = parsed(text)
    wanted = project_roles(jobs=bool(more), opens=bool(more), cloud_build=bool(more))

    granted = found["google_project_iam_member"]["deployer"]["for_each"]
    assert all(role.name in str(granted) for role in wanted)
    assert set(found["google_service_account_iam_member"]) == {"acts_as", "id_tokens", "github"}
    images = found["google_artifact_registry_repository"]["images"]
    assert (images["location"], images["repository_id"]) == ("europe", "images")
    assert ("google_secret_manager_secret_iam_member" in found) == bool(more)
    assert "'${local.repository}'" in text
    assert '"acme/agents"' in text


def test_terraform_leaves_alone_what_a_release_writes(tmp_path: Path) -> None:
    found = parsed(resources(a_config(tmp_path), ""))
    (lifecycle,) = found["google_cloud_run_v2_service"]["service"]["lifecycle"]

    assert {"template", "traffic", "annotations", "scaling"} <= set(lifecycle["ignore_changes"])


def test_an_account_has_an_id_that_google_takes(tmp_path: Path) -> None:
    name = f"{'a' * 25}-{'b' * 11}"
    config = a_config(tmp_path).model_copy(update={"service": name})
    account = parsed(resources(config, ""))["google_service_account"]["runtime"]["account_id"]

    assert 6 <= len(account) <= 30
    assert not account.endswith("-")


def test_an_image_elsewhere_needs_no_repository_of_ours(tmp_path: Path) -> None:
    config = a_config(tmp_path).model_copy(update={"image": "ghcr.io/acme/agents"})

    assert "google_artifact_registry_repository" not in parsed(resources(config, ""))
