"""What a piece of a script may change when it runs, seen from its structure alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.shell.nodes import (
    Case,
    Function,
    If,
    Loop,
    Node,
    Opaque,
    Pipeline,
    Redirected,
    Sequence,
    Simple,
)

_SETTING = frozenset({
    "export", "readonly", "local", "declare", "typeset", "read", "unset", "let", "getopts",
    "mapfile", "readarray",
})  # fmt: skip
MOVING = frozenset({"cd", "pushd", "popd"})
_SHIFTING = frozenset({"shift", "set"})
_ANYTHING = frozenset({"eval", ".", "source"})
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNED = re.compile(
    r"(?<!\w)([A-Za-z_]\w*)(?:\[[^\]\s]{0,99}\])?\s{0,9}(?:[-+*/%]?=(?!=)|\+\+|--)", re.ASCII
)
_COUNTED = re.compile(r"(?:\+\+|--)([A-Za-z_]\w*)", re.ASCII)
_MOVES = re.compile(r"\b(?:cd|pushd|popd)\b")


@dataclass(frozen=True)
class Changes:
    """Variables that may be set; whether the folder, the arguments or anything may change.

    ``calls`` are the names of the commands: some may be functions.
    """

    names: frozenset[str]
    moves: bool
    shifts: bool
    anything: bool
    calls: frozenset[str]


def changes(node: Node) -> Changes:
    """What ``node`` may change."""
    names: set[str] = set()
    calls: set[str] = set()
    moves = False
    for inner in _inside(node):
        if isinstance(inner, Loop) and inner.variable:
            names.add(inner.variable)
        elif isinstance(inner, Opaque):
            names.update(_ASSIGNED.findall(inner.raw), _COUNTED.findall(inner.raw))
            moves = moves or (inner.broken and _MOVES.search(inner.raw) is not None)
        elif isinstance(inner, Simple):
            calls.add(inner.words[0].raw if inner.words else "")
            names.update(_set_by(inner))
    return Changes(
        frozenset(names),
        moves or not calls.isdisjoint(MOVING),
        not calls.isdisjoint(_SHIFTING),
        not calls.isdisjoint(_ANYTHING),
        frozenset(calls),
    )


def _set_by(simple: Simple) -> Iterator[str]:
    yield from (name for name, _ in simple.assignments)
    first = [word.raw for word in simple.words[:2]]
    if first and (first[0] in _SETTING or first == ["printf", "-v"]):
        yield from _named(simple)
    for word in simple.words:
        yield from (part.text for part in word.parts if part.operator.endswith("="))


def _named(simple: Simple) -> Iterator[str]:
    for word in simple.words[1:]:
        if match := _NAME.match(word.raw):
            yield match.group()


def _inside(node: Node) -> Iterator[Node]:
    """The nodes that run in this shell: not those of subshells."""
    pending = [node]
    while pending:
        inner = pending.pop()
        yield inner
        pending += _children(inner)


def _children(node: Node) -> list[Node]:
    match node:
        case Sequence(members):
            return [member.node for member in members]
        case Pipeline((single,)):
            return [single]
        case If(branches):
            return [one for test, body in branches for one in (test, body) if one is not None]
        case Loop(body, test):
            return [body] if test is None else [test, body]
        case Case(_, branches):
            return [body for _, body in branches]
        case Redirected(body) | Function(_, body):
            return [body]
    return []
