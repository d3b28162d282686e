"""Annotations that say something of each container, in JSON by its name: v1 to v2 and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from pipeline.local_cloud_run.api.knative.spelling import RUN
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

_SOURCES = f"{RUN}sources"
_FIELDS = {
    f"{RUN}container-dependencies": "dependsOn",
    f"{RUN}base-images": "baseImageUri",
    _SOURCES: "sourceCode",
}
ANNOTATIONS = tuple(_FIELDS)


def read(annotations: Mapping[str, str], containers: Iterable[Json]) -> None:
    """Put what the annotations say into v2 containers. Raises INVALID_ARGUMENT."""
    for name, field in _FIELDS.items():
        try:
            said = json.loads(annotations.get(name) or "{}")
            for container in containers:
                if container.get("name", "") in said:
                    value = said[container.get("name", "")]
                    container[field] = _source(value) if name == _SOURCES else value
        except (ValueError, TypeError, RecursionError) as error:
            raise invalid(f"metadata.annotations[{name}]: not a valid value.") from error


def write(containers: Iterable[Json]) -> dict[str, str]:
    """The annotations that ``read`` reads."""
    texts = {}
    for name, field in _FIELDS.items():
        said = {
            each.get("name", ""): _address(each[field]) if name == _SOURCES else each[field]
            for each in containers
            if field in each
        }
        if said:
            texts[name] = json.dumps(said, separators=(",", ":"))
    return texts


def _source(address: str) -> Json:
    """A v2 SourceCode. Raises ValueError and TypeError."""
    match = re.fullmatch(r"gs://([^/]+)/([^#]+)(?:#(\d{1,19}))?", address)
    if match is None:
        raise ValueError(address)
    bucket, name, generation = match.groups()
    return {"cloudStorageSource": {"bucket": bucket, "object": name, "generation": generation}}


def _address(source: Json) -> str:
    held = source.get("cloudStorageSource", {})
    generation = f"#{held['generation']}" if "generation" in held else ""
    return f"gs://{held.get('bucket', '')}/{held.get('object', '')}{generation}"
