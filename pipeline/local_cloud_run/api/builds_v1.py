"""Cloud Build v1 REST over the builds: create, get, list, cancel, and their operations (§7)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from pipeline.local_cloud_run.api import protos
from pipeline.local_cloud_run.api.calls import PLACE
from pipeline.local_cloud_run.api.log_filter import Path, compile_filter
from pipeline.local_cloud_run.api.paging import page
from pipeline.local_cloud_run.cloud_build import records
from pipeline.local_cloud_run.cloud_build.builds import Builds
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import BuildKey, Json

_ANYWHERE = "global"
_CLOUD_BUILD = "type.googleapis.com/google.devtools.cloudbuild.v1."
_BUILDS = re.compile(rf"/v1/(?:{PLACE}|projects/(?P<alone>[^/]+))/builds(?P<rest>/.*)?")
_ONE = re.compile(r"/(?P<build>[^/:]+)(?P<verb>:\w+)?")
_OPERATION = re.compile(rf"/v1/{PLACE}/operations/(?P<operation>[^/:]+)")
_ALIASES = {"build_id": "id", "trigger_id": "build_trigger_id"}
_CODES = {"CANCELLED": 1, "TIMEOUT": 4, "EXPIRED": 4, "INTERNAL_ERROR": 13}
_UNKNOWN = 2


def is_path(path: str) -> bool:
    return bool(_BUILDS.fullmatch(path) or _OPERATION.fullmatch(path))


def answer(builds: Builds, method: str, path: str, query: Mapping[str, str], body: Any) -> Json:
    """Answer one call. Raises ApiError."""
    if (operation := _OPERATION.fullmatch(path)) and method == "GET":
        project, location, name = operation.group("project", "location", "operation")
        return _operation(builds.get(BuildKey(project, location, _build_id(name))))
    match = _BUILDS.fullmatch(path)
    if match is None:
        raise not_emulated(f"{method} {path}")
    project, location = match["project"] or match["alone"], match["location"] or _ANYWHERE
    one = _ONE.fullmatch(match["rest"] or "")
    match (method, bool(match["rest"]), one and one["verb"]):
        case ("POST", False, _):
            key = BuildKey(project, location, str(uuid4()))
            return _operation(builds.create(key, protos.build(body)))
        case ("GET", False, _):
            wanted = compile_filter(query.get("filter", ""), _field)
            found = list(filter(wanted, builds.newest_first(project, location)))
            shown, token = page(found, _size(query), query.get("pageToken", ""))
            return {"builds": shown, "nextPageToken": token}
        case ("GET", True, None) if one:
            return builds.get(BuildKey(project, location, one["build"]))
        case ("POST", True, ":cancel") if one:
            return builds.cancel(BuildKey(project, location, one["build"]))
    raise not_emulated(f"{method} {path}")


def _field(path: Path) -> Path:
    """A path of a list's filter, in snake_case, as a build spells it."""
    name, *deeper = path
    return (protos.build_field(_ALIASES.get(name, name)), *map(_camel, deeper))


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _size(query: Mapping[str, str]) -> int:
    text = query.get("pageSize") or "0"
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise invalid(f"Invalid value at 'page_size', \"{text}\"")
    return int(text)


def _operation(build: Json) -> Json:
    """A google.longrunning.Operation; its id is that of its build, in base64."""
    project, location = build["name"].split("/")[1:4:2]
    name = base64.urlsafe_b64encode(build["id"].encode()).decode().rstrip("=")
    status = build["status"]
    shown: Json = {
        "name": f"projects/{project}/locations/{location}/operations/{name}",
        "metadata": {"@type": f"{_CLOUD_BUILD}BuildOperationMetadata", "build": build},
        "done": status in records.ENDED,
    }
    if status == "SUCCESS":
        shown["response"] = {"@type": f"{_CLOUD_BUILD}Build", **build}
    elif shown["done"]:
        said = build.get("statusDetail") or f"Build {build['id']} ended as {status}"
        shown["error"] = {"code": _CODES.get(status, _UNKNOWN), "message": said}
    return shown


def _build_id(operation: str) -> str:
    try:
        return base64.urlsafe_b64decode(operation + "=" * (-len(operation) % 4)).decode("ascii")
    except ValueError as error:
        raise ApiError(Code.NOT_FOUND, f"Operation '{operation}' was not found.") from error
