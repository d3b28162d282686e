"""The values of Python expressions: constants, names bound once, environment variables, paths."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass

from pipeline.dockerfile.projects.python_source import Scope
from pipeline.dockerfile.projects.values import (
    ITEM_LIMIT,
    TEXT_LIMIT,
    UNKNOWN,
    Env,
    Joined,
    Unknown,
    Value,
    below,
    divided,
    joined,
    otherwise,
)

_STEPS, _DEPTH = 300, 30  # how many nodes one value may take, and how deep
_BUDGET = 200_000  # nodes that all values of a source may take
_NAMES = 20  # in a dotted name
_READERS = {"os.getenv", "os.environ.get", "os.environ.setdefault", "decouple.config"}
_READER_OBJECTS = {"environ.Env", "environs.Env", "decouple.Config", "starlette.config.Config"}
_SAME = {"os.path.abspath", "os.path.realpath", "os.path.normpath", "os.fspath", "pathlib.Path"}
_SAME |= {"str", "pathlib.PurePath", "pathlib.PosixPath"}
_PURE = _SAME | {"os.path.join", "os.path.dirname", "int"}


@dataclass
class Evaluator:
    """Reads expressions. ``aliases`` spell imported names out; ``file`` stands for ``__file__``."""

    aliases: dict[str, str]
    file: str | None = None
    steps: int = _STEPS
    depth: int = 0
    budget: int = _BUDGET

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What the expression is worth."""
        self.steps = _STEPS
        return self._value(node, scope)

    def dotted(self, node: ast.expr) -> str:
        """``a.b.c`` with imported names spelled out; empty where it is no such name."""
        names: list[str] = []
        while isinstance(node, ast.Attribute) and len(names) < _NAMES:
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.aliases.get(node.id, node.id), *reversed(names)])

    def callee(self, node: ast.Call) -> str:
        """The dotted callee; with a dot in front where the method is of a value without a name."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return self.dotted(node.func) or (f".{method}" if method else "")

    def receiver(self, callee: ast.expr, scope: Scope) -> str:
        """The callee of the call that made the object whose method is called."""
        while isinstance(callee, ast.Attribute):
            callee = callee.value
        bound = _bound(callee.id, scope) if isinstance(callee, ast.Name) else None
        made = bound[0] if bound else callee
        return self.dotted(made.func) if isinstance(made, ast.Call) else ""

    def _value(self, node: ast.expr, scope: Scope) -> Value:
        self.steps -= 1
        self.budget -= 1
        if min(self.steps, self.budget) < 0 or self.depth == _DEPTH:
            return UNKNOWN
        self.depth += 1
        value = self._plain(node, scope)
        self.depth -= 1
        return value

    def _plain(self, node: ast.expr, scope: Scope) -> Value:
        match node:
            case ast.Constant(value=str() | int() | float() | None as constant):
                return constant
            case ast.Name():
                return self._name(node.id, scope)
            case ast.Tuple() | ast.List():
                if len(node.elts) > ITEM_LIMIT:
                    return UNKNOWN
                return tuple(self._value(item, scope) for item in node.elts)
            case ast.Dict():
                return self._dict(node, scope)
            case ast.JoinedStr():
                return joined(tuple(self._part(part, scope) for part in node.values))
            case ast.BoolOp(op=ast.Or()):
                value = self._value(node.values[0], scope)
                for other in node.values[1:]:
                    value = otherwise(value, self._value(other, scope))
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case _:
                return self._compound(node, scope)

    def _compound(self, node: ast.expr, scope: Scope) -> Value:
        match node:
            case ast.BinOp(op=ast.Add()):
                sides = self._value(node.left, scope), self._value(node.right, scope)
                return joined(sides) if any(isinstance(s, str | Joined) for s in sides) else UNKNOWN
            case ast.BinOp(op=ast.Div()):
                return _path((self._value(node.left, scope), self._value(node.right, scope)))
            case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(form))):
                values = self._value(node.right, scope)
                return _filled(form, "%s", values if isinstance(values, tuple) else (values,))
            case ast.Attribute(attr="executable") if self.dotted(node) == "sys.executable":
                return "python"
            case ast.Attribute(attr="parent"):
                folder = self._value(node.value, scope)
                return posixpath.dirname(folder) if isinstance(folder, str) else UNKNOWN
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                if self.dotted(node.value) == "os.environ":
                    return Env(name, required=True)
                whole = self._value(node.value, scope)
                return whole.get(name, UNKNOWN) if isinstance(whole, dict) else UNKNOWN
            case ast.Call():
                return self._call(node, scope)
            case ast.ListComp(generators=[ast.comprehension(target=ast.Name(id=each))]):
                alike = _stripped(node.elt) == each
                return self._value(node.generators[0].iter, scope) if alike else UNKNOWN
            case _:
                return UNKNOWN

    def _name(self, name: str, scope: Scope) -> Value:
        if name == "__file__" and self.file:
            return self.file
        bound = _bound(name, scope)
        return self._value(*bound) if bound else UNKNOWN

    def _dict(self, node: ast.Dict, scope: Scope) -> Value:
        if len(node.keys) > ITEM_LIMIT:
            return UNKNOWN
        return {
            key.value: self._value(value, scope)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }

    def _part(self, part: ast.expr, scope: Scope) -> Value:
        if not isinstance(part, ast.FormattedValue):
            return self._value(part, scope)
        plain = part.conversion == -1 and part.format_spec is None
        return self._value(part.value, scope) if plain else UNKNOWN

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        callee = self.dotted(node.func)
        if callee in _READERS or self.receiver(node.func, scope) in _READER_OBJECTS:
            return self._environment(node, scope)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if isinstance(node.func, ast.Attribute) and method in {"resolve", "absolute", "strip"}:
            return self._value(node.func.value, scope)
        if method == "split":
            return self._split(node, callee, scope)
        if callee not in _PURE and method != "format":
            return UNKNOWN
        arguments = tuple(self._value(argument, scope) for argument in node.args)
        if method == "format" and isinstance(node.func, ast.Attribute) and not node.keywords:
            form = self._value(node.func.value, scope)
            return _filled(form, "{}", arguments) if isinstance(form, str) else UNKNOWN
        if callee in {"os.path.join", "pathlib.Path"} and len(arguments) > 1:
            return _path(arguments)
        if len(arguments) != 1:
            return UNKNOWN
        if callee in _SAME:
            return arguments[0]
        if callee == "os.path.dirname":
            return posixpath.dirname(arguments[0]) if isinstance(arguments[0], str) else UNKNOWN
        return _number(arguments[0]) if callee == "int" else UNKNOWN

    def _split(self, node: ast.Call, callee: str, scope: Scope) -> Value:
        """``shlex.split("a b")``, ``"a b".split()`` and ``"a,b".split(",")``."""
        if callee == "shlex.split" and len(node.args) == 1:
            text = self._value(node.args[0], scope)
        elif isinstance(node.func, ast.Attribute) and not node.keywords:
            text = self._value(node.func.value, scope)
        else:
            return UNKNOWN
        at = self._value(node.args[0], scope) if node.args and callee != "shlex.split" else None
        if isinstance(at, str):
            return divided(text, at)
        if not isinstance(text, str) or set(text) & set("'\"\\") or at is not None:
            return UNKNOWN
        return tuple(text.split())

    def _environment(self, node: ast.Call, scope: Scope) -> Value:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        default = node.args[1] if len(node.args) > 1 else keywords.get("default")
        name = node.args[0] if node.args else keywords.get("key")
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            return UNKNOWN
        if default is not None:
            return Env(name.value, self._value(default, scope))
        return Env(name.value, required=not self.dotted(node.func).startswith("os."))


def _bound(name: str, scope: Scope | None) -> tuple[ast.expr, Scope] | None:
    """The one expression that a name is bound to, and where; None where there is no such."""
    while scope is not None:
        values = scope.names.get(name)
        if values:
            return (values[0], scope) if len(values) == 1 and values[0] is not None else None
        scope = scope.outer
    return None


def _stripped(node: ast.expr) -> str:
    """The name in ``name`` or ``name.strip()``; empty for anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value if node.func.attr in {"strip", "rstrip", "lstrip"} else node
    return node.id if isinstance(node, ast.Name) else ""


def _path(parts: tuple[Value, ...]) -> Value:
    if parts and isinstance(parts[0], Env | Joined):
        return below(parts[0], parts[1:])
    if not all(isinstance(part, str) and len(part) < TEXT_LIMIT for part in parts):
        return UNKNOWN
    return posixpath.normpath(posixpath.join(*(str(part) for part in parts)))


def _filled(form: str, hole: str, values: tuple[Value, ...]) -> Value:
    texts = (form.replace("%d", "%s") if hole == "%s" else form).split(hole)
    if len(texts) != len(values) + 1 or any("%" in t or "{" in t for t in texts):
        return UNKNOWN
    parts: list[Value] = [texts[0]]
    for value, text in zip(values, texts[1:], strict=True):
        parts += [value, text]
    return joined(tuple(parts))


def _number(value: Value) -> Value:
    if isinstance(value, Env):
        return Env(value.name, _number(value.default), value.required)
    if isinstance(value, str) and len(value) < 20:
        return int(value) if value.strip().isdecimal() else UNKNOWN
    return value if isinstance(value, int | None | Unknown) else UNKNOWN
