"""JavaScript and TypeScript as trees: what guards each node, and what names are bound to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import NamedTuple

import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Node

from pipeline.dockerfile.projects.python_source import Guard, Guards

SOURCE_LIMIT = 500_000
_NODE_LIMIT = 100_000
_TEXT_LIMIT = 10_000
_LANGUAGES = {
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
}  # fmt: skip
_FUNCTIONS = {
    "function_declaration", "function_expression", "arrow_function", "method_definition",
    "generator_function", "generator_function_declaration",
}  # fmt: skip
_BRANCHING = {"if_statement", "try_statement", "binary_expression"}
_LEAVES = {  # nothing is asked of these but as a part of what is around them
    "identifier",
    "property_identifier",
    "shorthand_property_identifier",
    "type_identifier",
    "string",
    "number",
    "comment",
    "true",
    "false",
    "null",
    "undefined",
    "this",
    "regex",
    "statement_identifier",
    "predefined_type",
    "private_property_identifier",
}
_CONDITIONAL = {
    "for_statement", "for_in_statement", "while_statement", "do_statement", "switch_case",
    "switch_default", "ternary_expression",
}  # fmt: skip
_TRANSPARENT = {
    "parenthesized_expression", "await_expression", "as_expression", "non_null_expression",
    "satisfies_expression", "type_assertion",
}  # fmt: skip


@dataclass(frozen=True)
class Binding:
    """What a name stands for: a value, or the member ``key`` of it, or else ``default``."""

    value: Node
    key: str = ""
    default: Node | None = None


@dataclass(eq=False)
class Scope:
    """Names bound in a module or a function; None for what no expression gives."""

    outer: Scope | None = None
    names: dict[str, list[Binding | None]] = field(default_factory=dict)

    def bind(self, name: str, binding: Binding | None) -> None:
        self.names.setdefault(name, []).append(binding)

    def find(self, name: str) -> tuple[Binding, Scope] | None:
        """The one thing that a name is bound to, and where; None where there is no such."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found:
                return (found[0], scope) if len(found) == 1 and found[0] is not None else None
            scope = scope.outer
        return None


class Seen(NamedTuple):
    node: Node
    guards: Guards
    scope: Scope
    parent: Seen | None = None


@dataclass(frozen=True)
class Source:
    """The nodes in order, names and literals left out. ``reassigned`` are no constants."""

    seen: tuple[Seen, ...]
    lines: tuple[bytes, ...]
    reassigned: frozenset[str]

    def place(self, node: Node) -> tuple[int, int]:
        """Line and column from 1, the column in characters."""
        row, column = node.start_point
        before = self.lines[row][:column] if row < len(self.lines) else b""
        return row + 1, len(before.decode("utf-8", "replace")) + 1


def language_of(path: str) -> str | None:
    """The language of a file by its name; None where it is neither."""
    return _LANGUAGES.get(path[path.rfind(".") :])


def read(source: str, language: str) -> Source | None:
    """The source as nodes; None where it is too large. ``language`` is as ``language_of`` says."""
    if len(source) > SOURCE_LIMIT:
        return None
    data = source.removeprefix("\ufeff").encode("utf-8", "replace")
    tree = tree_sitter.Parser(_language(language)).parse(data)
    walker = _Walker()
    seen = tuple(islice(walker.walk(tree.root_node), _NODE_LIMIT + 1))
    if len(seen) > _NODE_LIMIT:
        return None
    return Source(seen, tuple(data.split(b"\n")), frozenset(walker.reassigned))


@cache
def _language(name: str) -> tree_sitter.Language:
    makers = {
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    return tree_sitter.Language(makers.get(name, tree_sitter_javascript.language)())


def text_of(node: Node | None) -> str:
    """The source of a node; empty for none, and for what is too long to be a name or a value."""
    if node is None or node.end_byte - node.start_byte > _TEXT_LIMIT:
        return ""
    return (node.text or b"").decode("utf-8", "replace")


def first_child(node: Node | None) -> Node | None:
    """The first named child."""
    return node.named_child(0) if node and node.named_child_count else None


def unwrapped(node: Node) -> Node:
    """The expression without parentheses, ``await`` and casts."""
    while node.type in _TRANSPARENT and node.named_children:
        node = node.named_children[-1 if node.type == "type_assertion" else 0]
    return node


@dataclass
class _Walker:
    reassigned: set[str] = field(default_factory=set)
    called_at_once: set[int] = field(default_factory=set)

    def walk(self, root: Node) -> Iterator[Seen]:
        waiting = [Seen(root, (), Scope())]
        while waiting:
            one = waiting.pop()
            _bind(one.node, one.scope, self.reassigned)
            waiting.extend(reversed(list(self._children(one))))
            yield one

    def _children(self, one: Seen) -> Iterator[Seen]:
        node, guards, scope = one.node, one.guards, one.scope
        if node.type in _FUNCTIONS:
            scope = Scope(scope)
            _bind_parameters(node, scope)
            guards = guards if node.id in self.called_at_once else _add(guards, Guard.FUNCTION)
        elif node.type in _CONDITIONAL:
            guards = _add(guards, Guard.CONDITIONAL)
        elif node.type == "call_expression" and (called := node.child_by_field_name("function")):
            self.called_at_once.add(unwrapped(called).id)
        roles = _roles(node) if node.type in _BRANCHING else None
        for child in node.named_children:
            if child.type not in _LEAVES:
                inner = _add(guards, roles.get(child.id)) if roles else guards
                yield Seen(child, inner, scope, one)


def _add(guards: Guards, guard: Guard | None) -> Guards:
    return guards if guard is None or guard in guards else (*guards, guard)


def _roles(node: Node) -> dict[int, Guard]:
    """The children that do not run whenever the node does, and why."""
    found: dict[str, Guard] = {}
    match node.type:
        case "if_statement":
            test = text_of(node.child_by_field_name("condition"))
            main = "require.main" in test or "import.meta" in test
            found["consequence"] = Guard.MAIN if main else Guard.CONDITIONAL
            found["alternative"] = Guard.CONDITIONAL
        case "try_statement" if node.child_by_field_name("handler"):
            found = {"body": Guard.TRIED, "handler": Guard.FALLBACK}
        case "binary_expression":
            operator = node.child_by_field_name("operator")
            if operator and operator.type in ("&&", "||", "??"):
                found["right"] = Guard.CONDITIONAL
    children = ((node.child_by_field_name(role), guard) for role, guard in found.items())
    return {child.id: guard for child, guard in children if child is not None}


def _bind_parameters(node: Node, scope: Scope) -> None:
    single = node.child_by_field_name("parameter")
    parameters = node.child_by_field_name("parameters")
    for found in filter(None, (single, parameters)):
        for name in _pattern_names(found):
            scope.bind(name, None)


def _bind(node: Node, scope: Scope, reassigned: set[str]) -> None:
    match node.type:
        case "variable_declarator":
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None:
                _bind_pattern(name, value, scope)
        case "function_declaration" | "class_declaration" | "generator_function_declaration":
            scope.bind(text_of(node.child_by_field_name("name")), None)
        case "assignment_expression" | "augmented_assignment_expression" | "for_in_statement":
            left = node.child_by_field_name("left")
            reassigned.update(_pattern_names(left) if left else ())
        case "update_expression":
            reassigned.add(text_of(node.child_by_field_name("argument")))


def _bind_pattern(pattern: Node, value: Node | None, scope: Scope) -> None:
    if pattern.type == "identifier":
        scope.bind(text_of(pattern), Binding(value) if value else None)
        return
    simple = _simple_members(pattern) if pattern.type == "object_pattern" and value else {}
    for name in _pattern_names(pattern):
        member = simple.get(name)
        scope.bind(name, Binding(value, *member) if value and member else None)


def _simple_members(pattern: Node) -> dict[str, tuple[str, Node | None]]:
    """The names that an object pattern takes right from its members, with their defaults."""
    found: dict[str, tuple[str, Node | None]] = {}
    for child in pattern.named_children:
        key, target, default = child, child, None
        if child.type == "pair_pattern":
            key, target = child.named_children[0], child.named_children[-1]
        if target.type in ("object_assignment_pattern", "assignment_pattern"):
            default = target.child_by_field_name("right")
            target = target.named_children[0]
            key = key if child.type == "pair_pattern" else target
        if target.type in ("identifier", "shorthand_property_identifier_pattern"):
            found[text_of(target)] = (text_of(key), default)
    return found


def _pattern_names(pattern: Node) -> Iterator[str]:
    """The names that a pattern binds or assigns."""
    waiting = [pattern]
    while waiting:
        node = waiting.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield text_of(node)
        elif node.type not in _FUNCTIONS and node.type != "member_expression":
            waiting.extend(node.named_children)
