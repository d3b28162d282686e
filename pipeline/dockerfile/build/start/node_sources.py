"""The JavaScript and TypeScript sources that a start loads; for compiled ones, their originals."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.dockerfile.build.build import Build, Origin, read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.start.node_programs import program
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.projects.javascript import language_of
from pipeline.dockerfile.projects.python_source import Guard

_MOST, _MOST_TEXT = 150, 300_000  # sources of one start, and characters of them
NODE = frozenset({"node", "nodejs", "tsx", "ts-node", "ts-node-dev", "tsnd", "bun", "nodemon"})
_ENDINGS = ("", ".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".mts", ".cts")
_COMPILERS = frozenset({"tsc", "nest", "swc", "babel"})
_BUNDLERS = frozenset({"esbuild", "bun"})


@dataclass(frozen=True)
class _Found:
    path: str
    origin: Origin
    machine: Machine  # where the sources around it are
    compiled: bool = False
    bundled: bool = False


def node_sources(build: Build) -> tuple[Reached, ...]:
    """The sources in the order in which they are found; ask through ``build.once``."""
    done: dict[str, Reached] = {}
    waiting: list[tuple[_Found, Launch, bool]] = []
    for launch in reversed(build.start.launches):
        found = _program(build, launch) if launch.executed.name in NODE else None
        if found is not None:
            waiting.append((found, launch, launch.executed.certain or launch.main))
    left = _MOST_TEXT
    while waiting and len(done) < _MOST and left > 0:
        found, launch, certain = waiting.pop()
        known = done.get(found.path)
        if known is not None and (known.certain or not certain):
            continue
        language = language_of(found.path) or "javascript"
        one = Reached(
            found.path, found.origin, launch, language, certain,
            compiled=found.compiled, bundled=found.bundled,
        )  # fmt: skip
        done[found.path] = one
        left -= len(one.text)
        following = [(after, launch, certain and sure) for after, sure in _next(found, one)]
        waiting += reversed(following)
    return tuple(done.values())


def _program(build: Build, launch: Launch) -> _Found | None:
    found = program(build, launch.executed)
    if found is not None:
        origin, path = found
        return _Found(path, origin, build.final.machine)
    for word in launch.executed.words[1:]:
        there = absolute(launch.executed.shell.cwd, word) if not word.startswith("-") else None
        if there is not None and (compiled := _compiled(build, there)) is not None:
            return compiled
    return None


def _compiled(build: Build, path: str) -> _Found | None:
    """The source of what a compiler made, beside the folder that it filled; a bundle's is told."""
    bundle = build.in_image(path).entry
    if bundle is not None and bundle.maker in _BUNDLERS and bundle.stage >= 0:
        machine = build.stages[bundle.stage].machine
        told = read(machine, bundle.details) if bundle.details else None
        if told is None:
            return None
        return _Found(bundle.details, told, machine, compiled=True, bundled=True)
    for folder in ancestors(posixpath.dirname(path)):
        entry = build.in_image(folder).entry
        if entry is None or entry.maker not in _COMPILERS or entry.stage < 0:
            continue
        machine = build.stages[entry.stage].machine
        project = posixpath.dirname(entry.path)
        stem = posixpath.splitext(posixpath.relpath(path, folder))[0]
        for root in ("src", "", "app", "lib"):
            for ending in (".ts", ".js", ".mts", ".tsx", "/index.ts"):
                source = posixpath.join(project, root, stem + ending)
                if (origin := read(machine, source)) is not None:
                    return _Found(source, origin, machine, compiled=True)
        return None
    return None


def _next(found: _Found, one: Reached) -> Iterator[tuple[_Found, bool]]:
    for module in one.modules:
        if module.specifier.startswith(".") and not module.type_only:
            path = local_file(found.machine, found.path, module.specifier)
            origin = read(found.machine, path) if path else None
            if path and origin and Guard.FALLBACK not in module.guards:
                certain = not set(module.guards) - {Guard.MAIN}
                yield replace(found, path=path, origin=origin), certain


def local_file(machine: Machine, path: str, specifier: str) -> str | None:
    """The source that a relative import names; None where none is known."""
    base = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
    stem, ending = posixpath.splitext(base)
    written = [base + one for one in _ENDINGS]
    written += [f"{stem}.ts", f"{stem}.tsx"] if ending in {".js", ".mjs", ".jsx"} else []
    written += [f"{base}/index{one}" for one in _ENDINGS[1:]]
    for candidate in written:
        if language_of(candidate) is not None and read(machine, candidate) is not None:
            return candidate
    return None
