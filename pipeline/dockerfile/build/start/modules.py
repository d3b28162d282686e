"""Where Python finds a module in the folders that it searches."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.machine import Machine


@dataclass(frozen=True)
class Module:
    """Where a module is. ``path`` is its file, or the folder of a package without a file.

    ``vague``: absent, but for what programs may have made of which nothing is known.
    """

    presence: Presence
    path: str = ""
    vague: bool = False

    @property
    def absent(self) -> bool:
        return self.presence is Presence.ABSENT

    @property
    def present(self) -> bool:
        return self.presence is Presence.PRESENT


_MAYBE = Module(Presence.UNKNOWN)


def find_module(
    machine: Machine, folders: Sequence[str], module: str, at: int | None = None
) -> Module:
    """Where ``import module`` finds it in ``folders``, with all packages on the way there.

    A package in the first folder that has it hides those after it. ``at`` is a step's number:
    before it ran.
    """
    top, _, rest = module.partition(".")
    maybe = vague = False
    for folder in folders:
        found = module_at(machine, posixpath.join(folder, top), at)
        vague = vague or found.vague
        if found.presence is Presence.UNKNOWN:
            maybe = True
        elif found.present:
            return _MAYBE if maybe else _within(machine, found, rest, at)
    return _MAYBE if maybe else Module(Presence.ABSENT, vague=vague)


def _within(machine: Machine, found: Module, rest: str, at: int | None) -> Module:
    """Down the dots; what a file that is no package may offer as attributes is not known."""
    for part in rest.split(".") if rest else ():
        if not found.present:
            return found
        folder = found.path.removesuffix("/__init__.py")
        if folder == found.path and found.path.endswith(".py"):
            return Module(Presence.ABSENT)
        found = module_at(machine, posixpath.join(folder, part), at)
    return found


def module_at(machine: Machine, base: str, at: int | None = None) -> Module:
    """One part of a module's name: a package, a file, or a folder that holds Python."""
    files = machine.files
    seen = []
    for path in (f"{base}/__init__.py", f"{base}.py"):
        found = files.lookup(path, at)
        if found.present:
            return Module(Presence.PRESENT, path)
        seen.append(found)
    folder = files.lookup(base, at)
    certain = all(one.unlikely for one in seen)
    if folder.present and (folder.entry is None or folder.entry.directory):
        known = any(one.endswith(".py") for one in files.below(base))
        return Module(Presence.PRESENT, base) if known and certain else _MAYBE
    if not certain or not folder.unlikely:
        return _MAYBE
    return Module(Presence.ABSENT, vague=not all(one.absent for one in (*seen, folder)))
