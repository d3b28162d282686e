"""Which files of the project Node loads at start, and the image does not have."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.imported import Missing
from pipeline.dockerfile.build.start.node_programs import program
from pipeline.dockerfile.build.start.node_sources import NODE, node_sources
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.build.start.sources_of import Counterparts, lacking, requires_some

_ENDINGS = ("", ".js", ".mjs", ".cjs", ".json", ".node", ".ts", ".tsx", ".mts", "/index.js",
            "/index.cjs", "/index.mjs", "/index.json", "/index.ts", "/package.json")  # fmt: skip
_SOURCES = (".js", ".mjs", ".cjs", ".json", ".ts", ".tsx", ".mts")


def missing_files(build: Build) -> Iterator[Missing]:
    """The relative requires and imports of every start that lead to nothing in the image."""
    for one in build.once(node_sources) if _may_lack(build) else ():
        if one.certain and not one.compiled:
            for module in one.modules:
                relative = module.specifier.startswith(("./", "../"))
                if relative and not module.guarded and not module.type_only:
                    yield from _missing(build, one, module.specifier, module.line, module.column)


def _may_lack(build: Build) -> bool:
    """A quick look, before every source is read."""
    files = frozenset[str]()
    for launch in build.start.launches:
        found = program(build, launch.executed) if launch.executed.name in NODE else None
        if found is not None:
            origin, path = found
            files |= lacking(build, path, origin.file, _SOURCES)
    return requires_some(build, files, _SOURCES)


def _missing(
    build: Build, one: Reached, specifier: str, line: int, column: int
) -> Iterator[Missing]:
    base = posixpath.normpath(posixpath.join(posixpath.dirname(one.path), specifier))
    paths = _variants(base)
    found = [build.in_image(path) for path in paths]
    if not all(there.unlikely for there in found):
        return
    counterparts = Counterparts(build)
    sources = (counterparts.file(one.path, one.origin.file, path) for path in paths)
    source = next(filter(None, sources), None)
    if source is not None:
        place = one.place(line, column)
        yield Missing(
            place.file, place.line, place.column, specifier, source,
            counterparts.is_ignored(source), vague=not all(there.absent for there in found),
        )  # fmt: skip


def _variants(base: str) -> tuple[str, ...]:
    found = [base + end for end in _ENDINGS]
    stem, ending = posixpath.splitext(base)
    if ending in {".js", ".mjs", ".cjs"}:  # TypeScript names the file that it compiles to
        found += [f"{stem}.ts", f"{stem}.tsx", f"{stem}.mts"]
    return tuple(found)
