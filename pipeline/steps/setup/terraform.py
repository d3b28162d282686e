"""What a deploy needs, as resources for Terraform (its google provider, 6 or later)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.adapters.storage import default_bucket
from pipeline.checks import roles
from pipeline.config import Config
from pipeline.steps.setup.hcl import Expression, Value, block, resource, set_of
from pipeline.steps.setup.registry import registry_of
from pipeline.steps.setup.terraform_accounts import Account, accounts_of

_OF_TERRAFORM = ("cloudresourcemanager", "iam", "sts")  # what it and the federation ask beside
_PROJECT = Expression("local.project")
_APIS_FIRST: Mapping[str, Value] = {"depends_on": Expression("[google_project_service.needed]")}
"""In each resource that others build on: an API that is not enabled yet refuses it."""
_NOT_TERRAFORMS = ("annotations", "client", "client_version", "ingress", "scaling", "template",
                   "traffic")  # fmt: skip
"""What the pipeline writes on a service: Terraform would put it back at its next apply."""
_POOL = "google_iam_workload_identity_pool.github"


@dataclass(frozen=True)
class GitHub:
    """Where the workflows run. ``repository`` is OWNER/NAME, empty where it is not known."""

    repository: str
    branch: str


def resources(config: Config, github: GitHub) -> str:
    """One file."""
    accounts = accounts_of(config)
    parts = (_start(config, github), _accounts(config, accounts), _deployer(config, accounts),
             _registry(config, accounts), _cloud_build(config, accounts),
             _secrets(config, accounts), _federation(config, accounts),
             _service(config, accounts))  # fmt: skip
    return "\n".join(one for part in parts for one in part)


def _start(config: Config, github: GitHub) -> Iterator[str]:
    named = {"project": config.project, "region": config.region}
    yield block("locals", {**named, "repository": github.repository or "OWNER/REPOSITORY",
                 "branch": github.branch})  # fmt: skip
    needed = roles.needed_apis(
        secrets=bool(config.run.secrets),
        cloud_build=config.build.engine == "cloud-build",
        registry=registry_of(config.image) is not None,
    )
    apis = (*needed, *(f"{name}.googleapis.com" for name in _OF_TERRAFORM))
    yield resource("google_project_service", "needed", {
        "for_each": set_of(apis),
        "project": _PROJECT,
        "service": Expression("each.value"),
        "disable_on_destroy": Expression("false"),
    })  # fmt: skip


def _accounts(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    is_new = not config.run.service_account
    email = accounts["runtime"].email
    said = f"# Then, in pipeline.yaml: run: {{service_account: {email}}}\n" if is_new else ""
    for account in dict.fromkeys(accounts.values()):
        id_of = account.email.partition("@")[0] if account.is_made else account.email
        project: Mapping[str, Value] = {"project": _PROJECT} if account.is_made else {}
        text = block(account.head, {**project, "account_id": id_of, **_APIS_FIRST})
        yield said + text if account.name == "runtime" else text


def _deployer(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    wanted = roles.project_roles(
        jobs=bool(config.jobs),
        opens=config.run.allow_unauthenticated,
        cloud_build=config.build.engine == "cloud-build",
    )
    yield resource("google_project_iam_member", "deployer", {
        "for_each": set_of(role.name for role in wanted),
        "project": _PROJECT,
        "role": Expression("each.value"),
        "member": accounts["deployer"].member,
    })  # fmt: skip
    member = accounts["deployer"].member
    yield _on_account("acts_as", accounts["runtime"], roles.ACTS_AS.name, member)
    yield _on_account("id_tokens", accounts["deployer"], roles.ID_TOKENS.name, member)


def _on_account(name: str, account: Account, role: str, member: Value) -> str:
    return resource("google_service_account_iam_member", name, {
        "service_account_id": account.part("name"), "role": role, "member": member,
    })  # fmt: skip


def _registry(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    registry = registry_of(config.image)
    if registry is None:
        return
    is_ours = registry.project == config.project
    place: Mapping[str, Value] = {
        "project": _PROJECT if is_ours else registry.project,
        "location": registry.location,
    }
    if is_ours:
        yield resource("google_artifact_registry_repository", "images", {
            **place, "repository_id": registry.repository, "format": "DOCKER", **_APIS_FIRST,
        })  # fmt: skip
    images = Expression("google_artifact_registry_repository.images.name")
    yield resource("google_artifact_registry_repository_iam_member", "push", {
        **place,
        "repository": images if is_ours else registry.repository,
        "role": roles.PUSHES.name,
        "member": accounts["deployer"].member,
    })  # fmt: skip


def _cloud_build(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    if config.build.engine != "cloud-build":
        return
    yield resource("google_storage_bucket", "sources", {
        "project": _PROJECT,
        "name": config.build.bucket or default_bucket(config.project),
        "location": Expression("local.region"),
        "uniform_bucket_level_access": Expression("true"),
        "public_access_prevention": "enforced",
        **_APIS_FIRST,
    })  # fmt: skip
    yield resource("google_storage_bucket_iam_member", "uploads", {
        "bucket": Expression("google_storage_bucket.sources.name"),
        "role": roles.UPLOADS.name,
        "member": accounts["deployer"].member,
    })  # fmt: skip
    if "build" in accounts:
        member = accounts["deployer"].member
        yield _on_account("builds_as", accounts["build"], roles.ACTS_AS.name, member)
        yield resource("google_project_iam_member", "builds", {
            "for_each": set_of(roles.BUILDERS),
            "project": _PROJECT,
            "role": Expression("each.value"),
            "member": accounts["build"].member,
        })  # fmt: skip


def _secrets(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    names = sorted({one.secret for one in config.run.secrets.values()})
    if names:
        yield resource("google_secret_manager_secret_iam_member", "reads", {
            "for_each": set_of(names),
            "project": _PROJECT,
            "secret_id": Expression("each.value"),
            "role": "roles/secretmanager.secretAccessor",
            "member": accounts["runtime"].member,
        })  # fmt: skip


def _federation(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    yield resource("google_iam_workload_identity_pool", "github", {
        "project": _PROJECT, "workload_identity_pool_id": "github", **_APIS_FIRST,
    })  # fmt: skip
    yield resource("google_iam_workload_identity_pool_provider", "github", {
        "project": _PROJECT,
        "workload_identity_pool_id": Expression(f"{_POOL}.workload_identity_pool_id"),
        "workload_identity_pool_provider_id": "main",
        "attribute_condition": Expression(
            "\"assertion.repository == '${local.repository}' "
            "&& assertion.ref == 'refs/heads/${local.branch}'\""
        ),
        "attribute_mapping": Expression(
            '{ "google.subject" = "assertion.sub", '
            '"attribute.repository" = "assertion.repository" }'
        ),
        "oidc": {"issuer_uri": "https://token.actions.githubusercontent.com"},
    })  # fmt: skip
    runs = f"${{{_POOL}.name}}/attribute.repository/${{local.repository}}"
    members = Expression(f'"principalSet://iam.googleapis.com/{runs}"')
    yield _on_account("github", accounts["deployer"], roles.FEDERATED, members)
    provider = Expression("google_iam_workload_identity_pool_provider.github.name")
    yield block('output "WORKLOAD_IDENTITY_PROVIDER"', {"value": provider})
    yield block('output "SERVICE_ACCOUNT"', {"value": accounts["deployer"].part("email")})
    yield block('output "REGISTRY"', {"value": config.image.partition("/")[0]})


def _service(config: Config, accounts: Mapping[str, Account]) -> Iterator[str]:
    only = "# Only if Terraform is to have the service too; the pipeline creates it otherwise.\n"
    yield only + resource("google_cloud_run_v2_service", "service", {
        "project": _PROJECT,
        "location": Expression("local.region"),
        "name": config.service,
        **_APIS_FIRST,
        "template": {
            "service_account": accounts["runtime"].part("email"),
            "containers": {"image": "us-docker.pkg.dev/cloudrun/container/hello"},
        },
        "lifecycle": {"ignore_changes": Expression(f"[{', '.join(_NOT_TERRAFORMS)}]")},
    })  # fmt: skip
