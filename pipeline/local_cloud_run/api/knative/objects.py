"""What every v1 object has: its metadata, its conditions, the list it stands in (§13.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.local_cloud_run.api.knative.spelling import LOCATION
from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.state.conditions import FAILED, SUCCEEDED, Condition, etag_of
from pipeline.local_cloud_run.values import Json

_STATUS = {SUCCEEDED: "True", FAILED: "False"}


@dataclass(frozen=True)
class Identity:
    """``place`` is what the path of such objects ends with, such as ``jobs``."""

    api_version: str
    kind: str
    place: str
    project: str
    location: str
    name: str
    uid: str


def head(
    of: Identity,
    created: datetime,
    version: int,
    *,
    generation: int = 1,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> Json:
    """``apiVersion``, ``kind`` and ``metadata``; the location is one of the labels."""
    group = of.api_version.rpartition("/")[0]
    return {
        "apiVersion": of.api_version,
        "kind": of.kind,
        "metadata": {
            "name": of.name,
            "namespace": of.project,
            "selfLink": f"/apis/{group}/v1/namespaces/{of.project}/{of.place}/{of.name}",
            "uid": of.uid,
            "resourceVersion": etag_of(version).strip('"'),
            "generation": generation,
            "creationTimestamp": timestamp(created),
            "labels": {**labels, LOCATION: of.location},
            **({"annotations": dict(annotations)} if annotations else {}),
        },
    }


def condition(kind: str, held: Condition) -> Json:
    """v1 spells a reason as one word in capitals and small letters: ``NonZeroExitCode``."""
    return {
        "type": kind,
        "status": _STATUS.get(held.state, "Unknown"),
        "lastTransitionTime": timestamp(held.at),
        **({"reason": held.reason.title().replace("_", "")} if held.reason else {}),
        **({"message": held.message} if held.message else {}),
    }


def listed(api_version: str, kind: str, items: Sequence[Json], token: str) -> Json:
    """A list of objects of a kind; ``token`` goes on with it."""
    return {
        "apiVersion": api_version,
        "kind": f"{kind}List",
        "metadata": {"continue": token} if token else {},
        "items": list(items),
    }


def deleted(of: Identity) -> Json:
    """The Status that a deletion is answered with."""
    details = {"group": of.api_version.rpartition("/")[0], "kind": of.place, "name": of.name,
               "uid": of.uid}  # fmt: skip
    return {"status": "Success", "details": details}
