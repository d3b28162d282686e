"""What doctor asks of a project, answered as for one where nothing is missing.

There are no projects, roles and accounts here: every name that is asked for is there, and the
caller may do everything, as in the rest of the local Cloud Run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.local_cloud_run.state.rpc import not_emulated
from pipeline.local_cloud_run.state.texts import PROJECT_NUMBER
from pipeline.local_cloud_run.values import Json

NUMBER = PROJECT_NUMBER

_PROJECT = r"projects/(?P<project>[^/:]+)"
_ACCOUNT = r"projects/[^/:]+/serviceAccounts/(?P<email>[^/:]+)"
_REPOSITORY = rf"{_PROJECT}/locations/[^/:]+/repositories/[^/:]+"

Parts = Mapping[str, str]


def _project(name: str, parts: Parts, _asked: Sequence[str]) -> Json:
    project = parts["project"]
    return {"projectNumber": NUMBER, "projectId": project, "lifecycleState": "ACTIVE", "name": name}


def _services(_name: str, _parts: Parts, asked: Sequence[str]) -> Json:
    return {"services": [{"name": name, "state": "ENABLED"} for name in asked]}


def _service(name: str, _parts: Parts, _asked: Sequence[str]) -> Json:
    return {"name": name, "state": "ENABLED"}


def _repository(name: str, _parts: Parts, _asked: Sequence[str]) -> Json:
    return {"name": name, "format": "DOCKER"}


def _account(_name: str, parts: Parts, _asked: Sequence[str]) -> Json:
    return {"email": parts["email"], "disabled": False}


def _permissions(_name: str, _parts: Parts, asked: Sequence[str]) -> Json:
    return {"permissions": list(asked)}


_ROUTES: tuple[tuple[str, str, Callable[[str, Parts, Sequence[str]], Json]], ...] = (
    ("GET", _PROJECT, _project),
    ("POST", rf"{_PROJECT}:testIamPermissions", _permissions),
    ("GET", rf"{_PROJECT}/services:batchGet", _services),
    ("GET", rf"{_PROJECT}/services/[^/:]+", _service),
    ("GET", _REPOSITORY, _repository),
    ("POST", rf"{_REPOSITORY}:testIamPermissions", _permissions),
    ("GET", _ACCOUNT, _account),
    ("POST", rf"{_ACCOUNT}:testIamPermissions", _permissions),
)


def is_path(method: str, path: str) -> bool:
    return any(verb == method and re.fullmatch(f"/v1/{one}", path) for verb, one, _ in _ROUTES)


def answer(method: str, path: str, names: Sequence[str], body: Any) -> Json:
    """Answer one call; ``names`` are those of its query. Raises ApiError."""
    permissions = body.get("permissions") if isinstance(body, dict) else None
    named = permissions if isinstance(permissions, list) else names
    asked = [one for one in named if isinstance(one, str)]
    for verb, pattern, handler in _ROUTES:
        match = re.fullmatch(f"/v1/(?P<name>{pattern})", path) if verb == method else None
        if match:
            return handler(match["name"], match.groupdict(), asked)
    raise not_emulated(f"{method} {path}")
