"""Python source as a tree: what guards each node, in which scope it stands. Nothing is run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

SOURCE_LIMIT = 1_000_000
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.alias)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CATCH_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class Guard(StrEnum):
    """Why code may not run when its module is loaded."""

    FUNCTION = "function"  # in the body of a function
    MAIN = "main"  # if __name__ == "__main__"
    TYPING = "typing"  # if TYPE_CHECKING
    TRIED = "tried"  # in a try that takes an ImportError
    FALLBACK = "fallback"  # after an exception
    CONDITIONAL = "conditional"


Guards = tuple[str, ...]
"""From the outermost in, each once; empty: it runs whenever the module is loaded."""


@dataclass(eq=False)
class Scope:
    """Names bound in a module, class or function; None for a value that no expression gives."""

    outer: Scope | None = None
    of_class: bool = False
    names: dict[str, list[ast.expr | None]] = field(default_factory=dict)

    def bind(self, target: ast.AST, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.names.setdefault(target.id, []).append(value)
            return
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                self.names.setdefault(node.id, []).append(None)


class Seen(NamedTuple):
    node: ast.AST
    guards: Guards
    scope: Scope


def parse(source: str) -> ast.Module | None:
    """The tree; None where it is too large or is no Python."""
    if len(source) > SOURCE_LIMIT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def lines(source: str) -> list[str]:
    """The lines as Python counts them: a lone carriage return ends one too."""
    return re.split(r"\r\n|\r|\n", source.removeprefix("\ufeff"))


class Places:
    """Turns the places of nodes, which count bytes, into lines and columns from 1."""

    def __init__(self, source: str) -> None:
        self._lines = lines(source)

    def of(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        line = self._lines[node.lineno - 1] if node.lineno <= len(self._lines) else ""
        before = line.encode("utf-8", "replace")[: node.col_offset]
        return node.lineno, len(before.decode("utf-8", "replace")) + 1


def walk(tree: ast.Module, *, statements: bool = False) -> Iterator[Seen]:
    """Every statement and every expression of several nodes, with its guards and its scope.

    The scopes are complete when the walk is over. ``statements``: these alone.
    """
    skipped = (*_LEAVES, ast.expr) if statements else _LEAVES
    module = Scope()
    waiting: list[Seen] = [Seen(tree, (), module)]
    while waiting:
        seen = waiting.pop()
        if isinstance(seen.node, skipped):
            continue
        _bind(seen.node, seen.scope, module)
        waiting.extend(reversed(list(_children(seen))))
        yield seen


def _children(seen: Seen) -> Iterator[Seen]:
    node, guards, scope = seen.node, seen.guards, seen.scope
    if isinstance(node, _FUNCTIONS):
        inner = Scope(scope.outer if scope.of_class else scope)
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                inner.names[argument.arg] = [None]
        outside: list[ast.AST] = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        outside += [] if isinstance(node, ast.Lambda) else node.decorator_list
        yield from (Seen(child, guards, scope) for child in outside)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        yield from (Seen(child, _add(guards, Guard.FUNCTION), inner) for child in body)
        return
    if isinstance(node, ast.ClassDef):
        scope = Scope(scope, of_class=True)
    for children, guard in _parts(node):
        inside = _add(guards, guard)
        yield from (Seen(child, inside, scope) for child in children)


def _add(guards: Guards, guard: Guard | None) -> Guards:
    return guards if guard is None or guard in guards else (*guards, guard)


def _parts(node: ast.AST) -> Iterator[tuple[Iterable[ast.AST], Guard | None]]:
    """The children, with what each group of them adds to the guards."""
    match node:
        case ast.If():
            yield [node.test], None
            yield node.body, _test(node.test)
            yield node.orelse, None if _is_typing(node.test) else Guard.CONDITIONAL
        case ast.Try() | ast.TryStar():
            tried = Guard.TRIED if any(map(_catches_import, node.handlers)) else None
            yield node.body, tried
            yield node.handlers, Guard.FALLBACK
            yield node.orelse, tried
            yield node.finalbody, None
        case ast.With() | ast.AsyncWith():
            yield node.items, None
            yield node.body, Guard.TRIED if any(map(_suppresses, node.items)) else None
        case ast.For() | ast.AsyncFor():
            yield [node.iter], None
            yield [*node.body, *node.orelse], Guard.CONDITIONAL
        case ast.While():
            yield [node.test], None
            yield [*node.body, *node.orelse], Guard.CONDITIONAL
        case ast.IfExp():
            yield [node.test], None
            yield [node.body, node.orelse], Guard.CONDITIONAL
        case ast.BoolOp():
            yield node.values[:1], None
            yield node.values[1:], Guard.CONDITIONAL
        case _:
            conditional = isinstance(node, (*_COMPREHENSIONS, ast.match_case))
            yield ast.iter_child_nodes(node), Guard.CONDITIONAL if conditional else None


def _test(test: ast.expr) -> Guard | None:
    if _is_typing(test):
        return Guard.TYPING
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_typing(test.operand):
        return None
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
        sides = (test.left, test.comparators[0])
        if any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides):
            return Guard.MAIN
    return Guard.CONDITIONAL


def _is_typing(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _catches_import(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or _names_import_error(handler.type)


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and any(map(_names_import_error, call.args))


def _names_import_error(node: ast.expr) -> bool:
    kinds = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(kind, ast.Name) and kind.id in _CATCH_IMPORT for kind in kinds)


def _bind(node: ast.AST, scope: Scope, module: Scope) -> None:
    """Note what a node binds. What is bound twice, or changed in place, is not a constant."""
    match node:
        case ast.Assign():
            for target in node.targets:
                scope.bind(target, node.value)
        case ast.AnnAssign() if node.value is not None:
            scope.bind(node.target, node.value)
        case ast.AugAssign() | ast.For() | ast.AsyncFor() | ast.NamedExpr():
            scope.bind(node.target, None)
        case ast.withitem() if node.optional_vars is not None:
            scope.bind(node.optional_vars, None)
        case ast.Delete():
            for target in node.targets:
                scope.bind(target, None)
        case _:
            _bind_names(node, scope, module)


def _bind_names(node: ast.AST, scope: Scope, module: Scope) -> None:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope.names.setdefault(node.name, []).append(None)
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
            scope.names.setdefault(node.name, []).append(None)
        case ast.Global():
            for name in node.names:
                module.names.setdefault(name, []).append(None)
