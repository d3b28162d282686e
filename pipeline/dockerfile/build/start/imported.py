"""Which modules of the project the start imports, and the image does not have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Presence, ancestors
from pipeline.dockerfile.build.start.modules import Module, find_module, module_at
from pipeline.dockerfile.build.start.offers import offered
from pipeline.dockerfile.build.start.python import loads
from pipeline.dockerfile.build.start.python_sources import python_sources
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.build.start.sources_of import (
    Counterparts,
    imports_some,
    lacking,
    module_name,
)
from pipeline.dockerfile.projects.distributions import STDLIB, is_known
from pipeline.dockerfile.projects.imports import Imported
from pipeline.dockerfile.projects.modules import local_modules
from pipeline.dockerfile.projects.python_source import Guard


@dataclass(frozen=True)
class Missing:
    """An import of a module that the context has at ``source``, and the image has not.

    ``vague``: a program of which nothing is known may have made it. ``ignored``: .dockerignore
    leaves it out.
    """

    file: str
    line: int
    column: int
    module: str
    source: str
    ignored: bool = False
    vague: bool = False


def missing_modules(build: Build) -> Iterator[Missing]:
    """What the sources that every start loads import, and the image lacks."""
    if not _may_lack(build):
        return
    sources = [one for one in build.once(python_sources) if one.certain]
    complete = not any("sys.path" in one.text for one in sources)
    for one in sources:
        allowed = {Guard.MAIN} if one.program else set()
        for imported in one.imports:
            if not set(imported.guards) - allowed and imported.top not in STDLIB:
                yield from _Search(build, one, imported, complete).run()


def _may_lack(build: Build) -> bool:
    """A quick look, before every source is read."""
    machine = build.final.machine
    names, files = frozenset[str](), frozenset[str]()
    for loaded in build.once(loads):
        path = loaded.file or find_module(machine, loaded.folders, loaded.module).path
        origin = build.read(path) if path.endswith(".py") else None
        if origin is not None:
            files |= lacking(build, path, origin.file, (".py",))
            names |= _outside(build, origin.file)
    return imports_some(build, names | {module_name(one) for one in files}, files)


def _outside(build: Build, source: str) -> frozenset[str]:
    """Modules in the folders above a source that is not at the context's top."""
    folders = (one.strip("/") for one in ancestors("/" + posixpath.dirname(source)))
    above = (
        one for folder in islice(folders, 1, 8) for one in local_modules(build.context, folder)
    )
    return frozenset(above)


@dataclass(frozen=True)
class _Search:
    """One import of one source. ``complete``: the folders that are searched are all known."""

    build: Build
    source: Reached
    imported: Imported
    complete: bool

    def run(self) -> Iterator[Missing]:
        chain = self._chain()
        last = chain[-1]
        if last.absent:
            yield from self._absent(chain)
        elif last.present and not _is_file(last):
            for name in self.imported.names:
                yield from self._name(last, name)

    def _chain(self) -> list[Module]:
        """The packages on the way to the module, and itself, as far as they are there."""
        machine, one = self.build.final.machine, self.imported
        parts = one.module.split(".") if one.module else []
        if one.level:
            folder = posixpath.dirname(self.source.path)
            for _ in range(min(one.level, 32) - 1):
                folder = posixpath.dirname(folder)
            found = [module_at(machine, folder)]
        else:
            found = [find_module(machine, self.source.folders, parts.pop(0))]
        for part in parts:
            if not found[-1].present or _is_file(found[-1]):
                break
            found.append(module_at(machine, posixpath.join(_folder(found[-1]), part)))
        return found

    def _name(self, package: Module, name: str) -> Iterator[Missing]:
        """A name that is taken from a package: a module of it, or an attribute."""
        base = posixpath.join(_folder(package), name)
        found = module_at(self.build.final.machine, base)
        if not found.absent or not name.isidentifier():
            return
        if package.path.endswith(".py"):
            init = self.build.read(package.path)
            if init is None or re.search(rf"\b{name}\b|import \*|__getattr__", init.text):
                return
        yield from self._note(base, f"{self.imported.module}.{name}".strip("."), found)

    def _absent(self, chain: Sequence[Module]) -> Iterator[Missing]:
        """A part of the module's name is not there."""
        one, last = self.imported, chain[-1]
        parts = one.module.split(".")
        if len(chain) > 1:
            parent = chain[-2]
            at = len(chain) - 2 if one.level else len(chain) - 1
            if one.level or parent.path.endswith(".py") or self._is_own():
                base = posixpath.join(_folder(parent), parts[at])
                yield from self._note(base, "." * one.level + one.module, last)
        elif not one.level and self.complete and self.source.complete and self._is_own():
            for folder in self.source.folders:
                found = tuple(self._note(posixpath.join(folder, one.top), one.module, last))
                yield from found
                if found:
                    return
            yield from self._note("", one.module, last)

    def _is_own(self) -> bool:
        """Whether no package may offer the module."""
        top = self.imported.top
        return not is_known(top) and offered(self.build, top).presence is Presence.ABSENT

    def _note(self, base: str, module: str, found: Module) -> Iterator[Missing]:
        """What is missing at ``base`` (empty: in no folder), if the context has it."""
        counterparts, file = Counterparts(self.build), self.source.origin.file
        if base:
            source = counterparts.module(self.source.path, file, base)
        else:
            source = counterparts.above(file, self.imported.top)
        if source is not None:
            place = self.source.place(self.imported.line, self.imported.column)
            ignored = counterparts.is_ignored(source)
            yield Missing(
                place.file, place.line, place.column, module, source, ignored, vague=found.vague
            )


def _is_file(module: Module) -> bool:
    """Whether it is a file that is no package."""
    return module.path.endswith(".py") and not module.path.endswith("/__init__.py")


def _folder(module: Module) -> str:
    return module.path.removesuffix("/__init__.py")
