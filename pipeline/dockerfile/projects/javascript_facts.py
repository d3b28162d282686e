"""What a JavaScript or TypeScript source imports and calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from pipeline.dockerfile.projects.javascript import (
    Scope,
    Seen,
    Source,
    first_child,
    read,
    text_of,
    unwrapped,
)
from pipeline.dockerfile.projects.javascript_values import Evaluator, required
from pipeline.dockerfile.projects.python_source import Guards
from pipeline.dockerfile.projects.values import UNKNOWN, Call, Value


@dataclass(frozen=True)
class ImportedModule:
    """One module that a source loads. ``names`` are those taken, ``*`` for the whole of it.

    ``type_only`` imports are gone after compiling. ``guards`` say what has to hold for the module
    to be loaded.
    """

    specifier: str
    line: int
    column: int
    names: tuple[str, ...] = ()
    type_only: bool = False
    guards: Guards = ()

    @property
    def guarded(self) -> bool:
        return bool(self.guards)

    @property
    def package(self) -> str:
        """The npm package; empty for a relative path or a module of Node itself."""
        first, _, rest = self.specifier.partition("/")
        if first in ("", ".", "..") or self.specifier.startswith(("node:", "#")):
            return ""
        return f"{first}/{rest.partition('/')[0]}" if first.startswith("@") else first


def modules(source: str, language: str) -> tuple[ImportedModule, ...] | None:
    """What the source imports, requires and exports from elsewhere, in order; None: too large."""
    parsed = read(source, language)
    if parsed is None:
        return None
    return tuple(found for seen in parsed.seen if (found := _module(seen, parsed)))


def calls(source: str, language: str, file: str | None = None) -> tuple[Call, ...] | None:
    """The calls in order; ``new X`` for constructors. ``file`` is the source's own path."""
    parsed = read(source, language)
    if parsed is None:
        return None
    evaluator = Evaluator(_aliases(parsed), parsed.reassigned, file)
    return tuple(
        _call(seen, parsed, evaluator, callee)
        for seen in parsed.seen
        if seen.node.type in ("call_expression", "new_expression")
        if (callee := evaluator.callee(seen.node))
    )


def _module(seen: Seen, parsed: Source) -> ImportedModule | None:
    node = seen.node
    if node.type in ("import_statement", "export_statement"):
        specifier, names, type_only = _statement(node)
    elif node.type == "call_expression" and (module := required(node)):
        specifier, names, type_only = module, _required_names(seen), False
    else:
        return None
    place = parsed.place(node)
    return ImportedModule(specifier, *place, names, type_only, seen.guards) if specifier else None


def _statement(node: Node) -> tuple[str, tuple[str, ...], bool]:
    """Specifier, names and whether it is for types alone, of an import or export statement."""
    clauses = [
        child for child in node.named_children if child.type.endswith(("_clause", "_export"))
    ]
    source = node.child_by_field_name("source")
    if source is None and clauses and clauses[0].type == "import_require_clause":
        source = clauses[0].child_by_field_name("source")
    if source is None:
        return "", (), False
    names: list[str] = []
    types: list[str] = []
    for clause in clauses:
        for name, for_type in _clause_names(clause):
            (types if for_type else names).append(name)
    whole = any(child.type in ("type", "typeof") for child in node.children)
    if not clauses and any(child.type == "*" for child in node.children):
        names = ["*"]
    only = whole or (bool(types) and not names)
    return text_of(source)[1:-1], (*names, *types), only


def _clause_names(clause: Node) -> Iterator[tuple[str, bool]]:
    if clause.type in ("import_require_clause", "namespace_export"):
        yield "*", False
        return
    waiting = list(reversed(clause.named_children))
    while waiting:
        node = waiting.pop()
        match node.type:
            case "identifier":
                yield "default", False
            case "namespace_import":
                yield "*", False
            case "import_specifier" | "export_specifier":
                for_type = any(child.type == "type" for child in node.children)
                yield text_of(node.child_by_field_name("name")), for_type
            case _:
                waiting.extend(reversed(node.named_children))


def _required_names(seen: Seen) -> tuple[str, ...]:
    """The names taken from what is required: of a pattern, or one member, else the whole."""
    outer = seen.parent
    while outer and outer.node.type in ("await_expression", "parenthesized_expression"):
        outer = outer.parent
    node = outer.node if outer else seen.node
    if node.type == "member_expression":
        return (text_of(node.child_by_field_name("property")),)
    pattern = node.child_by_field_name("name") if node.type == "variable_declarator" else None
    if pattern is None or pattern.type != "object_pattern":
        return () if node.type == "expression_statement" else ("*",)
    return tuple(text_of(first_child(child) or child) for child in pattern.named_children)


def _call(seen: Seen, parsed: Source, evaluator: Evaluator, callee: str) -> Call:
    written = seen.node.child_by_field_name("arguments")
    nodes = written.named_children if written and written.type == "arguments" else []
    nodes = [node for node in nodes if node.type != "comment"]
    arguments = tuple(_argument(node, seen.scope, evaluator) for node in nodes)
    keywords: dict[str, Value] = {}
    for argument in arguments:
        keywords |= argument if isinstance(argument, Mapping) else {}
    line, column = parsed.place(seen.node)
    target = seen.node.child_by_field_name("function")
    receiver = evaluator.receiver(target, seen.scope) if target else ""
    inner = target.child_by_field_name("object") if target else None
    owner = evaluator.value(inner, seen.scope) if inner else UNKNOWN
    return Call(callee, arguments, keywords, line, column, receiver, owner, seen.guards)


def _argument(node: Node, scope: Scope, evaluator: Evaluator) -> Value:
    return UNKNOWN if node.type == "spread_element" else evaluator.value(node, scope)


def _aliases(parsed: Source) -> dict[str, str]:
    """The names that imports of packages bind, spelled out."""
    aliases: dict[str, str] = {}
    for seen in parsed.seen:
        node = seen.node
        if node.type == "import_statement":
            module = _statement(node)[0].removeprefix("node:")
            if module and not module.startswith("."):
                aliases |= dict(_imported_names(node, module))
        elif node.type == "variable_declarator":
            aliases |= dict(_declared_names(node))
    return aliases


def _imported_names(node: Node, module: str) -> Iterator[tuple[str, str]]:
    waiting = list(node.named_children)
    while waiting:
        child = waiting.pop()
        match child.type:
            case "identifier":
                yield text_of(child), module
            case "namespace_import":
                yield text_of(child.named_children[0]), module
            case "import_specifier":
                name = text_of(child.child_by_field_name("name"))
                alias = text_of(child.child_by_field_name("alias")) or name
                yield alias, module if name == "default" else f"{module}.{name}"
            case "import_clause" | "named_imports" | "import_require_clause":
                waiting.extend(child.named_children)


def _declared_names(node: Node) -> Iterator[tuple[str, str]]:
    """``const x = require("m")``, ``const { a, b: c } = require("m")``."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    module = required(value) if value else ""
    member = ""
    if value and not module and unwrapped(value).type == "member_expression":
        inner = unwrapped(value).child_by_field_name("object")
        module = required(inner) if inner else ""
        member = text_of(unwrapped(value).child_by_field_name("property"))
    if name is None or not module or module.startswith("."):
        return
    if name.type == "identifier":
        yield text_of(name), f"{module}.{member}" if member and member != "default" else module
    elif name.type == "object_pattern":
        for child in name.named_children:
            parts = child.named_children
            key, target = (parts[0], parts[-1]) if parts else (child, child)
            yield text_of(target), f"{module}.{text_of(key)}"
