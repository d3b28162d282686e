"""Environment markers (``; sys_platform == "win32"``) judged for CPython on Linux."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|[A-Za-z_][\w.]*|[<>=!~]+|\S""")
_LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_LIMIT = 2_000  # characters
_DEPTH = 20  # parentheses


def applies(marker: str, python: str | None = None) -> bool | None:
    """Whether the marker holds with this Python version; None where that cannot be known."""
    if not marker.strip():
        return True
    if len(marker) > _LIMIT:
        return None
    tokens = _TOKEN.findall(marker)
    environment = dict(_LINUX)
    if python:
        environment |= {"python_version": ".".join(python.split(".")[:2])}
        environment |= {"python_full_version": python} if python.count(".") > 1 else {}
    reader = _Reader(list(reversed(tokens)), environment)
    value = reader.any_of(0)
    return None if reader.tokens else value


class _Reader:
    def __init__(self, tokens: list[str], environment: dict[str, str]) -> None:
        self.tokens = tokens
        self.environment = environment

    def any_of(self, depth: int) -> bool | None:
        values = [self.all_of(depth)]
        while self._take("or"):
            values.append(self.all_of(depth))
        return True if True in values else None if None in values else False

    def all_of(self, depth: int) -> bool | None:
        values = [self.one(depth)]
        while self._take("and"):
            values.append(self.one(depth))
        return False if False in values else None if None in values else True

    def one(self, depth: int) -> bool | None:
        if self._take("("):
            value = self.any_of(depth + 1) if depth < _DEPTH else None
            return value if self._take(")") else None
        left = self._operand()
        operator = self.tokens.pop() if self.tokens else ""
        if operator == "not":
            operator = "not in" if self._take("in") else ""
        right = self._operand()
        return None if left is None or right is None else _compare(left, operator, right)

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[-1] == token:
            self.tokens.pop()
            return True
        return False

    def _operand(self) -> str | None:
        token = self.tokens.pop() if self.tokens else ""
        return token[1:-1] if token[:1] in ("'", '"') else self.environment.get(token)


def _compare(left: str, operator: str, right: str) -> bool | None:
    match operator:
        case "in":
            return left in right
        case "not in":
            return left not in right
        case "==" | "===":
            return left == right or _version(left, right) == (True, True)
        case "!=":
            return not _compare(left, "==", right)
    return _ordered(left, operator, right)


def _version(left: str, right: str) -> tuple[bool, bool]:
    """Whether both are versions, and whether they are the same one (``3.11.*`` takes any patch)."""
    first, second = _numbers(left), _numbers(right.removesuffix(".*"))
    if first is None or second is None:
        return False, False
    if right.endswith(".*"):
        return True, first[: len(second)] == second
    return True, first == second


def _numbers(text: str) -> tuple[int, ...] | None:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9}){0,5}", text):
        return None
    numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _ordered(left: str, operator: str, right: str) -> bool | None:
    first, second = _numbers(left), _numbers(right)
    if first is None or second is None:
        return None
    match operator:
        case "<":
            return first < second
        case "<=":
            return first <= second
        case ">":
            return first > second
        case ">=":
            return first >= second
        case "~=":
            stem = second[:-1] if len(second) > 1 else second
            return first >= second and first[: len(stem)] == stem
    return None
