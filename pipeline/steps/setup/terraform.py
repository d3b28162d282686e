"""What a deploy needs, as resources for Terraform (its google provider, 6 or later)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from pipeline.checks import roles
from pipeline.config import Config

_REGISTRY = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev/[^/]+/([^/]+)/.+")
_LONGEST = 30  # characters of an account's id
_NOT_TERRAFORMS = ("annotations", "client", "client_version", "ingress", "scaling", "template",
                   "traffic")  # fmt: skip
"""What the pipeline writes on a service: Terraform would put it back at its next apply."""


def resources(config: Config, repository: str) -> str:
    """One file. ``repository`` is OWNER/NAME on GitHub, empty where it is not known."""
    parts = (_locals(config, repository), _apis(config), _accounts(config), _deployer(config),
             _registry(config), _secrets(config), _federation(), _service(config))  # fmt: skip
    return "\n".join("\n".join(part) + "\n" for part in map(list, parts) if part)


def _quoted(text: str) -> str:
    """A string of HCL; a template in it is no template."""
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    return json.dumps(escaped, ensure_ascii=False)


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _locals(config: Config, repository: str) -> Iterator[str]:
    yield "locals {"
    yield f"  project    = {_quoted(config.project)}"
    yield f"  region     = {_quoted(config.region)}"
    yield f"  repository = {_quoted(repository or 'OWNER/REPOSITORY')} # on GitHub"
    yield "}"


def _apis(config: Config) -> Iterator[str]:
    needed = roles.needed_apis(
        secrets=bool(config.run.secrets),
        cloud_build=config.build.engine == "cloud-build",
        registry=bool(_REGISTRY.fullmatch(config.image)),
    )
    yield 'resource "google_project_service" "needed" {'
    yield f"  for_each           = toset({_list((*needed, 'sts.googleapis.com'))})"
    yield "  project            = local.project"
    yield "  service            = each.value"
    yield "  disable_on_destroy = false"
    yield "}"


def _accounts(config: Config) -> Iterator[str]:
    own = (config.run.service_account or "").partition("@")[0]
    runs_as = own or f"{config.service[: _LONGEST - 4].rstrip('-')}-run"
    if not own:
        yield "# then, in pipeline.yaml, run.service_account: its email"
    yield from _account("runtime", runs_as)
    yield ""
    yield from _account("deployer", "cloud-run-deployer")


def _account(name: str, account: str) -> Iterator[str]:
    yield f'resource "google_service_account" "{name}" {{'
    yield "  project    = local.project"
    yield f"  account_id = {_quoted(account)}"
    yield "}"


def _deployer(config: Config) -> Iterator[str]:
    wanted = roles.project_roles(
        jobs=bool(config.jobs),
        opens=config.run.allow_unauthenticated,
        cloud_build=config.build.engine == "cloud-build",
    )
    yield 'resource "google_project_iam_member" "deployer" {'
    yield f"  for_each = toset({_list(role.name for role in wanted)})"
    yield "  project  = local.project"
    yield "  role     = each.value"
    yield "  member   = google_service_account.deployer.member"
    yield "}"
    for name, account, role in (
        ("acts_as", "runtime", roles.ACTS_AS),
        ("id_tokens", "deployer", roles.ID_TOKENS),
    ):
        yield ""
        yield f'resource "google_service_account_iam_member" "{name}" {{'
        yield f"  service_account_id = google_service_account.{account}.name"
        yield f"  role               = {_quoted(role.name)}"
        yield "  member             = google_service_account.deployer.member"
        yield "}"


def _registry(config: Config) -> Iterator[str]:
    found = _REGISTRY.fullmatch(config.image)
    if found is None:
        return
    yield 'resource "google_artifact_registry_repository" "images" {'
    yield "  project       = local.project"
    yield f"  location      = {_quoted(config.image.partition('-docker.pkg.dev')[0])}"
    yield f"  repository_id = {_quoted(found[1])}"
    yield '  format        = "DOCKER"'
    yield "}"
    yield ""
    yield 'resource "google_artifact_registry_repository_iam_member" "push" {'
    yield "  project    = local.project"
    yield "  location   = google_artifact_registry_repository.images.location"
    yield "  repository = google_artifact_registry_repository.images.name"
    yield f"  role       = {_quoted(roles.PUSHES.name)}"
    yield "  member     = google_service_account.deployer.member"
    yield "}"


def _secrets(config: Config) -> Iterator[str]:
    names = sorted({one.secret for one in config.run.secrets.values()})
    if not names:
        return
    yield 'resource "google_secret_manager_secret_iam_member" "reads" {'
    yield f"  for_each  = toset({_list(names)})"
    yield "  project   = local.project"
    yield "  secret_id = each.value"
    yield '  role      = "roles/secretmanager.secretAccessor"'
    yield "  member    = google_service_account.runtime.member"
    yield "}"


def _federation() -> Iterator[str]:
    yield """\
resource "google_iam_workload_identity_pool" "github" {
  project                   = local.project
  workload_identity_pool_id = "github"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  project                            = local.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "main"
  attribute_condition                = "assertion.repository == '${local.repository}' && assertion.ref == 'refs/heads/main'"
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.repository/${local.repository}"
}

output "WORKLOAD_IDENTITY_PROVIDER" {
  value = google_iam_workload_identity_pool_provider.github.name
}

output "SERVICE_ACCOUNT" {
  value = google_service_account.deployer.email
}"""  # noqa: E501 -- Terraform has no way to break a line


def _service(config: Config) -> Iterator[str]:
    yield "# Only if Terraform is to have the service too; the pipeline creates it otherwise."
    yield 'resource "google_cloud_run_v2_service" "service" {'
    yield "  project  = local.project"
    yield "  location = local.region"
    yield f"  name     = {_quoted(config.service)}"
    yield "  template {"
    yield "    service_account = google_service_account.runtime.email"
    yield "    containers {"
    yield '      image = "us-docker.pkg.dev/cloudrun/container/hello"'
    yield "    }"
    yield "  }"
    yield "  lifecycle { # what each release writes"
    yield f"    ignore_changes = [{', '.join(_NOT_TERRAFORMS)}]"
    yield "  }"
    yield "}"
