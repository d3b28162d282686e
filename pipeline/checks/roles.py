"""The roles that a deploy needs, and what each lets do that the pipeline does (API facts §12.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    name: str
    permissions: tuple[str, ...]


ACTS_AS = Role("roles/iam.serviceAccountUser", ("iam.serviceAccounts.actAs",))
ID_TOKENS = Role(
    "roles/iam.serviceAccountOpenIdTokenCreator", ("iam.serviceAccounts.getOpenIdToken",)
)
PUSHES = Role(
    "roles/artifactregistry.writer",
    ("artifactregistry.repositories.uploadArtifacts",
     "artifactregistry.repositories.downloadArtifacts"),
)  # fmt: skip
UPLOADS = Role("roles/storage.objectUser", ("storage.objects.create", "storage.objects.get"))
FEDERATED = "roles/iam.workloadIdentityUser"
BUILDERS = (
    "roles/artifactregistry.writer", "roles/logging.logWriter", "roles/storage.objectViewer",
)  # fmt: skip
"""Of the account that Cloud Build builds as: it pushes, writes its log and reads the source."""

_SERVICES = ("run.services.get", "run.services.create", "run.services.update",
             "run.revisions.get", "run.operations.get")  # fmt: skip
_JOBS = ("run.jobs.get", "run.jobs.create", "run.jobs.update", "run.jobs.run",
         "run.executions.get")  # fmt: skip
_BUILDS = ("cloudbuild.builds.create", "cloudbuild.builds.get", "cloudbuild.builds.list")


def project_roles(*, jobs: bool, opens: bool, cloud_build: bool) -> Iterator[Role]:
    """Those that are granted on the project.

    ``jobs``: some must run; ``opens``: the service has to be made public; ``cloud_build``: it
    builds.
    """
    yield Role("roles/run.developer", _SERVICES + (_JOBS if jobs else ()))
    yield Role("roles/logging.viewer", ("logging.logEntries.list",))
    if opens:
        yield Role("roles/run.admin", ("run.services.setIamPolicy",))
    if cloud_build:
        yield Role("roles/cloudbuild.builds.editor", _BUILDS)


def needed_apis(*, secrets: bool, cloud_build: bool, registry: bool) -> tuple[str, ...]:
    """The services of Google Cloud that must be enabled, by name."""
    names = ["run", "logging", "iamcredentials"]
    names += ["artifactregistry"] if registry else []
    names += ["secretmanager"] if secrets else []
    names += ["cloudbuild", "storage"] if cloud_build else []
    return tuple(f"{name}.googleapis.com" for name in names)
