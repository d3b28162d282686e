"""Which prisma schema a command works with, and what it asks to be generated."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.node.packages import package_at
from pipeline.dockerfile.projects.prisma import Generator, schema
from pipeline.dockerfile.projects.tables import table, text, toml
from pipeline.dockerfile.shell.executed import Value

_PLACES = ("prisma/schema.prisma", "schema.prisma", "prisma/schema")
_CONFIGS = ("ts", "mts", "cts", "js", "mjs", "cjs")
_SCHEMA_SETTING = re.compile(r"""\bschema\s*:\s*["'`]([^"'`$]*)["'`]""")
_MOST_FILES = 100


@dataclass(frozen=True)
class Asked:
    """One generator, and the folder of the schema that it stands in."""

    generator: Generator
    folder: str


@dataclass(frozen=True)
class Schemas:
    """``known`` False: there may be a schema, and nobody can tell what it says."""

    known: bool = True
    found: bool = False
    asked: tuple[Asked, ...] = ()


_UNKNOWN, _NONE = Schemas(known=False), Schemas()


def schemas_of(machine: Machine, folder: Value, told: str | None = None) -> Schemas:
    """The schema of the project in ``folder``; ``told`` is what ``--schema`` says."""
    if folder is None:
        return _UNKNOWN
    said = told or _configured(machine, folder)
    if said is None or "$" in said:
        return _UNKNOWN
    for place in (said,) if said else _PLACES:
        found = _at(machine, posixpath.normpath(posixpath.join(folder, place)))
        if found is not _NONE:
            return found
    return _NONE


def _configured(machine: Machine, folder: str) -> Value:
    """The place that the project's own settings name: empty for none, None where unknown."""
    for ending in _CONFIGS:
        path = posixpath.join(folder, f"prisma.config.{ending}")
        found = machine.files.lookup(path)
        if found.absent:
            continue
        origin = read(machine, path)
        if origin is not None and (named := _SCHEMA_SETTING.search(origin.text)):
            return named[1]
        if found.present and (origin is None or re.search(r"\bschema\b", origin.text)):
            return None
    package = package_at(machine, folder)
    if package is not None and package.prisma_schema:
        return package.prisma_schema
    return text(python_settings(machine, folder), "schema")


def python_settings(machine: Machine, folder: str) -> dict[str, object]:
    """``[tool.prisma]`` of ``pyproject.toml``."""
    origin = read(machine, posixpath.join(folder, "pyproject.toml"))
    return dict(table(toml(origin.text), "tool", "prisma")) if origin else {}


def _at(machine: Machine, path: str) -> Schemas:
    """What stands at a path: a schema, or a folder of several files."""
    found = machine.files.lookup(path)
    if found.absent:
        return _NONE
    origin = read(machine, path)
    if origin is not None:
        return Schemas(found=True, asked=_asked(origin.text, posixpath.dirname(path)))
    if found.entry is None or not found.entry.directory:
        return _UNKNOWN
    return _in_folder(machine, path)


def _in_folder(machine: Machine, folder: str) -> Schemas:
    below = (path for path in machine.files.below(folder) if path.endswith(".prisma"))
    asked: list[Asked] = []
    any_found = False
    for path in sorted(set(islice(below, _MOST_FILES))):
        origin = read(machine, path)
        if origin is not None:
            any_found = True
            asked += _asked(origin.text, posixpath.dirname(path))
    return Schemas(found=True, asked=tuple(asked)) if any_found else _NONE


@lru_cache(maxsize=64)
def _asked(source: str, folder: str) -> tuple[Asked, ...]:
    read_schema = schema(source)
    return tuple(Asked(one, folder) for one in read_schema.generators) if read_schema else ()
