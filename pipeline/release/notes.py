"""Notes on the service: annotations of JSON with a version. Unreadable ones count as absent."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

PREFIX = "cloud-run-pipeline/"
VERSION = 1

_KINDS: dict[object, type] = {"str": str, "bool": bool, "int": int}


def read(text: str) -> Any:
    """What a note says; None where it says nothing that this version understands."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("v") != VERSION:
        return None
    return document.get("note")


def write(note: object) -> str:
    return json.dumps({"v": VERSION, "note": note}, separators=(",", ":"), sort_keys=True)


def is_sound(value: Any) -> bool:
    """Whether a dataclass's texts, flags and numbers are what their annotations say."""
    kinds = ((one.name, _KINDS.get(one.type)) for one in fields(value))
    return all(kind is None or type(getattr(value, name)) is kind for name, kind in kinds)


def is_time(text: str) -> bool:
    """Whether it is RFC 3339 with a zone; raises ValueError when it is no time at all."""
    return datetime.fromisoformat(text).tzinfo is not None
