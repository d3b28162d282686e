"""Secret Manager v1 REST, as far as asking whether a secret is there and may be read.

Values are never answered: ``:access`` is not emulated. The texts of a 404 are Google's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.state.conditions import etag_of, microseconds
from pipeline.local_cloud_run.state.rpc import ApiError, Code, not_emulated
from pipeline.local_cloud_run.state.secrets import LATEST, VERSION
from pipeline.local_cloud_run.values import Json

READER = "roles/secretmanager.secretAccessor"
EVERYBODY = "allAuthenticatedUsers"
"""Every service account is one."""
_SECRET = re.compile(
    r"/v1/(?P<name>projects/[^/]+/secrets/(?P<secret>[^/:]+))(?:/versions/(?P<version>[^/:]+))?"
    r"(?P<verb>:\w+)?"
)


def is_path(path: str) -> bool:
    return _SECRET.fullmatch(path) is not None


def answer(held: Mapping[str, str], since: datetime, method: str, path: str, body: Any) -> Json:
    """Answer one call; ``held`` has the secrets by id. Raises ApiError."""
    match = _SECRET.fullmatch(path)
    if match is None:
        raise not_emulated(f"{method} {path}")
    name, version = match["name"], match["version"]
    there = match["secret"] in held
    match (method, match["verb"], version):
        case ("GET", None, None):
            _require(there, f"Secret [{name}] not found.")
            return {**_common(name, since), "replication": {"automatic": {}}}
        case ("GET", None, str()):
            _require(there, f"Secret [{name}] not found or has no versions.")
            _require(version in (VERSION, LATEST),
                     f"Secret Version [{name}/versions/{version}] not found.")  # fmt: skip
            return {
                **_common(f"{name}/versions/{VERSION}", since),
                "state": "ENABLED",
                "replicationStatus": {"automatic": {}},
            }
        case ("GET", ":getIamPolicy", None):
            _require(there, f"Secret [{name}] not found.")
            bindings = [{"role": READER, "members": [EVERYBODY]}]
            return {"version": 1, "etag": _etag(since), "bindings": bindings}
        case ("POST", ":testIamPermissions", None):
            asked = body.get("permissions") if isinstance(body, dict) else None
            return {"permissions": asked} if there and asked else {}
    raise not_emulated(f"{method} {path}")


def _require(there: bool, otherwise: str) -> None:  # noqa: FBT001 -- a condition and its message
    if not there:
        raise ApiError(Code.NOT_FOUND, otherwise)


def _common(name: str, since: datetime) -> Json:
    return {"name": name, "createTime": timestamp(since), "etag": f'"{_etag(since)}"'}


def _etag(since: datetime) -> str:
    return etag_of(microseconds(since)).strip('"')
