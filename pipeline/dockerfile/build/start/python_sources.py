"""The Python sources that a start loads, found as the interpreter finds them in the image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.start.command import Loaded
from pipeline.dockerfile.build.start.modules import Module, find_module
from pipeline.dockerfile.build.start.python import loads
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.projects.imports import Imported
from pipeline.dockerfile.projects.python_source import Guard

_MOST, _MOST_TEXT = 200, 600_000  # sources of one start, and characters of them
_SKIPPED = {Guard.TYPING, Guard.FALLBACK}
_CERTAIN = {Guard.MAIN}


def python_sources(build: Build) -> tuple[Reached, ...]:
    """The sources in the order in which they are found; ask through ``build.once``."""
    machine = build.final.machine
    done: dict[str, Reached] = {}
    waiting = [one for found in reversed(build.once(loads)) for one in _first(build, found)]
    left = _MOST_TEXT
    while waiting and len(done) < _MOST and left > 0:
        one = waiting.pop()
        known = done.get(one.path)
        if known is not None and (known.certain or not one.certain):
            continue
        done[one.path] = one
        left -= len(one.text)
        waiting += [*_next(build, machine, one)][::-1]
    return tuple(done.values())


def _first(build: Build, found: Loaded) -> Iterator[Reached]:
    """What the launch itself names; a package that is run starts with its ``__main__``."""
    certain = found.launch.executed.certain or found.launch.main
    if found.file:
        paths = [found.file]
    else:
        paths = list(chain(build.final.machine, found.folders, found.module))
        if found.program and paths and paths[-1].endswith("/__init__.py"):
            paths.append(paths[-1].replace("/__init__.py", "/__main__.py"))
    for path in reversed(paths):
        origin = build.read(path)
        if origin is not None:
            yield Reached(
                path, origin, found.launch, certain=certain,
                program=found.program and path == paths[-1],
                folders=found.folders, complete=found.complete,
            )  # fmt: skip


def _next(build: Build, machine: Machine, one: Reached) -> Iterator[Reached]:
    """The sources that this one loads; each as certain as all that leads to it."""
    for paths, certain in _named(machine, one):
        for path in paths:
            origin = build.read(path)
            if origin is not None:
                yield Reached(
                    path, origin, one.launch, certain=one.certain and certain,
                    folders=one.folders, complete=one.complete,
                )  # fmt: skip


def _named(machine: Machine, one: Reached) -> Iterator[tuple[Iterable[str], bool]]:
    for imported in one.imports:
        if runs(one, imported.guards):
            yield files_of(machine, one, imported), not set(imported.guards) - _CERTAIN


def runs(one: Reached, guards: Iterable[str]) -> bool:
    """Whether code with these guards runs at all in a source that is loaded like this one."""
    return not set(guards) & _SKIPPED and (one.program or Guard.MAIN not in guards)


def files_of(machine: Machine, one: Reached, imported: Imported) -> Iterator[str]:
    """The files that an import loads: of packages on the way, the module, submodules by name."""
    folders, module = one.folders, imported.module
    if imported.level:
        folder = one.path
        for _ in range(min(imported.level, 32)):
            folder = posixpath.dirname(folder)
        folders = (folder,)
    last = ""
    if module:
        for last in chain(machine, folders, module):
            yield last
    elif imported.level:
        last = f"{folders[0]}/__init__.py"
    if last.endswith("/__init__.py"):
        folders = (posixpath.dirname(last),)
        for name in imported.names:
            yield from chain(machine, folders, name) if name != "*" else ()


def chain(machine: Machine, folders: Iterable[str], module: str) -> Iterator[str]:
    """The files of a module and of the packages around it, the outermost first."""
    top, _, rest = module.partition(".")
    found = find_module(machine, tuple(folders), top)
    while found.present:
        yield found.path if found.path.endswith(".py") else f"{found.path}/__init__.py"
        part, _, rest = rest.partition(".")
        if not part or (found.path.endswith(".py") and not _is_package(found)):
            return
        found = find_module(machine, (found.path.removesuffix("/__init__.py"),), part)


def _is_package(found: Module) -> bool:
    return found.path.endswith("/__init__.py")
