"""One comparison of the Logging query language: a field of an entry with a value (API facts §8)."""

from __future__ import annotations

import operator
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
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?", re.ASCII
)
_NUMBER = re.compile(r"([+-]?\d{1,18}(?:\.\d{1,18})?)s?", re.ASCII)
_ORDERS = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
    "<=": operator.le,
}  # fmt: skip
_TIMES = (("timestamp",), ("receiveTimestamp",))


def comparison(path: tuple[str, ...], sign: str, wanted: str) -> Predicate:
    """``sign`` is one of the language's operators, such as ``>=``. Raises INVALID_ARGUMENT."""
    compare = _regex(wanted, sign) if "~" in sign else _comparer(path, sign, wanted)

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


def _regex(wanted: str, sign: str) -> Callable[[Any], bool]:
    try:
        pattern = re.compile(wanted)
    except re.error as error:
        raise invalid(f"Unparseable filter: invalid regular expression, {error}.") from error
    return lambda found: (pattern.search(str(found)) is not None) == (sign == "=~")


def _comparer(path: tuple[str, ...], sign: str, wanted: str) -> Callable[[Any], bool]:
    if sign == ":":
        part = wanted.lower()
        return lambda found: wanted == "*" or part in str(found).lower()
    compare = _ORDERS[sign]
    if path in _TIMES:
        limit = instant(wanted)
        if limit is None:
            raise invalid(f"Unparseable filter: '{wanted}' is not an RFC 3339 time.")
        return lambda found: compare(f"{found[:-1]}000", limit)
    if path == ("severity",):
        level = _severity(wanted)
        if level is None:
            raise invalid(f"Unparseable filter: '{wanted}' is not a severity.")
        return lambda found: compare(_severity(str(found)) or 0, level)
    return _by_value(compare, wanted)


def _by_value(compare: Callable[[Any, Any], bool], wanted: str) -> Callable[[Any], bool]:
    number, text = _number(wanted), wanted.lower()

    def holds(found: Any) -> bool:
        value = None if number is None or isinstance(found, bool) else _number(found)
        if value is None:
            return compare(str(found).lower(), text)
        return compare(value, number)

    return holds


def _number(value: Any) -> float | None:
    """The value of a number, or of a duration such as ``0.123s`` in seconds."""
    if isinstance(value, (int, float)):
        return value
    match = _NUMBER.fullmatch(str(value))
    return float(match[1]) if match else None


def _severity(text: str) -> int | None:
    return SEVERITIES.index(text.upper()) if text.upper() in SEVERITIES else None


def instant(text: str) -> str | None:
    """A time as ``YYYY-MM-DDTHH:MM:SS.nnnnnnnnn`` in UTC, which sorts as time does.

    Entries carry theirs with six digits and a Z: comparing texts is exact to the nanosecond, and
    ten times as fast as reading each.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{(zone or 'Z').upper()}")
        seconds = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return None
    return f"{seconds}.{(fraction or '').ljust(9, '0')}"
