"""Classes and constants in Python sources that describe tables."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_MOST_BASES = 20


def base_names(node: ast.ClassDef) -> tuple[str, ...]:
    """The bases as they are written: ``models.Model``, ``Base``."""
    return tuple(dotted(base) for base in node.bases[:_MOST_BASES])


def dotted(node: ast.expr) -> str:
    """``a.b`` or a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.attr if isinstance(node, ast.Attribute) else ""


def assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None, ast.stmt]]:
    """The names that a class body binds, with their values; None for a bare annotation."""
    for one in node.body:
        if isinstance(one, ast.Assign) and len(one.targets) == 1:
            if isinstance(one.targets[0], ast.Name):
                yield one.targets[0].id, one.value, one
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            yield one.target.id, one.value, one


def constant(node: ast.expr | None) -> str | None:
    """A string that is written out."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
