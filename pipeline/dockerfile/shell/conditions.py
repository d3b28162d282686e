"""What ``[ … ]`` comes to, where its words are known."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from pipeline.dockerfile.shell.executed import Value

_LONGEST_NUMBER = 18
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}


def outcome(words: Sequence[Value]) -> bool | None:
    """Whether the test holds; None where that cannot be known. ``words`` without the brackets."""
    match words:
        case []:
            return False
        case ["!", *rest] if rest:
            inner = outcome(rest)
            return None if inner is None else not inner
        case [value]:
            return None if value is None else value != ""
        case ["-n" | "-z" as test, value]:
            return None if value is None else (value != "") == (test == "-n")
        case [left, str() as test, right]:
            return _compared(left, test, right)
    return None


def _compared(left: Value, test: str, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    if test in {"=", "==", "!="}:
        return (left == right) == (test != "!=")
    if test in _NUMBERS and all(_is_number(one) for one in (left, right)):
        return _NUMBERS[test](int(left), int(right))
    return None


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER
