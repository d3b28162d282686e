"""What v1 says in annotations and v2 in fields: one table row for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

RUN = "run.googleapis.com/"
AUTOSCALING = "autoscaling.knative.dev/"
SERVING = "serving.knative.dev/"
LOCATION = "cloud.googleapis.com/location"
PROBE_TYPE = f"{RUN}startupProbeType"
LABELS = frozenset({LOCATION, PROBE_TYPE})
"""The labels that the platform sets on a service or on its template."""
_RESERVED = (RUN, AUTOSCALING, SERVING, "cloud.googleapis.com/")


@dataclass(frozen=True)
class Spelling:
    """How a value is read from an annotation, and written. ``read`` raises ValueError."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True)
class Annotation:
    """``path`` is the dotted v2 field. A ``default`` is not written."""

    name: str
    path: str
    spelling: Spelling
    default: Any = None


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _json_list(text: str) -> list[Any]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise TypeError(text)
    return value


def choice(**names: str) -> Spelling:
    """v2's name of each value that v1 spells with hyphens: ``all_traffic="ALL_TRAFFIC"``."""
    by_text = {text.replace("_", "-"): name for text, name in names.items()}
    by_name = {name: text for text, name in by_text.items()}
    return Spelling(by_text.__getitem__, by_name.__getitem__)


TEXT = Spelling(str, str)
NUMBER = Spelling(int, str)
FLAG = Spelling(_flag, lambda value: str(value).lower())
LIST = Spelling(_json_list, lambda value: json.dumps(value, separators=(",", ":")))
HOURS = Spelling(
    lambda text: f"{int(text) * 3600}s", lambda value: str(int(float(value[:-1])) // 3600)
)

VPC = (
    Annotation(f"{RUN}vpc-access-connector", "vpcAccess.connector", TEXT),
    Annotation(
        f"{RUN}vpc-access-egress",
        "vpcAccess.egress",
        choice(all_traffic="ALL_TRAFFIC", private_ranges_only="PRIVATE_RANGES_ONLY"),
    ),
    Annotation(f"{RUN}network-interfaces", "vpcAccess.networkInterfaces", LIST),
)
EXECUTION_ENVIRONMENT = Annotation(
    f"{RUN}execution-environment",
    "executionEnvironment",
    choice(gen1="EXECUTION_ENVIRONMENT_GEN1", gen2="EXECUTION_ENVIRONMENT_GEN2"),
)
ENCRYPTION_KEY = Annotation(f"{RUN}encryption-key", "encryptionKey", TEXT)


def read(table: Iterable[Annotation], annotations: Mapping[str, str], into: Json) -> None:
    """Put what the annotations of a table say into v2 JSON. Raises INVALID_ARGUMENT."""
    for row in table:
        text = annotations.get(row.name)
        if text:
            try:
                value = row.spelling.read(text)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise invalid(
                    f"metadata.annotations[{row.name}]: '{text[:100]}' is not a valid value."
                ) from error
            _put(into, row.path.split("."), value)


def write(table: Iterable[Annotation], spec: Json) -> dict[str, str]:
    """The annotations that say what v2 JSON has in the fields of a table."""
    found = ((row, _get(spec, row.path.split("."))) for row in table)
    texts = {
        row.name: row.spelling.write(value)
        for row, value in found
        if value is not None and value != row.default
    }
    return {name: text for name, text in texts.items() if text}


def users(metadata: Json) -> Json:
    """Its labels and annotations that are in no namespace which the platform reserves."""
    return {
        field: {name: text for name, text in metadata[field].items() if not _is_reserved(name)}
        for field in ("labels", "annotations")
        if field in metadata
    }


def refuse_unknown(metadata: Json, known: Iterable[str], place: str) -> None:
    """Raises INVALID_ARGUMENT for what is in a reserved namespace and not known there.

    ``known`` are annotations; labels that the platform sets may come back.
    """
    for field, names in (("annotations", set(known)), ("labels", LABELS)):
        for name in metadata.get(field, ()):
            if _is_reserved(name) and name not in names:
                raise invalid(f"{place}.{field}: '{name}' is not supported here.")


def _is_reserved(name: str) -> bool:
    return name.startswith(_RESERVED)


def _put(into: Json, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        into = into.setdefault(part, {})
    into[path[-1]] = value


def _get(spec: Any, path: list[str]) -> Any:
    for part in path:
        if not isinstance(spec, dict):
            return None
        spec = spec.get(part)
    return spec
