"""An entry of the catalogue, and how entries are read from YAML: ours, and a user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.faults import Fault, Place, config_error
from pipeline.config.reading import Reading, Spot, UnreadableError, read
from pipeline.errors import ConfigError, Seen

FILES = ("smoke", "lint", "verify", "watch", "process", "platform", "build", "start", "general")
"""Ours, the most specific first: this order is the rank."""

ANY = "any"
CONFIG = "config"
LOG = "log"
"""A saved log, which does not say where its lines are from."""

PLACES = (Seen.BUILD, Seen.OUTPUT, Seen.API, Seen.PROBE, LOG, CONFIG, ANY)
_TEXTS = ("id", "title", "stage", "cause", "fix", "prevention")
_ID = re.compile(r"[A-Z][A-Z0-9]*[0-9]{2}")
_LARGEST = 1 << 20  # bytes

Pattern = Mapping[str, tuple[re.Pattern[str], ...]]
"""By where it shows; every expression must be found there, each in one line."""


@dataclass(frozen=True)
class Entry:
    """One known failure. ``patterns`` are alternatives; ``stage`` should have caught it.

    A ``fallback`` is told only where nothing more specific is.
    """

    id: str
    title: str
    stage: str
    patterns: tuple[Pattern, ...]
    cause: str
    fix: str
    prevention: str
    fallback: bool = False


def own_entries() -> tuple[Entry, ...]:
    """Those of the package, the most specific first."""
    folder = Path(__file__).parent
    return tuple(entry for name in FILES for entry in _in_file(folder / f"{name}.yaml"))


def users_entries(path: Path) -> tuple[Entry, ...]:
    """Those of a user's own file. Raises ConfigError, which names file and line."""
    return tuple(_in_file(path))


def _in_file(path: Path) -> tuple[Entry, ...]:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(
            f"the catalogue cannot be read: {reason}",
            where=str(path),
            remedy="name a YAML file of known failures in catalogue, or remove that key",
        ) from error
    return read_entries(text, path)


def read_entries(text: str, path: Path) -> tuple[Entry, ...]:
    """The entries of a YAML text, in its order. Raises ConfigError with every fault."""

    def at(line: int, column: int) -> Place:
        return Place(str(path), line, column)

    try:
        document = read(text, at)
    except UnreadableError as unreadable:
        raise config_error([unreadable.fault], path) from unreadable
    spots = document.spots
    faults = [*document.faults, *_faults(document, spots.get((), Spot(at(1, 1), at(1, 1))))]
    if faults:
        raise config_error(faults, path)
    return tuple(_entry(raw) for raw in _list(document.value))


def _entry(raw: Mapping[str, Any]) -> Entry:
    texts = {name: " ".join(raw[name].split()) for name in _TEXTS}
    patterns = tuple(
        {place: tuple(map(_compiled, _texts(value))) for place, value in one.items()}
        for one in raw["patterns"]
    )
    return Entry(patterns=patterns, fallback=raw.get("fallback", False), **texts)


def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.MULTILINE)


def _faults(document: Reading, whole: Spot) -> Iterator[Fault]:
    entries, spots = document.value, document.spots
    if not isinstance(entries, list):
        yield Fault(whole.value, (), "this must be a list of entries", "Begin each with - id: MY01")
        return
    seen: set[object] = set()
    for index, raw in enumerate(entries):
        place = spots[(index,)].value
        if not isinstance(raw, dict):
            yield Fault(place, (index,), "an entry must be a mapping", "Begin it with - id: MY01")
            continue
        for path, rule, remedy in _faults_of(raw):
            at = next(spots[p] for p in _upwards((index, *path)) if p in spots)
            yield Fault(at.value, (index, *path), rule, remedy)
        if raw.get("id") in seen:
            yield Fault(place, (index,), f"{raw.get('id')} is there twice", "Give it another id")
        seen.add(raw.get("id"))


_Found = tuple[tuple[str | int, ...], str, str]


def _faults_of(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for name in _TEXTS:
        if not isinstance(raw.get(name), str) or not raw[name].strip():
            yield (name,), f"{name} must be a text", f"Write {name}: …"
    for name in raw.keys() - {*_TEXTS, "patterns", "fallback"}:
        yield (name,), "there is no such key", f"Take one of {', '.join((*_TEXTS, 'patterns'))}"
    if isinstance(raw.get("id"), str) and not _ID.fullmatch(raw["id"]):
        yield ("id",), "an id is capitals and two digits", "Write it as in MY01"
    if not isinstance(raw.get("fallback", False), bool):
        yield ("fallback",), "fallback must be true or false", "Write true or false"
    patterns = raw.get("patterns")
    if not isinstance(patterns, list) or not patterns:
        yield ("patterns",), "patterns must be a list", "Write - output: 'what it says'"
        return
    for index, one in enumerate(patterns):
        for path, rule, remedy in _faults_of_pattern(one):
            yield ("patterns", index, *path), rule, remedy


def _faults_of_pattern(one: object) -> Iterator[_Found]:
    if not isinstance(one, dict) or not one:
        yield (), "a pattern must be a mapping", "Write where: 'expression'"
        return
    for place, value in one.items():
        if place not in PLACES:
            yield (place,), "there is no such place", f"Take one of {', '.join(PLACES)}"
        for text in _texts(value):
            try:
                is_text = isinstance(text, str) and bool(_compiled(text))
            except (re.error, RecursionError, OverflowError) as error:
                yield (place,), f"this is no regular expression: {error}", "Correct it"
                continue
            if not is_text or not text:
                yield (place,), "this must be a regular expression", "Put it in quotes"


def _texts(value: object) -> list[Any]:
    return value if isinstance(value, list) and value else [value]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _upwards(path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    return (path[:length] for length in range(len(path), -1, -1))
