"""What a structured log entry says, as lines: its message first, then all else that it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_LONGEST = 256 * 1024  # characters; the limit of a log entry (API facts §8)
_MESSAGE = "message"


def told(payload: Mapping[str, Any]) -> str:
    """The payload as lines, each but those of the message behind the name of its field.

    A string is told as it is, with its own line breaks; anything else as compact JSON.
    """
    message = payload.get(_MESSAGE)
    first = [_value(message)] if message not in (None, "") else []
    others = (f"{name}: {_value(one)}" for name, one in payload.items() if name != _MESSAGE)
    return "\n".join([*first, *others])[:_LONGEST]


def told_by(line: str) -> str:
    """The same of a line of output that is a JSON object; empty of any other."""
    text = line.strip()
    if len(text) > _LONGEST or not (text.startswith("{") and text.endswith("}")):
        return ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return told(found) if isinstance(found, dict) else ""


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):  # deeper than it could be written
        return "something too large to show"
