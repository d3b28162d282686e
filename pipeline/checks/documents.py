"""A JSON document of any depth and size, and the dotted paths into it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_MISSING = object()
_LONGEST = 80  # characters of a value, or of a place


def mismatches(document: Any, expect: Mapping[str, Any]) -> list[str]:
    """What in the document is not as expected, one sentence each.

    A path is dotted; ``*`` stands for every key or item of what must be there, be it empty.
    """
    faults = []
    for path, wanted in expect.items():
        for place, value in _at(document, path.split("."), ""):
            if value is _MISSING:
                faults.append(f"{place} is missing, expected {shown(wanted)}")
            elif not _same(value, wanted):
                faults.append(f"{place} is {shown(value)}, expected {shown(wanted)}")
    return faults


def met(document: Any, expect: Mapping[str, Any]) -> list[str]:
    """How a document that is as expected meets it; a ``*`` that stands for nothing is told."""
    return [
        f"{path} is {shown(wanted)}"
        if any(True for _ in _at(document, path.split("."), ""))
        else f"{path} is of nothing: there is none"
        for path, wanted in expect.items()
    ]


def wrong_kind(document: Any, expect: Mapping[str, Any]) -> str:
    """Said once of a document that none of the paths can lead into; empty of another."""
    heads = [path.split(".")[0] for path in expect]
    in_list = isinstance(document, list) and any(_is_index(head) for head in heads)
    if not heads or isinstance(document, dict) or in_list:
        return ""
    kind = "a list" if isinstance(document, list) else shown(document)
    return f"the document is {kind}, not an object"


def value_at(document: Any, path: str) -> Any:
    """What is at a dotted path without ``*``; None where nothing is."""
    for head in path.split("."):
        inside = _children(document)
        if inside is None or head not in inside:
            return None
        document = inside[head]
    return document


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    try:
        text = json.dumps(value)
    except (ValueError, RecursionError):  # deeper than it could be written, or a huge number
        return "something too large to show"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _is_index(head: str) -> bool:
    return head == "*" or head.isdigit()


def _at(value: Any, path: list[str], place: str) -> Iterator[tuple[str, Any]]:
    if not path:
        yield place, value
        return
    head, *rest = path
    inside = _children(value)
    if inside is None or (head != "*" and head not in inside):
        why = f"{place} is {shown(value)}: " if place and inside is None else ""
        yield why + _join(place, ".".join(path)), _MISSING
        return
    for name in inside if head == "*" else [head]:
        yield from _at(inside[name], rest, _join(place, name))


def _children(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return {str(name): child for name, child in value.items()}
    if isinstance(value, list):
        return {str(index): child for index, child in enumerate(value)}
    return None


def _join(place: str, name: str) -> str:
    name = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
    return f"{place}.{name}" if place else name


def _same(value: Any, wanted: Any) -> bool:
    """Equal and of the same kind, all the way down: in JSON, 1 is not true."""
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_same, value, wanted))
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(
            _same(value[name], wanted[name]) for name in wanted
        )
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
