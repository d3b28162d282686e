"""The calls in a Python module, with what their arguments are worth."""

from __future__ import annotations

import ast

from pipeline.dockerfile.projects.python_source import Places, Scope, Seen, parse, walk
from pipeline.dockerfile.projects.python_values import Evaluator
from pipeline.dockerfile.projects.values import UNKNOWN, Call, Value


def calls(source: str, file: str | None = None) -> tuple[Call, ...] | None:
    """The calls in order; None where it cannot be read. ``file`` stands for ``__file__``."""
    tree = parse(source)
    if tree is None:
        return None
    seen = list(walk(tree))
    evaluator = Evaluator(_aliases(seen), file)
    places = Places(source)
    found = [
        _call(item.node, item, evaluator, places)
        for item in seen
        if isinstance(item.node, ast.Call) and evaluator.callee(item.node)
    ]
    return tuple(sorted(found, key=lambda call: (call.line, call.column)))


def assignments(source: str, file: str | None = None) -> dict[str, tuple[Value, int]] | None:
    """The names that a module binds at its top level: what each is worth, and its line."""
    tree = parse(source)
    if tree is None:
        return None
    seen = list(walk(tree))
    evaluator = Evaluator(_aliases(seen), file)
    module = seen[0].scope
    return {
        name: (evaluator.value(value, module) if len(values) == 1 else UNKNOWN, value.lineno)
        for name, values in module.names.items()
        if (value := values[-1]) is not None
    }


def _call(node: ast.Call, seen: Seen, evaluator: Evaluator, places: Places) -> Call:
    line, column = places.of(node)
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return Call(
        evaluator.callee(node),
        tuple(_argument(argument, seen.scope, evaluator) for argument in node.args),
        {k.arg or "**": evaluator.value(k.value, seen.scope) for k in node.keywords},
        line,
        column,
        evaluator.receiver(node.func, seen.scope),
        evaluator.value(owner, seen.scope) if owner else UNKNOWN,
        seen.guards,
    )


def _argument(node: ast.expr, scope: Scope, evaluator: Evaluator) -> Value:
    return UNKNOWN if isinstance(node, ast.Starred) else evaluator.value(node, scope)


def _aliases(seen: list[Seen]) -> dict[str, str]:
    """The names that imports bind, spelled out."""
    aliases: dict[str, str] = {}
    for item in seen:
        node = item.node
        if isinstance(node, ast.Import):
            aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return aliases
