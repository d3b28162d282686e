"""Which fields the v1 API has, and of which kind (API facts §13.3).

A kind is TEXT, NUMBER, FLAG or TEXTS; a list of one kind; or the fields of an object. REFUSED is a
field that is there in v1 and that Cloud Run does not support; IGNORED one that it does not use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any

from pipeline.local_cloud_run.state.rpc import ApiError, invalid
from pipeline.local_cloud_run.values import Json


class Plain(Enum):
    TEXT = auto()
    NUMBER = auto()
    FLAG = auto()
    TEXTS = auto()
    REFUSED = auto()
    IGNORED = auto()


Kind = Plain | Sequence["Kind"] | Mapping[str, "Kind"]

TEXT, NUMBER, FLAG, TEXTS, REFUSED, IGNORED = Plain

METADATA: Mapping[str, Kind] = {
    "name": TEXT,
    "labels": TEXTS,
    "annotations": TEXTS,
    "namespace": TEXT,
    "resourceVersion": TEXT,
    **dict.fromkeys(
        ("clusterName", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp",
         "finalizers", "generation", "ownerReferences", "selfLink", "uid"), IGNORED),
    "generateName": REFUSED,
}  # fmt: skip


def resource(body: Any, fields: Kind, api_version: str, kind: str) -> Json:
    """A v1 object of that kind, as ``checked`` gives it. Raises INVALID_ARGUMENT."""
    sent: Json = checked(body, fields, "", kind.lower())
    for field, wanted in (("apiVersion", api_version), ("kind", kind)):
        if sent.get(field) != wanted:
            raise invalid(f"{field}: must be '{wanted}'.")
    return sent


def checked(value: Any, kind: Kind, place: str, whole: str) -> Any:
    """The value without what is null or ignored; numbers as int. Raises INVALID_ARGUMENT.

    ``place`` is the path of the value in ``whole``, such as ``service``.
    """
    if isinstance(kind, Mapping):
        return _object(value, kind, place, whole)
    if kind is TEXTS:
        return {
            name: checked(each, TEXT, f"{place}[{name}]", whole)
            for name, each in _expect(value, dict, place, whole).items()
        }
    if isinstance(kind, Sequence):
        return [
            checked(each, kind[0], f"{place}[{index}]", whole)
            for index, each in enumerate(_expect(value, list, place, whole))
        ]
    if kind is NUMBER:
        return _number(value, place, whole)
    return _expect(value, str if kind is TEXT else bool, place, whole)


def _object(value: Any, fields: Mapping[str, Kind], place: str, whole: str) -> Json:
    shown: Json = {}
    for name, each in _expect(value, dict, place, whole).items():
        if name not in fields:
            where = ".".join(filter(None, (whole, place)))
            raise invalid(
                f"Invalid JSON payload received. Unknown name \"{name[:100]}\" at '{where}': "
                "Cannot find field."
            )
        kind, inner = fields[name], ".".join(filter(None, (place, name)))
        if kind is REFUSED and each:
            raise invalid(f"{inner}: this field is not supported by Cloud Run.")
        if each is not None and kind not in (REFUSED, IGNORED):
            shown[name] = checked(each, kind, inner, whole)
    return shown


def _expect(value: Any, wanted: type, place: str, whole: str) -> Any:
    if not isinstance(value, wanted):
        raise _wrong(value, place, whole)
    return value


def _number(value: Any, place: str, whole: str) -> int:
    """A 64-bit number may be sent as text."""
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if fits or (isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value, re.ASCII)):
        return int(value)
    raise _wrong(value, place, whole)


def _wrong(value: Any, place: str, whole: str) -> ApiError:
    where = ".".join(filter(None, (whole, place)))[:300]
    kind = type(value).__name__
    return invalid(f"Invalid value at '{where}', a {kind} does not fit this field.")
