"""From the syntax tree of a masked script to the script's structure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import takewhile

from tree_sitter import Node as Syntax

from pipeline.dockerfile.shell import words
from pipeline.dockerfile.shell.masking import Masked, Redirection
from pipeline.dockerfile.shell.nodes import (
    Case,
    Function,
    If,
    Listed,
    Loop,
    Node,
    Opaque,
    Part,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    Word,
)
from pipeline.dockerfile.shell.scanning import ASSIGNMENT

DEEPEST = 40
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_PIPES = frozenset({"|", "|&"})
_JOINS = _PIPES | {"&&", "||"}
_CHAINS = frozenset({"list", "pipeline"})
_ENDS = frozenset({";", "\n"})
_ASIDE = frozenset({"comment", "then", "else", "elif", "if", "fi", "do", "done"})


@dataclass
class _Leaf:
    """A statement of a list or pipeline, the operator before it, the redirects after it."""

    operator: str
    node: Syntax
    redirects: list[Syntax]


class Reader:
    """Reads nodes of one script."""

    def __init__(self, script: str, masked: Masked) -> None:
        self.script = script
        self.masked = masked
        self.kinds: dict[str, Callable[[Syntax, int], Node]] = {
            "compound_statement": lambda node, depth: self.sequence(node.children[1:-1], depth),
            "subshell": lambda node, depth: Subshell(self.sequence(node.children[1:-1], depth)),
            "if_statement": self._if,
            "while_statement": self._while,
            "for_statement": self._for,
            "case_statement": self._case,
            "function_definition": self._function,
        }

    def sequence(self, nodes: Iterable[Syntax], depth: int) -> Sequence:
        """Statements with what separates them; reserved words among them are passed by."""
        members: list[Listed] = []
        group = 0
        for node in nodes:
            if node.type == "&":
                members[group:] = [
                    Listed(member.joined, member.node, background=True)
                    for member in members[group:]
                ]
            elif node.type not in _ENDS and node.type not in _ASIDE and not node.is_missing:
                group = len(members)
                members += self._and_or(node, ";" if members else "", depth)
        return Sequence(tuple(members))

    def _and_or(self, node: Syntax, joined: str, depth: int) -> list[Listed]:
        """The members of ``a && b | c || d``, whatever the tree makes of their precedence."""
        groups: list[tuple[str, list[_Leaf]]] = []
        for leaf in _in_order(node):
            if leaf.operator in _PIPES and groups:
                groups[-1][1].append(leaf)
            else:
                groups.append((leaf.operator or joined, [leaf]))
        return [Listed(operator, self._pipeline(leaves, depth)) for operator, leaves in groups]

    def _pipeline(self, leaves: list[_Leaf], depth: int) -> Node:
        members = tuple(self._statement(leaf, depth) for leaf in leaves)
        negated = leaves[0].node.start_byte in self.masked.negations
        return Pipeline(members, negated) if negated or len(members) > 1 else members[0]

    def _statement(self, leaf: _Leaf, depth: int) -> Node:
        if depth >= DEEPEST:
            return self._broken(leaf.node)
        node, trailing = leaf.node, tuple(leaf.redirects)
        while node.type == "redirected_statement" and node.children[0].type != "file_redirect":
            node, trailing = node.children[0], (*node.children[1:], *trailing)
        if node.type in self.kinds:
            body = self.kinds[node.type](node, depth + 1)
            redirects = tuple(self._redirect(one) for one in trailing if _is_whole(one))
            return Redirected(body, redirects) if redirects else body
        return self._simple(node, trailing)

    def _simple(self, node: Syntax, trailing: tuple[Syntax, ...]) -> Node:
        start, end = node.start_byte, trailing[-1].end_byte if trailing else node.end_byte
        found, redirects = [], []
        for leaf in (*_leaves(node), *trailing):
            if _is_whole(leaf):
                redirects.append(self._redirect(leaf))
                found += [self._word(extra) for extra in leaf.children[2:]]
            elif leaf.has_error or leaf.type not in _WORDS:
                return Opaque(self.script[start:end], start, broken=True)
            else:
                found.append(self._word(leaf))
        if self.masked.unclosed is not None and end > self.masked.unclosed:
            return Opaque(self.script[start:end], start, broken=True)
        found.sort(key=lambda one: one.start)
        assigned = sum(1 for _ in takewhile(lambda one: ASSIGNMENT.match(one.raw), found))
        assignments = tuple(self._assignment(one) for one in found[:assigned])
        found = found[assigned:]
        if len(found) == 1 and re.match(r"\[\[\s|\(\(", found[0].raw):
            return Opaque(found[0].raw, start)
        return Simple(tuple(found), assignments, tuple(redirects), start, end)

    def _word(self, node: Syntax) -> Word:
        return words.word(self.script, node.start_byte, node.end_byte)

    def _assignment(self, given: Word) -> tuple[str, Word]:
        match = ASSIGNMENT.match(given.raw)
        name, index, added = match.groups() if match else ("", "", "")
        start = given.start + (match.end() if match else 0)
        value = words.word(self.script, start, given.end, assigned=True)
        if index or value.raw.startswith("("):
            return name, replace(value, parts=(Part("unknown", value.raw),))
        if added:
            before = Part("variable", name, quoted=True)
            return name, replace(value, parts=(before, *value.parts))
        return name, value

    def _redirect(self, node: Syntax) -> Redirect:
        found = self.masked.redirects.get(node.start_byte, Redirection(">", None))
        operator = found.operator
        if operator in {"<<", "<<-"}:
            start, end = found.body or (node.end_byte, node.end_byte)
            tabs = operator == "<<-"
            body = words.heredoc(self.script, start, end, expand=found.expand, tabs=tabs)
            return Redirect("<<", body, found.descriptor)
        return Redirect(operator, self._word(node.children[1]), found.descriptor)

    def _if(self, node: Syntax, depth: int) -> Node:
        branches: list[tuple[Sequence | None, Sequence]] = []
        clauses = [one for one in node.children if one.type in {"elif_clause", "else_clause"}]
        own = [one for one in node.children if one not in clauses]
        for clause in (own, *(one.children for one in clauses)):
            then = next((at for at, one in enumerate(clause) if one.type == "then"), None)
            test = None if then is None else self.sequence(clause[:then], depth)
            branches.append((test, self.sequence(clause[(then or 0) + 1 :], depth)))
        return If(tuple(branches))

    def _while(self, node: Syntax, depth: int) -> Node:
        body = [one for one in node.children if one.type == "do_group"]
        test = self.sequence([one for one in node.children[1:] if one not in body], depth)
        if node.children[0].type == "until":
            test = Sequence((Listed("", Pipeline((test,), negated=True)),))
        return Loop(self._done(body, depth), test)

    def _for(self, node: Syntax, depth: int) -> Node:
        body = [one for one in node.children if one.type == "do_group"]
        named = [one for one in node.children[1:] if one.is_named and one not in body]
        name = self._word(named[0]).raw if named else ""
        items = tuple(self._word(one) for one in named[1:])
        if not any(one.type == "in" for one in node.children):
            at = node.start_byte
            items = (Word('"$@"', (Part("variable", "@", quoted=True),), at, at),)
        if not _NAME.fullmatch(name):  # for ((…;…;…))
            name, items = "", (Word("", (Part("unknown", name),), node.start_byte, node.end_byte),)
        return Loop(self._done(body, depth), None, name, items)

    def _done(self, groups: list[Syntax], depth: int) -> Sequence:
        return self.sequence([one for group in groups for one in group.children], depth)

    def _case(self, node: Syntax, depth: int) -> Node:
        named = [one for one in node.children if one.is_named]
        branches = []
        for item in (one for one in named[1:] if one.type == "case_item"):
            children = item.children
            close = next((at for at, one in enumerate(children) if one.type == ")"), 0)
            patterns = tuple(self._word(one) for one in children[:close] if one.is_named)
            body = [one for one in children[close + 1 :] if one.type not in {";;", ";&", ";;&"}]
            branches.append((patterns, self.sequence(body, depth)))
        return Case(self._word(named[0]), tuple(branches))

    def _function(self, node: Syntax, depth: int) -> Node:
        named = [one for one in node.children if one.is_named and one.type != "file_redirect"]
        body = Sequence(tuple(self._and_or(named[-1], "", depth)))
        return Function(self._word(named[0]).raw, body)

    def _broken(self, node: Syntax) -> Opaque:
        raw = self.script[node.start_byte : node.end_byte]
        return Opaque(raw, node.start_byte, broken=True)


_WORDS = frozenset({"word", "number", "command_name", "extglob_pattern", "variable_name"})


def _in_order(node: Syntax) -> list[_Leaf]:
    """The statements of lists and pipelines, which may be nested as deep as they are long."""
    found: list[_Leaf] = []
    pending, operator = [node], ""
    while pending:
        node = pending.pop()
        chained = node.type == "redirected_statement" and node.children[0].type in _CHAINS
        if node.type in _CHAINS or chained:
            pending += reversed(node.children)
        elif node.type in _JOINS:
            operator = node.type
        elif node.type == "file_redirect" and found:
            found[-1].redirects.append(node)
        elif node.type != "comment" and not node.is_missing:
            found.append(_Leaf(operator, node, []))
            operator = ""
    return found


def _is_whole(node: Syntax) -> bool:
    """Whether this is a redirect with its target."""
    return node.type == "file_redirect" and not node.has_error


def _leaves(node: Syntax) -> list[Syntax]:
    """The words and redirects of a simple command."""
    if node.type in {"command", "redirected_statement"}:
        return node.children
    return [node]
