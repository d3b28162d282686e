"""The values of JavaScript expressions: literals, constants, environment variables, paths."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from pipeline.dockerfile.projects.javascript import Binding, Scope, first_child, text_of, unwrapped
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

_STEPS, _DEPTH = 300, 25  # how many nodes one value may take, and how deep
_BUDGET = 200_000  # nodes that all values of a source may take
_NAMES = 20  # in a dotted name
_ENVIRONMENTS = ("process.env", "Bun.env", "import.meta.env")
_NUMBERS = {"Number", "parseInt", "Number.parseInt", "parseFloat"}
_LISTING = {"split", "map", "filter"}
_PURE = _NUMBERS | {"String", "Deno.env.get", "path.join", "path.resolve"}
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\", "\\'": "'", '\\"': '"'}
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None, "undefined": None}


@dataclass
class Evaluator:
    """Reads expressions. ``aliases`` spell imported names out; ``file`` is the source's path."""

    aliases: Mapping[str, str]
    reassigned: frozenset[str]
    file: str | None = None
    steps: int = _STEPS
    depth: int = 0
    budget: int = _BUDGET

    def value(self, node: Node, scope: Scope) -> Value:
        """What the expression is worth."""
        self.steps = _STEPS
        return self._value(node, scope)

    def dotted(self, node: Node) -> str:
        """``a.b.c`` with imported names spelled out; empty where it is no such name."""
        names: list[str] = []
        node = unwrapped(node)
        while node.type == "member_expression" and len(names) < _NAMES:
            names.append(text_of(node.child_by_field_name("property")))
            inner = node.child_by_field_name("object")
            if inner is None:
                return ""
            node = unwrapped(inner)
        module = required(node)
        if node.type not in ("identifier", "this", "meta_property", "import") and not module:
            return ""
        first = module or self.aliases.get(text_of(node), text_of(node))
        return ".".join([first, *reversed(names)])

    def receiver(self, callee: Node, scope: Scope) -> str:
        """The callee of the call that made the object whose method is called."""
        node = unwrapped(callee)
        while node.type == "member_expression":
            inner = node.child_by_field_name("object")
            if inner is None:
                return ""
            node = unwrapped(inner)
        if node.type == "identifier":
            bound = self._bound(text_of(node), scope)
            node = unwrapped(bound[0].value) if bound and not bound[0].key else node
        if node.type not in ("call_expression", "new_expression") or required(node):
            return ""
        return self.callee(node)

    def callee(self, node: Node) -> str:
        """The dotted callee of a call; ``new`` before that of a constructor."""
        made = node.child_by_field_name("constructor")
        target = made or node.child_by_field_name("function")
        name = self.dotted(target) if target else ""
        if target and not name and target.type == "member_expression":
            name = f".{text_of(target.child_by_field_name('property'))}"
        return f"new {name}" if made and name else name

    def _value(self, node: Node, scope: Scope) -> Value:
        self.steps -= 1
        self.budget -= 1
        if min(self.steps, self.budget) < 0 or self.depth == _DEPTH:
            return UNKNOWN
        self.depth += 1
        value = self._plain(unwrapped(node), scope)
        self.depth -= 1
        return value

    def _plain(self, node: Node, scope: Scope) -> Value:
        match node.type:
            case "string" | "number" | "true" | "false" | "null" | "undefined":
                return _literal(node)
            case "identifier":
                return self._name(text_of(node), scope)
            case "template_string" | "array" if node.named_child_count > ITEM_LIMIT:
                return UNKNOWN
            case "template_string":
                return joined(tuple(self._part(child, scope) for child in node.named_children))
            case "array":
                return tuple(self._value(item, scope) for item in node.named_children)
            case "object":
                return self._object(node, scope)
            case "member_expression" | "subscript_expression":
                return self._member(node, scope)
            case "call_expression":
                return self._call(node, scope)
            case _:
                return self._operation(node, scope)

    def _operation(self, node: Node, scope: Scope) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.type == "binary_expression" and left and right:
            return self._binary(text_of(node.child_by_field_name("operator")), left, right, scope)
        argument = node.child_by_field_name("argument")
        if node.type == "unary_expression" and argument:
            sign = text_of(node.child_by_field_name("operator"))
            value = _number(self._value(argument, scope)) if sign in "+-" else UNKNOWN
            return -value if sign == "-" and isinstance(value, int | float) else value
        if node.type == "ternary_expression":
            return self._ternary(node, scope)
        return UNKNOWN

    def _binary(self, operator: str, left: Node, right: Node, scope: Scope) -> Value:
        if operator not in ("||", "??", "+"):
            return UNKNOWN
        first, second = self._value(left, scope), self._value(right, scope)
        if operator == "||":
            return otherwise(first, second)
        if operator == "??":
            bare = first is None or (isinstance(first, Env) and first.default is None)
            return otherwise(first, second) if bare else first
        text = isinstance(first, str | Joined) or isinstance(second, str | Joined)
        return joined((first, second)) if text else UNKNOWN

    def _ternary(self, node: Node, scope: Scope) -> Value:
        """``process.env.X ? process.env.X : default``."""
        parts = [node.child_by_field_name(n) for n in ("condition", "consequence", "alternative")]
        test, taken, other = (self._value(p, scope) if p else UNKNOWN for p in parts)
        if isinstance(test, Env) and isinstance(taken, Env) and test.name == taken.name:
            return otherwise(Env(test.name), other)
        return UNKNOWN

    def _name(self, name: str, scope: Scope) -> Value:
        if name == "undefined":
            return None
        if name == "__dirname":
            return posixpath.dirname(self.file) if self.file else UNKNOWN
        bound = self._bound(name, scope)
        return self._binding(*bound) if bound else UNKNOWN

    def _binding(self, binding: Binding, scope: Scope) -> Value:
        if not binding.key:
            return self._value(binding.value, scope)
        default = self._value(binding.default, scope) if binding.default else None
        if self.dotted(binding.value) in _ENVIRONMENTS:
            return Env(binding.key, default)
        return _entry(self._value(binding.value, scope), binding.key)

    def _bound(self, name: str, scope: Scope) -> tuple[Binding, Scope] | None:
        return None if name in self.reassigned else scope.find(name)

    def _object(self, node: Node, scope: Scope) -> Value:
        if node.named_child_count > ITEM_LIMIT:
            return UNKNOWN
        entries: dict[str, Value] = {}
        for child in node.named_children:
            if child.type == "shorthand_property_identifier":
                entries[text_of(child)] = self._name(text_of(child), scope)
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if child.type == "spread_element":
                entries["..."] = UNKNOWN
            if child.type == "pair" and key and value:
                entries[text_of(key).strip("\"'")] = self._value(value, scope)
        return entries

    def _member(self, node: Node, scope: Scope) -> Value:
        owner = node.child_by_field_name("object")
        if owner is None:
            return UNKNOWN
        index = node.child_by_field_name("index")
        key = self._value(index, scope) if index else text_of(node.child_by_field_name("property"))
        if not isinstance(key, str):
            return UNKNOWN
        if self.dotted(owner) in _ENVIRONMENTS or self._is_environment(owner, scope):
            return Env(key)
        return _entry(self._value(owner, scope), key)

    def _is_environment(self, node: Node, scope: Scope) -> bool:
        """Whether the name was bound to the environment (``const env = process.env``)."""
        node = unwrapped(node)
        bound = self._bound(text_of(node), scope) if node.type == "identifier" else None
        if bound is None:
            return False
        name = self.dotted(bound[0].value)
        return (f"{name}.{bound[0].key}" if bound[0].key else name) in _ENVIRONMENTS

    def _part(self, part: Node, scope: Scope) -> Value:
        if part.type == "template_substitution":
            return self._value(part.named_children[0], scope) if part.named_children else UNKNOWN
        return _piece(part)

    def _call(self, node: Node, scope: Scope) -> Value:
        written = node.child_by_field_name("arguments")
        callee = self.callee(node)
        if callee == "process.cwd":
            return "."
        if callee.rpartition(".")[2] in _LISTING:
            return self._list(node, callee.rpartition(".")[2], scope)
        if callee not in _PURE or written is None or written.named_child_count > ITEM_LIMIT:
            return UNKNOWN
        arguments = tuple(self._value(argument, scope) for argument in written.named_children)
        if callee in _NUMBERS and arguments:
            return _number(arguments[0])
        if callee == "String" and arguments:
            return joined(arguments[:1])
        if callee == "Deno.env.get" and arguments and isinstance(arguments[0], str):
            return Env(arguments[0])
        return _path(arguments) if callee.startswith("path.") else UNKNOWN

    def _list(self, node: Node, method: str, scope: Scope) -> Value:
        """``"a,b".split(",").map((one) => one.trim()).filter(Boolean)``."""
        function, given = (node.child_by_field_name(one) for one in ("function", "arguments"))
        owner = function.child_by_field_name("object") if function else None
        first = first_child(given)
        if owner is None or first is None:
            return UNKNOWN
        value = self._value(owner, scope)
        if method == "split":
            at = self._value(first, scope)
            return divided(value, at) if isinstance(at, str) else UNKNOWN
        plain = method == "filter" or ".trim()" in text_of(first)
        return value if plain and isinstance(value, tuple | Env) else UNKNOWN


def required(node: Node) -> str:
    """The module that ``require("x")`` or ``import("x")`` loads; empty where it is none."""
    node = unwrapped(node)
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    if function is None or not (function.type == "import" or text_of(function) == "require"):
        return ""
    arguments = node.child_by_field_name("arguments")
    first = first_child(arguments)
    return text_of(first)[1:-1].removeprefix("node:") if first and first.type == "string" else ""


def _piece(node: Node) -> str:
    text = text_of(node)
    return _ESCAPES.get(text, text) if node.type == "escape_sequence" else text


def _literal(node: Node) -> Value:
    text = text_of(node)
    if node.type in _CONSTANTS or not text:
        return _CONSTANTS.get(node.type, UNKNOWN)
    if node.type == "string":
        return "".join(map(_piece, node.named_children))
    try:
        return int(text.replace("_", ""), 0) if len(text) < 20 else UNKNOWN
    except ValueError:
        return UNKNOWN


def _number(value: Value) -> Value:
    if isinstance(value, Env):
        return Env(value.name, _number(value.default), value.required)
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 20 else UNKNOWN
    return value if isinstance(value, int | float | None | Unknown) else UNKNOWN


def _entry(value: Value, key: str) -> Value:
    return value.get(key, UNKNOWN) if isinstance(value, Mapping) else UNKNOWN


def _path(parts: tuple[Value, ...]) -> Value:
    if parts and isinstance(parts[0], Env | Joined):
        return below(parts[0], parts[1:])
    if not parts or not isinstance(parts[0], str):
        return UNKNOWN
    if any(isinstance(part, Env | Joined | Unknown) for part in parts):
        separated = (piece for part in parts for piece in ("/", part))
        return joined(tuple(separated)[1:])
    if not all(isinstance(part, str) and len(part) < TEXT_LIMIT for part in parts):
        return UNKNOWN
    return posixpath.normpath("/".join(str(part) for part in parts))
