"""What Google Cloud says of a project and what is in it. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipeline.adapters.google import Google
from pipeline.answers import objects, texts
from pipeline.errors import ServiceMissing

Found = Mapping[str, Any] | None
"""A resource; None where there is none of that name."""


@dataclass(frozen=True)
class Project:
    """Reads, each of which may raise PermissionMissing, ApiRefused and ApiUnreachable."""

    google: Google
    project: str

    def get(self) -> Found:
        return self._get("cloudresourcemanager", f"/v1/projects/{self.project}")

    def enabled(self, apis: Iterable[str]) -> frozenset[str]:
        """Which of these services are enabled; names such as run.googleapis.com."""
        parent = f"projects/{self.project}"
        names = "&".join(f"names={quote(f'{parent}/services/{api}', safe='')}" for api in apis)
        answer = self.google.get("serviceusage", f"/v1/{parent}/services:batchGet?{names}")
        return frozenset(
            str(one.get("name", "")).rpartition("/")[2]
            for one in objects(answer.get("services"))
            if one.get("state") == "ENABLED"
        )

    def granted(self, permissions: Iterable[str]) -> frozenset[str]:
        """Which of these permissions the caller has on the project."""
        path = f"/v1/projects/{self.project}:testIamPermissions"
        return self._tested("cloudresourcemanager", path, permissions)

    def granted_on_service(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        return self._tested("run", f"/v2/{name}:testIamPermissions", permissions)

    def granted_on_repository(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        return self._tested("artifactregistry", f"/v1/{name}:testIamPermissions", permissions)

    def granted_on_account(self, email: str, permissions: Iterable[str]) -> frozenset[str]:
        return self._tested("iam", f"{_account(email)}:testIamPermissions", permissions)

    def granted_on_bucket(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        asked = "&".join(f"permissions={one}" for one in permissions)
        path = f"/storage/v1/b/{name}/iam/testPermissions?{asked}"
        return _permissions(self.google.get("storage", path))

    def repository(self, name: str) -> Found:
        return self._get("artifactregistry", f"/v1/{name}")

    def account(self, email: str) -> Found:
        return self._get("iam", _account(email))

    def policy_of_account(self, email: str) -> Found:
        return self._found(lambda: self.google.post("iam", f"{_account(email)}:getIamPolicy", {}))

    def provider(self, name: str) -> Found:
        """A provider of Workload Identity Federation, by its full name."""
        return self._get("iam", f"/v1/{name}")

    def _get(self, api: str, path: str) -> Found:
        return self._found(lambda: self.google.get(api, path))

    def _found(self, ask: Callable[[], Any]) -> Found:
        try:
            return dict(ask())
        except ServiceMissing:
            return None

    def _tested(self, api: str, path: str, permissions: Iterable[str]) -> frozenset[str]:
        return _permissions(self.google.post(api, path, {"permissions": list(permissions)}))


def caller(google: Google) -> str:
    """Who the credentials are, as a member of a policy; empty where they do not say."""
    if google.emulator:
        return ""
    credentials = google.credentials
    account = str(getattr(credentials, "service_account_email", "") or "")
    if "@" in account:
        return f"serviceAccount:{account}"
    user = str(getattr(credentials, "account", "") or "")
    return f"user:{user}" if "@" in user else ""


def kind(google: Google) -> str:
    """What the credentials are, for a person. Raises NoCredentials and KeyFileRefused."""
    if google.emulator:
        return "none, for a local Cloud Run needs none"
    module = type(google.credentials).__module__
    return next((said for part, said in _KINDS.items() if part in module), module)


_KINDS = {
    "external_account_authorized_user": "a person's, of a workforce pool",
    "impersonated": "an account that is impersonated",
    "compute_engine": "the account of this machine",
    "service_account": "a service account's key file",
    "oauth2.credentials": "a person's",
    "identity_pool": "Workload Identity Federation",
    "external_account": "Workload Identity Federation",
}


def _permissions(answer: Mapping[str, Any]) -> frozenset[str]:
    return texts(answer.get("permissions"))


def _account(email: str) -> str:
    return f"/v1/projects/-/serviceAccounts/{email}"
