"""Secret Manager, asked whether a secret is there and who may read it; never for its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pipeline.adapters.google import Google
from pipeline.answers import objects, texts
from pipeline.config.texts import Secret
from pipeline.errors import PermissionMissing, ServiceMissing

_AT_ONCE = 8  # secrets
_POLICY_VERSION = 3  # the one that knows conditions: a policy read as an older one hides them


@dataclass(frozen=True)
class Binding:
    """A role and who has it. ``conditional``: only under a condition, which is not looked at."""

    role: str
    members: frozenset[str]
    conditional: bool = False


@dataclass(frozen=True)
class Held:
    """What Secret Manager says of a secret's version. None is what we may not see.

    ``state`` is ENABLED, DISABLED, DESTROYED, or empty where there is no such version. ``project``
    is the number of the secret's project, empty where it is not told.
    """

    exists: bool | None
    state: str | None
    policy: tuple[Binding, ...] | None = None
    project: str = ""


@dataclass(frozen=True)
class Secrets:
    """The secrets that a project's services use."""

    google: Google
    project: str

    def path(self, secret: Secret) -> str:
        """The resource ``projects/P/secrets/S``: of this project, unless it is named in full."""
        name = secret.secret
        return name if "/" in name else f"projects/{self.project}/secrets/{name}"

    def look(self, secrets: Iterable[Secret]) -> dict[Secret, Held]:
        """Two calls for each secret, of several secrets at the same time."""
        wanted = list(dict.fromkeys(secrets))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(self._look, wanted), strict=True))

    def project_policy(self, project: str) -> tuple[Binding, ...] | None:
        """Who has which role on a whole project; None where we may not see it."""
        path = f"/v1/projects/{project}:getIamPolicy"
        options = {"options": {"requestedPolicyVersion": _POLICY_VERSION}}
        answer = _seen(lambda: self.google.post("cloudresourcemanager", path, options))
        return _bindings(answer) if answer else None

    def _look(self, secret: Secret) -> Held:
        path = f"/v1/{self.path(secret)}"
        version = self._get(f"{path}/versions/{secret.version}")
        policy = self._get(f"{path}:getIamPolicy?options.requestedPolicyVersion={_POLICY_VERSION}")
        return Held(
            # Where only the version is known to be missing, the secret may be there.
            exists=True if version or policy else None if policy is None else False,
            state=None if version is None else str(version.get("state", "")),
            policy=_bindings(policy) if policy else None,
            project=_number(str(version.get("name", ""))) if version else "",
        )

    def _get(self, path: str) -> Mapping[str, Any] | None:
        return _seen(lambda: self.google.get("secretmanager", path))


def _seen(ask: Callable[[], Any]) -> Mapping[str, Any] | None:
    """The answer; empty where there is no such thing, None where we may not see it."""
    try:
        return dict(ask())
    except ServiceMissing:
        return {}
    except PermissionMissing:
        return None


def _number(name: str) -> str:
    """The number of the project in ``projects/NUMBER/secrets/…``."""
    number = name.removeprefix("projects/").partition("/")[0]
    return number if number.isdecimal() else ""


def _bindings(policy: Mapping[str, Any]) -> tuple[Binding, ...]:
    return tuple(
        Binding(
            str(one.get("role", "")),
            texts(one.get("members")),
            bool(one.get("condition")),
        )
        for one in objects(policy.get("bindings"))
    )
