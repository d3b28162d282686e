"""YAML text to plain values, and where each of them is written.

Only text, numbers, booleans, null, lists and mappings come out. ``yes``, ``on`` and dates stay
text, as in YAML 1.2 and so in every editor; tags, merge keys and a second document are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from pipeline.config.faults import Fault, Path, Place
from pipeline.config.units import show

_DEEPEST = 50
_MOST_VALUES = 5000
_YAML = "tag:yaml.org,2002:"
_KINDS = {"map", "seq", "null", "str", "bool", "int", "float", "timestamp", "merge", "value"}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_CHARACTER = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Mark(Protocol):
    line: int
    column: int


At = Callable[[int, int], Place]
"""The place to name for a line and a column, both counted from 1."""


@dataclass(frozen=True)
class Spot:
    """Where a value is: its key, and itself."""

    key: Place
    value: Place


@dataclass
class Reading:
    """What a text says. ``spots`` has every path; ``faults`` are those of writing, not of rules."""

    value: object = None
    spots: dict[Path, Spot] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class UnreadableError(ValueError):
    """The text has a fault after which there is nothing to go on with."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read(text: str, at: At) -> Reading:
    """The value of one YAML document; None if it is empty. Raises UnreadableError."""
    bad = _CHARACTER.search(text)
    if bad:
        lines = text[: bad.start()].split("\n")
        rule = f"YAML does not take the character {bad[0]!a}"
        raise UnreadableError(Fault(at(len(lines), len(lines[-1]) + 1), (), rule, "Remove it"))
    try:
        _refuse_depth(text, at)
        node = yaml.CSafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_syntax_fault(error, text, at)) from error
    reader = _Reader(at)
    if node is not None:
        reader.reading.value = reader.read((), node, reader.place(node))
    return reader.reading


class _Reader:
    def __init__(self, at: At) -> None:
        self.reading = Reading()
        self._at = at
        self._left = _MOST_VALUES

    def place(self, node: yaml.Node) -> Place:
        return _place(node.start_mark, self._at)

    def read(self, path: Path, node: yaml.Node, key: Place) -> object:
        """The value of a node. An alias is read again wherever it stands: so there is a limit."""
        here = self.place(node)
        self.reading.spots[path] = Spot(key, here)
        self._left -= 1
        if self._left < 0 or len(path) > _DEEPEST:
            raise UnreadableError(_too_much(here))
        kind = node.tag.removeprefix(_YAML)
        if kind not in _KINDS:
            self._fault(path, here, f"the tag {show(node.tag)} is not read", "Remove it")
        if isinstance(node, yaml.MappingNode):
            pairs = self._pairs(path, node)
            return {name: self.read((*path, name), value, spot) for name, value, spot in pairs}
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return [self.read((*path, at), value, self.place(value)) for at, value in items]
        if "\0" in node.value:
            self._fault(path, here, "the value has a NUL character", r"Remove the \0")
        return _scalar(kind, str(node.value))

    def _pairs(self, path: Path, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, Place]]:
        first: dict[str, Place] = {}
        for key, value in node.value:
            here, name = self.place(key), key.value
            if not isinstance(key, yaml.ScalarNode):
                self._fault(path, here, "a key must be text", "Write key: value")
            elif key.tag == f"{_YAML}merge":
                self._fault(path, here, "merge keys are not read", "Write the keys out, without <<")
            elif name in first:
                remedy = f"Remove one of them; the first is at {first[name]}"
                self._fault((*path, name), here, "the key is written twice", remedy)
            else:
                first[name] = here
                yield name, value, here

    def _fault(self, path: Path, place: Place, rule: str, remedy: str) -> None:
        self.reading.faults.append(Fault(place, path, rule, remedy))


def _scalar(kind: str, text: str) -> object:
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _refuse_depth(text: str, at: At) -> None:
    """Composing recurses in C, so deep nesting is found in the flat stream of events first."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise UnreadableError(_too_much(_place(event.start_mark, at)))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _place(mark: _Mark | None, at: At) -> Place:
    return at(mark.line + 1, mark.column + 1) if mark else at(1, 1)


def _too_much(place: Place) -> Fault:
    return Fault(
        place,
        (),
        f"there are more than {_DEEPEST} levels, or {_MOST_VALUES} values",
        "Write less; an alias counts as all that it stands for",
    )


def _syntax_fault(error: yaml.MarkedYAMLError, text: str, at: At) -> Fault:
    mark = error.problem_mark or error.context_mark
    before = text.splitlines()[mark.line : mark.line + 1] if mark else []
    tab = mark and "".join(before)[: mark.column + 1].endswith("\t")
    remedy = "Indent with spaces, not tabs" if tab else "Correct this line, or the one above it"
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    return Fault(_place(mark, at), (), f"this is not YAML: {problem}", remedy)
