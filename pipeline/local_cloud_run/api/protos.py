"""Request bodies through Google's own types: unknown fields refused, one canonical spelling."""

from __future__ import annotations

import re
from typing import Any

from google.cloud import run_v2
from google.iam.v1 import policy_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

_SERVICE = run_v2.Service.pb()
_JOB = run_v2.Job.pb()
_RUN_REQUEST = run_v2.RunJobRequest.pb()
_UNKNOWN = re.compile(r'has no field named "([^"]*)" at "[A-Za-z]+\.?([^"]*)"')
_FIELD = re.compile(r"Failed to parse (\w+) field")


def service(body: Any) -> Json:
    """A Service body in canonical v2 JSON: camelCase, enums by name. Raises INVALID_ARGUMENT."""
    return _canonical(body, _SERVICE(), "service")


def job(body: Any) -> Json:
    """A Job body, as ``service`` is."""
    return _canonical(body, _JOB(), "job")


def run_request(body: Any) -> Json:
    return _canonical(body, _RUN_REQUEST(), "request")


def build(body: Any) -> Json:
    """A Build body of Cloud Build, as ``service`` is."""
    from google.cloud.devtools import cloudbuild_v1

    return _canonical(body, cloudbuild_v1.Build.pb()(), "build")


def build_field(name: str) -> str:
    """How JSON spells a field of a Build. Raises INVALID_ARGUMENT for one that it does not have."""
    from google.cloud.devtools import cloudbuild_v1

    field = _field(cloudbuild_v1.Build.pb().DESCRIPTOR, name)
    if field is None:
        raise invalid(f"invalid list builds filter: a build has no field {name[:40]!r}")
    return str(field.json_name)


def policy(body: Any) -> Json:
    return _canonical(body, policy_pb2.Policy(), "policy")


def _canonical(body: Any, message: Any, place: str) -> Json:
    if not isinstance(body, dict):
        raise invalid(f"Invalid value at '{place}', expected a JSON object.")
    try:
        parsed = json_format.ParseDict(body, message, max_recursion_depth=50)
    except json_format.ParseError as error:
        raise invalid(_explain(str(error), place)) from error
    return dict(json_format.MessageToDict(parsed))


def _explain(text: str, place: str) -> str:
    """Google's wording for a body that does not fit the type."""
    unknown = _UNKNOWN.search(text)
    if unknown:
        where = f"{place}.{unknown[2]}".rstrip(".")
        return (
            f"Invalid JSON payload received. Unknown name \"{unknown[1]}\" at '{where}': "
            "Cannot find field."
        )
    where = ".".join((place, *_FIELD.findall(text)))
    reason = text.rpartition("field: ")[2].rstrip(".")
    return f"Invalid value at '{where}', {reason}"


def mask_paths(text: str) -> tuple[str, ...]:
    """The camelCase paths of an ``updateMask``, given in camelCase or snake_case.

    Raises INVALID_ARGUMENT for a path that a Service does not have.
    """
    paths = [path.strip() for path in text.split(",") if path.strip()]
    return tuple(path if path == "*" else _camel(path) for path in paths)


def _camel(path: str) -> str:
    names: list[str] = []
    holder: Descriptor | None = _SERVICE.DESCRIPTOR
    for part in path.split("."):
        field = _field(holder, part)
        if field is None:
            raise invalid(f"The update mask path '{path}' is not a field of Service.")
        names.append(field.json_name)
        holder = None if _is_leaf(field) else field.message_type
    return ".".join(names)


def _is_leaf(field: FieldDescriptor) -> bool:
    """Whether JSON has no object there: a list, a map, or a text such as ``300s``."""
    kind = field.message_type
    return bool(field.is_repeated or (kind and kind.full_name.startswith("google.protobuf.")))


def _field(holder: Descriptor | None, name: str) -> FieldDescriptor | None:
    fields = holder.fields if holder else ()
    return next((field for field in fields if name in (field.name, field.json_name)), None)
