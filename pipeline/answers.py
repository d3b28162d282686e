"""The parts of a JSON answer as what they should be; a part that is something else is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def texts(value: Any) -> frozenset[str]:
    """The strings of a list."""
    return frozenset(one for one in _rows(value) if isinstance(one, str))


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    return [one for one in _rows(value) if isinstance(one, dict)]


def part(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object below a key."""
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
