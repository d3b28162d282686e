"""Tables out of TOML and JSON: bounded reading, and access without surprises."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

DOCUMENT_LIMIT = 1_000_000
_KEY_PARTS = 100  # of one line of TOML; a longer dotted key takes quadratic time

Table = Mapping[str, object]


def toml(text: str) -> Table | None:
    """The document; None where it is too large or is no TOML."""
    if len(text) > DOCUMENT_LIMIT or _has_long_key(text):
        return None
    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return None


def _has_long_key(text: str) -> bool:
    return any(line.partition("=")[0].count(".") > _KEY_PARTS for line in text.splitlines())


def json_table(text: str) -> Table | None:
    """The document; None where it is too large, is no JSON, or is no object."""
    if len(text) > DOCUMENT_LIMIT:
        return None
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def table(data: object, *path: str) -> Table:
    """The table at the end of the path; empty where there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def text(data: Table, key: str) -> str:
    """The string under the key; empty where there is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The strings of a list; one string stands for itself."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def tables(value: object) -> tuple[Table, ...]:
    """The tables of a list; one table stands for itself."""
    if isinstance(value, Mapping):
        return (value,)
    return (
        tuple(item for item in value if isinstance(item, Mapping))
        if isinstance(value, list)
        else ()
    )


def pairs(data: Table) -> dict[str, str]:
    """The entries that are strings."""
    return {key: value for key, value in data.items() if isinstance(value, str)}
