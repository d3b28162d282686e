"""One comparison of the Logging query language: a field of an entry with a value (API facts §8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

Predicate = Callable[[Json], bool]

SEVERITIES = (
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d))?")
_TIMES = (("timestamp",), ("receiveTimestamp",))


def comparison(path: tuple[str, ...], operator: str, wanted: str) -> Predicate:
    compare = _regex(wanted, operator) if "~" in operator else _comparer(path, operator, wanted)

    def holds(entry: Json) -> bool:
        found = _find(entry, path)
        return found is not None and compare(found)

    return holds


def _find(entry: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(entry, dict):
            return None
        entry = entry.get(name, "DEFAULT" if path == ("severity",) else None)
    return entry


def _regex(wanted: str, operator: str) -> Callable[[Any], bool]:
    try:
        pattern = re.compile(wanted)
    except re.error as error:
        raise invalid(f"Unparseable filter: invalid regular expression, {error}.") from error
    return lambda found: (pattern.search(str(found)) is not None) == (operator == "=~")


def _comparer(path: tuple[str, ...], operator: str, wanted: str) -> Callable[[Any], bool]:
    if operator == ":":
        part = wanted.lower()
        return lambda found: wanted == "*" or part in str(found).lower()
    if path in _TIMES:
        limit = _time(wanted)
        if limit is None:
            raise invalid(f"Unparseable filter: '{wanted}' is not an RFC 3339 time.")
        return lambda found: _ordered(operator, _time(str(found)) or limit, limit)
    if path == ("severity",):
        level = _severity(wanted)
        if level is None:
            raise invalid(f"Unparseable filter: '{wanted}' is not a severity.")
        return lambda found: _ordered(operator, _severity(str(found)) or 0, level)
    return lambda found: _by_value(operator, found, wanted)


def _by_value(operator: str, found: Any, wanted: str) -> bool:
    if isinstance(found, bool):
        return _ordered(operator, str(found).lower(), wanted.lower())
    left, right = _number(found), _number(wanted)
    if left is not None and right is not None:
        return _ordered(operator, left, right)
    return _ordered(operator, str(found).lower(), wanted.lower())


def _ordered(operator: str, left: Any, right: Any) -> bool:
    return bool({
        "=": left == right, "!=": left != right, ">": left > right, ">=": left >= right,
        "<": left < right, "<=": left <= right,
    }[operator])  # fmt: skip


def _number(value: Any) -> float | None:
    """The value of a number, or of a duration such as ``0.123s`` in seconds."""
    if isinstance(value, (int, float)):
        return value
    match = re.fullmatch(r"([+-]?\d{1,18}(?:\.\d{1,18})?)s?", str(value), re.ASCII)
    return float(match[1]) if match else None


def _severity(text: str) -> int | None:
    return SEVERITIES.index(text.upper()) if text.upper() in SEVERITIES else None


def _time(text: str) -> datetime | None:
    if not _RFC3339.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper()))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
