"""What doctor prints for Terraform is HCL, and says the same as doctor."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import hcl2
import pytest

from pipeline.checks.roles import BUILDERS, UPLOADS, project_roles
from pipeline.config import Config, load_config
from pipeline.steps.setup.terraform import GitHub, resources

GITHUB = GitHub("acme/agents", "trunk")
NOBODY = GitHub("", "main")
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
    text = resources(config, GITHUB)
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
    assert '"trunk"' in text


def test_terraform_leaves_alone_what_a_release_writes(tmp_path: Path) -> None:
    found = parsed(resources(a_config(tmp_path), NOBODY))
    (lifecycle,) = found["google_cloud_run_v2_service"]["service"]["lifecycle"]

    assert {"template", "traffic", "annotations", "scaling"} <= set(lifecycle["ignore_changes"])


def test_an_image_elsewhere_needs_no_repository_of_ours(tmp_path: Path) -> None:
    config = a_config(tmp_path).model_copy(update={"image": "ghcr.io/acme/agents"})

    assert "google_artifact_registry_repository" not in parsed(resources(config, NOBODY))


def test_an_account_that_is_there_is_not_made(tmp_path: Path) -> None:
    more = "run: {service_account: 12-compute@developer.gserviceaccount.com}\n"
    text = resources(a_config(tmp_path, more), NOBODY)
    data = plain(hcl2.loads(text))["data"]

    assert set(parsed(text)["google_service_account"]) == {"deployer"}
    assert data[0]["google_service_account"]["runtime"]["account_id"].startswith("12-compute@")
    acts_as = parsed(text)["google_service_account_iam_member"]["acts_as"]
    assert "data.google_service_account.runtime.name" in acts_as["service_account_id"]


@pytest.mark.parametrize("service", ["a", "ab", "a" * 37, f"{'a' * 21}-{'b' * 15}"])
def test_the_account_of_any_service_has_an_id_that_google_takes(
    service: str, tmp_path: Path
) -> None:
    config = a_config(tmp_path).model_copy(update={"service": service})
    account = parsed(resources(config, NOBODY))["google_service_account"]["runtime"]["account_id"]

    assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", account)


def test_a_build_on_cloud_build_has_its_bucket_and_its_account(tmp_path: Path) -> None:
    account = "builder@my-project.iam.gserviceaccount.com"
    found = parsed(resources(a_config(tmp_path, (
        f"build: {{engine: cloud-build, service_account: {account}}}\n"
    )), NOBODY))  # fmt: skip

    assert found["google_storage_bucket"]["sources"]["name"] == "my-project_cloudbuild"
    assert found["google_storage_bucket_iam_member"]["uploads"]["role"] == UPLOADS.name
    assert found["google_service_account"]["build"]["account_id"] == "builder"
    assert "builds_as" in found["google_service_account_iam_member"]
    assert all(role in str(found["google_project_iam_member"]["builds"]) for role in BUILDERS)


def test_one_account_for_two_ends_is_made_once(tmp_path: Path) -> None:
    both = "all@my-project.iam.gserviceaccount.com"
    found = parsed(resources(a_config(tmp_path, (
        f"run: {{service_account: {both}}}\n"
        f"build: {{engine: cloud-build, service_account: {both}}}\n"
    )), NOBODY))  # fmt: skip

    assert set(found["google_service_account"]) == {"runtime", "deployer"}
    builds_as = found["google_service_account_iam_member"]["builds_as"]
    assert "google_service_account.runtime.name" in builds_as["service_account_id"]


def test_a_registry_of_another_project_is_not_made(tmp_path: Path) -> None:
    image = "us-docker.pkg.dev/example.com/images-1/ours/agents"
    config = a_config(tmp_path).model_copy(update={"image": image})
    found = parsed(resources(config, NOBODY))

    assert "google_artifact_registry_repository" not in found
    push = found["google_artifact_registry_repository_iam_member"]["push"]
    assert (push["project"], push["location"]) == ("example.com:images-1", "us")
    assert push["repository"] == "ours"


def test_nothing_is_made_before_its_api_is_enabled_and_every_variable_of_github_is_told(
    tmp_path: Path,
) -> None:
    text = resources(a_config(tmp_path, MORE), GITHUB)
    for kind, named in parsed(text).items():
        for one in named.values():
            builds_on = "google_project_service.needed" in str(one.get("depends_on"))
            assert builds_on or "google_" in str(one) or kind == "google_project_service"
    outputs = {name for one in plain(hcl2.loads(text))["output"] for name in one}
    assert outputs == {"WORKLOAD_IDENTITY_PROVIDER", "SERVICE_ACCOUNT", "REGISTRY"}
