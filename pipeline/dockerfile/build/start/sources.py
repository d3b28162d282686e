"""Programs that a Python or JavaScript source starts itself, as shell scripts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.projects.values import UNKNOWN, Call, Env, Joined, Value


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOWHERE = "_not_known"
"""A variable that stands for what the source does not tell."""

_HARMLESS = frozenset({"function", "main", "tried"})
_PASSING = words_of(
    "exit print wait communicate poll kill terminate info error warning debug log exception join "
    "critical signal sleep format get append extend flush getLogger basicConfig on once then str "
    "catch toString int len list dict strip split getenv setdefault Error SystemExit RuntimeError "
    "require Path load_dotenv chdir makedirs mkdir exists isfile which config abspath dirname"
)
_SERVING = words_of("run run_app serve serve_forever run_forever listen execute_from_command_line")
_DRIVERS = words_of("asyncio.run anyio.run trio.run typer.run")


@dataclass(frozen=True)
class Function:
    """A function of a source, by its name and lines."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Spawned:
    """One program that a source starts.

    ``text`` is a shell's. ``waits``: until it is over. ``checked``: its failure is an error.
    """

    text: str
    waits: bool = True
    folder: str | None = None
    checked: bool = True


@dataclass(frozen=True)
class Run:
    """``stays``: nothing that serves comes after it."""

    spawned: Spawned
    line: int
    column: int
    certain: bool
    stays: bool


def runs(
    calls: Sequence[Call], functions: Sequence[Function], spawned: Sequence[Spawned | None]
) -> tuple[Run, ...]:
    """What the source starts when it is run; ``spawned`` says it for each of the calls."""
    order = list(_order(calls, functions))
    last = max((at for at, (call, sure) in enumerate(order) if sure and spawned[call]), default=-1)
    names = {function.name for function in functions} | _DRIVERS
    others = [(at, calls[call]) for at, (call, sure) in enumerate(order)
              if sure and spawned[call] is None and calls[call].callee not in names]  # fmt: skip
    serves = any(
        _name(call) in _SERVING or (at > last and (_name(call) not in _PASSING or _loads_own(call)))
        for at, call in others
    )
    return tuple(
        Run(one, calls[call].line, calls[call].column, sure, stays=at == last and not serves)
        for at, (call, sure) in enumerate(order)
        if (one := spawned[call]) is not None
    )


def _loads_own(call: Call) -> bool:
    """``require("./server")``: the program goes on there."""
    first = call.arguments[0] if call.arguments else None
    return call.callee == "require" and isinstance(first, str) and first.startswith(".")


def _name(call: Call) -> str:
    return call.callee.rpartition(".")[2].rpartition(" ")[2]


def _order(calls: Sequence[Call], functions: Sequence[Function]) -> Iterator[tuple[int, bool]]:
    """The calls that running the source leads to, in order, and whether each certainly runs."""
    inside: dict[Function | None, list[int]] = {}
    for at, owner in enumerate(_owners(calls, functions)):
        inside.setdefault(owner, []).append(at)
    named = {function.name: function for function in functions}
    done: set[tuple[Function, bool]] = set()
    waiting = [(at, True) for at in reversed(inside.get(None, []))]
    while waiting:
        at, sure = waiting.pop()
        sure = sure and _plain(calls[at])
        yield at, sure
        target = named.get(calls[at].callee)
        if target is not None and not done & {(target, True), (target, sure)}:
            done.add((target, sure))
            waiting += [(one, sure) for one in reversed(inside.get(target, []))]


def _plain(call: Call) -> bool:
    return not set(call.guards) - _HARMLESS


def _owners(calls: Sequence[Call], functions: Sequence[Function]) -> list[Function | None]:
    """The innermost function around each call; calls are in the order of their lines."""
    waiting = sorted(functions, key=lambda one: (one.first, -one.last))
    open_ones: list[Function] = []
    found: list[Function | None] = []
    at = 0
    for call in calls:
        while at < len(waiting) and waiting[at].first <= call.line:
            open_ones.append(waiting[at])
            at += 1
        while open_ones and open_ones[-1].last < call.line:
            open_ones.pop()
        found.append(open_ones[-1] if open_ones else None)
    return found


def words(values: Iterable[Value]) -> str:
    """The words of a command as a shell would have to be told them."""
    return " ".join(_word(value) for value in values)


def _word(value: Value) -> str:
    match value:
        case str():
            return shlex.quote(value)
        case bool() | int() | float():
            return str(value)
        case Joined():
            return "".join(_word(part) for part in value.parts)
        case _:
            return f'"{_variable(value)}"'


def line(value: Value) -> str:
    """A whole command line that a shell gets as it is."""
    parts = value.parts if isinstance(value, Joined) else (value,)
    return "".join(part if isinstance(part, str) else _variable(part) for part in parts)


def _variable(value: Value) -> str:
    if not isinstance(value, Env) or not value.name.isidentifier():
        return f"${{{NOWHERE}}}"
    if isinstance(value.default, str | int) and "}" not in str(value.default):
        return f"${{{value.name}:-{value.default}}}"
    return f"${{{value.name}}}"


def told(keywords: Mapping[str, Value], name: str) -> str | None:
    """A keyword's text, where it is one."""
    value = keywords.get(name, UNKNOWN)
    return value if isinstance(value, str) else None


def items(value: Value) -> tuple[Value, ...]:
    """The values of a list; one that is not known where it is no such list."""
    return value if isinstance(value, tuple) else (UNKNOWN,)


def certainly(keywords: Mapping[str, Value], name: str) -> bool:
    return keywords.get(name) is True
