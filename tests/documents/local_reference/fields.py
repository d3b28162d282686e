"""The fields of Google's types, and values to try them with."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from pipeline.local_cloud_run.values import Json

_DURATION, _TIMESTAMP = "google.protobuf.Duration", "google.protobuf.Timestamp"
_MASK = "google.protobuf.FieldMask"
_OF_MESSAGE = {
    _DURATION: ["5s"],
    _TIMESTAMP: ["2026-01-01T00:00:00Z"],
    _MASK: ["labels"],
    "google.protobuf.BoolValue": [True],
    "google.protobuf.Int32Value": [1],
    "google.protobuf.UInt32Value": [1],
    "google.protobuf.Any": [{"@type": f"type.googleapis.com/{_DURATION}", "value": "5s"}],
}
_OF_TYPE: dict[str, list[Any]] = {
    "string": ["x"],
    "bool": [True],
    "bytes": ["eA=="],
    "float": [0.5],
    "int": [1, 2],
    "map": [{"k": "v"}],
}


class Leaf(NamedTuple):
    """A field that JSON has one value for, with the fields that lead to it."""

    fields: tuple[FieldDescriptor, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """Names as in JSON; those of lists of messages end with ``[]``."""
        last = len(self.fields) - 1
        return tuple(
            f"{field.json_name}[]" if field.is_repeated and at < last else field.json_name
            for at, field in enumerate(self.fields)
        )

    @property
    def name(self) -> str:
        return ".".join(self.path)


def leaves(kind: Descriptor, way: tuple[FieldDescriptor, ...] = ()) -> Iterator[Leaf]:
    """Every leaf of a message, in the order of the protocol file."""
    for field in kind.fields:
        inner = field.message_type
        whole = inner is None or inner.GetOptions().map_entry
        if whole or inner.full_name.startswith("google.protobuf.") or field in way:
            yield Leaf((*way, field))
        else:
            yield from leaves(inner, (*way, field))


def values(leaf: Leaf) -> list[Any]:
    """What to try a field with, as JSON: all names of an enum, else one or two of its type."""
    field = leaf.fields[-1]
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _OF_TYPE["map"]
    if field.message_type:
        found = _OF_MESSAGE[field.message_type.full_name]
    elif field.enum_type:
        found = [each.name for each in field.enum_type.values if each.number]
    else:
        found = _OF_TYPE[_kind(field)]
    return [[each] for each in found] if field.is_repeated else found


def _kind(field: FieldDescriptor) -> str:
    return {
        FieldDescriptor.CPPTYPE_STRING: "bytes" if field.type == field.TYPE_BYTES else "string",
        FieldDescriptor.CPPTYPE_BOOL: "bool",
        FieldDescriptor.CPPTYPE_FLOAT: "float",
        FieldDescriptor.CPPTYPE_DOUBLE: "float",
    }.get(field.cpp_type, "int")


def put(body: Json, leaf: Leaf, value: Any) -> Json:
    """A copy of a body with a value at a leaf, the others of its ``oneof`` gone."""
    changed = deepcopy(body)
    holder = changed
    for field, part in zip(leaf.fields, leaf.path, strict=True):
        for other in field.containing_oneof.fields if field.containing_oneof else ():
            if other is not field:
                holder.pop(other.json_name, None)
        if field is leaf.fields[-1]:
            holder[field.json_name] = value
        elif part.endswith("[]"):
            holder = holder.setdefault(field.json_name, [{}])[0]
        else:
            holder = holder.setdefault(field.json_name, {})
    return changed


def found(body: Any, path: tuple[str, ...]) -> list[Any]:
    """Every value that a body has at a path."""
    if not path:
        return [body]
    name, *rest = path
    here = body.get(name.removesuffix("[]")) if isinstance(body, dict) else None
    if here is None:
        return []
    inner = here if name.endswith("[]") else [here]
    return [value for each in inner for value in found(each, tuple(rest))]
