"""Which modules the installed packages offer, those of the project itself above all."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.start.modules import Module, find_module
from pipeline.dockerfile.build.tools.python.installing import project_in, source_folders
from pipeline.dockerfile.build.values import Installed, Step
from pipeline.dockerfile.projects.distributions import brings, distribution_of
from pipeline.dockerfile.projects.pyproject import Project
from pipeline.dockerfile.projects.requirements import normalise

_MANAGERS = ("pip", "pip3", "uv", "poetry", "pdm", "pipenv")
_SKIPPING = frozenset({
    "--no-root", "--no-install-project", "--no-self", "--no-install-workspace",
    "--no-install-local",
})  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """``failing``: an install of the project that should offer the module, and does not."""

    presence: Presence
    failing: Installed | None = None


def offered(build: Build, module: str) -> Offer:
    """Whether an installed package offers this module, as far as that can be told."""
    top = module.partition(".")[0]
    named = distribution_of(module)
    failing = None
    for one in _installs(build):
        if one.source:
            found = _of_project(build, one, top)
            if found.present:
                return Offer(Presence.PRESENT)
            if not found.absent:
                return Offer(Presence.UNKNOWN)
            failing = one if _is_its_own(build, one, top) else failing
        elif not one.name or ({one.name} | brings(one.name)) & named or _is_part(one.name, top):
            return Offer(Presence.UNKNOWN)
    return Offer(Presence.ABSENT, failing)


def _is_part(name: str, top: str) -> bool:
    """Whether a distribution may be one of several that share a package."""
    return name.startswith(f"{normalise(top)}-")


def _installs(build: Build) -> Iterator[Installed]:
    for stage in build.used:
        for one in stage.machine.installed:
            if one.manager == "pip" and one.stage == stage.index and one.there():
                yield one


def _of_project(build: Build, one: Installed, top: str) -> Module:
    """An editable install points to its sources in the image; another copied what was there."""
    made = build.stages[one.stage].machine
    machine, at = (build.final.machine, None) if one.editable else (made, one.step)
    project = project_in(made, one.source, one.step)
    if project is None:
        return Module(Presence.UNKNOWN)
    return find_module(machine, roots_of(project, one.source), top, at)


def roots_of(project: Project, folder: str) -> tuple[str, ...]:
    """The folders in which the packages of a project are looked for."""
    named = (
        posixpath.dirname(posixpath.normpath(posixpath.join(folder, name)))
        for name in project.packages
    )
    return tuple(dict.fromkeys((*named, *source_folders(project, folder))))


def _is_its_own(build: Build, one: Installed, top: str) -> bool:
    """Whether the project is the one that has this module, by its sources or by its name."""
    made = build.stages[one.stage].machine
    project = project_in(made, one.source, one.step)
    if project is None:
        return False
    found = find_module(made, roots_of(project, one.source), top, one.step)
    return found.present or project.name == top.lower().replace("_", "-")


@dataclass(frozen=True)
class Known:
    """A project that the build works with, and the step that leaves it out of an install."""

    project: Project
    folder: str
    machine: Machine
    skipped: Step | None = None


def known_projects(build: Build) -> tuple[Known, ...]:
    """The projects in the folders in which installers were run, and where the image starts."""
    found: dict[str, Known] = {}
    for stage in build.used:
        for step in stage.commands(*_MANAGERS, "python", "python3"):
            folder = step.executed.shell.cwd if step.executed else None
            project = project_in(stage.machine, folder) if folder else None
            if project is None or folder is None or not project.name:
                continue
            skips = step.executed is not None and bool(_SKIPPING & set(step.executed.words))
            before = found.get(folder)
            skipped = step if skips else before.skipped if before else None
            found[folder] = Known(project, folder, stage.machine, skipped)
    machine = build.final.machine
    folder = machine.workdir
    project = project_in(machine, folder) if folder and folder not in found else None
    if folder and project and project.name:
        found[folder] = Known(project, folder, machine)
    return tuple(found.values())


def places_of(machine: Machine, module: str) -> Iterator[str]:
    """The folders of a machine in which this module stands; those of plain packages first."""
    top = module.partition(".")[0]
    plain, others = dict[str, None](), dict[str, None]()
    for path in machine.files.below("/"):
        folder, _, name = path.rpartition("/")
        if not name.endswith(".py") or "site-packages" in folder:
            continue
        if name == f"{top}.py" or (name == "__init__.py" and folder.endswith(f"/{top}")):
            found, before = plain, folder if name == f"{top}.py" else posixpath.dirname(folder)
        elif folder.endswith(f"/{top}"):
            found, before = others, posixpath.dirname(folder)
        else:
            continue
        if before not in found and machine.files.lookup(path).present:
            found[before] = None
    yield from (before or "/" for before in (plain or others))
