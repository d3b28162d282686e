"""One comparison of the Logging query language: a field of an entry with a value (API facts §8)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

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
_LARGEST_PATTERN = 1 << 18  # bytes that RE2 may take for one
_NUMBER = re.compile(r"([+-]?\d{1,18}(?:\.\d{1,18})?)s?", re.ASCII)
_ORDERS = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
    "<=": operator.le,
}  # fmt: skip
_TIMES = (("timestamp",), ("receiveTimestamp",))


def comparison(path: tuple[str, ...], sign: str, wanted: str) -> Predicate:
    """``sign`` is one of the language's operators, such as ``>=``. Raises INVALID_ARGUMENT."""
    compare = _regex(wanted, sign) if "~" in sign else _comparer(path, sign, wanted)
    missing = "DEFAULT" if path == ("severity",) else None

    def holds(entry: Json) -> bool:
        return any(found is not None and compare(found) for found in _found(entry, path, missing))

    return holds


def anywhere(wanted: str) -> Predicate:
    """Whether any field contains a text."""
    part = wanted.lower()
    return lambda entry: any(part in str(value).lower() for value in _values(entry))


def of_log(wanted: str) -> Predicate:
    """Whether the log has such an id, as ``log_id`` asks."""
    ending = f"/logs/{quote(wanted, safe='', errors='replace')}"
    return lambda entry: str(entry.get("logName", "")).endswith(ending)


def _found(entry: Any, path: Sequence[str], missing: str | None) -> Sequence[Any]:
    """What stands at a path; of a list, what stands at each element's."""
    for number, name in enumerate(path):
        if isinstance(entry, list):
            return [found for each in entry for found in _of_element(each, path[number:])]
        if not isinstance(entry, dict):
            return ()
        entry = entry.get(name, missing)
    return entry if isinstance(entry, list) else (entry,)


def _of_element(element: Any, path: Sequence[str]) -> Sequence[Any]:
    """A list in a list is looked into no further."""
    return () if isinstance(element, list) else _found(element, path, None)


def _values(entry: Json) -> Iterator[Any]:
    """Every value in it, at any depth."""
    left: list[Any] = [entry]
    while left:
        each = left.pop()
        if isinstance(each, (dict, list)):
            left += each.values() if isinstance(each, dict) else each
        else:
            yield each


def _regex(wanted: str, sign: str) -> Callable[[Any], bool]:
    """RE2, as Cloud Logging has it: the time it takes grows with the text only."""
    import re2

    options = re2.Options()
    options.max_mem, options.log_errors = _LARGEST_PATTERN, False
    try:
        pattern = re2.compile(wanted.encode("utf-8", "surrogatepass"), options)
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace")
        raise invalid(f"Unparseable filter: invalid regular expression, {why}.") from error

    def holds(found: Any) -> bool:
        text = str(found).encode("utf-8", "replace")
        return (pattern.search(text) is not None) == (sign == "=~")

    return holds


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
    moment = instant(wanted) if "T" in wanted else None

    def holds(found: Any) -> bool:
        if moment and (at := instant(str(found))):
            return compare(at, moment)
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
