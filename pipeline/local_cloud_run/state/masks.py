"""What an update changes: field masks over v2 JSON (API facts §1.2)."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.local_cloud_run.values import Json

MUTABLE = frozenset(
    {
        "annotations",
        "binaryAuthorization",
        "buildConfig",
        "client",
        "clientVersion",
        "customAudiences",
        "defaultUriDisabled",
        "description",
        "iapEnabled",
        "ingress",
        "invokerIamDisabled",
        "labels",
        "launchStage",
        "multiRegionSettings",
        "scaling",
        "template",
        "traffic",
    }
)
"""The fields of a Service that a caller owns; the others are ignored when sent."""


def mutable(spec: Json) -> Json:
    return {name: value for name, value in spec.items() if name in MUTABLE}


def merge(old: Json, new: Json, paths: Iterable[str] | None) -> Json:
    """``old`` with what the mask names taken from ``new``.

    Paths are camelCase and dotted. Without a mask, or with ``*``, everything is replaced. A path
    that ``new`` lacks is reset; one that no caller owns is ignored.
    """
    wanted = None if paths is None else tuple(paths)
    if wanted is None or "*" in wanted:
        return mutable(new)
    for path in wanted:
        old = _take(old, new, path.split("."))
    return mutable(old)


def _take(old: Json, new: Json, path: list[str]) -> Json:
    head, *rest = path
    kept = {name: value for name, value in old.items() if name != head}
    if rest:
        inner = _take(old.get(head, {}), new.get(head, {}), rest)
        return {**kept, head: inner} if inner or head in new else kept
    return {**kept, head: new[head]} if head in new else kept
