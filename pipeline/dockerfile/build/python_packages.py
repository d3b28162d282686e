"""Which distributions the build's installs bring, by name, and whether that is all of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pipeline.dockerfile.build.build import Build, read
from pipeline.dockerfile.build.tools.python.installing import project_in
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.projects.distributions import brings, is_told
from pipeline.dockerfile.projects.locks import needed_by
from pipeline.dockerfile.projects.pyproject import Project
from pipeline.dockerfile.projects.requirements import normalise

_LOCKING = ("poetry", "uv", "pdm", "pipenv")
_LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_NAME = re.compile(r'^name = "([^"\n]{1,200})"|^ {8}"([\w.-]{1,200})": \{', re.MULTILINE)
_SYSTEM = re.compile(r"(?:python3?|py3)-(.+)")
_STRANGE = frozenset({"conda", "mamba", "micromamba", "easy_install", "pixi", "rye", "hatch"})
_INSTALLERS = frozenset({"pip", "pip3", "uv", "poetry", "pdm", "pipenv"})
_EXTRAS = re.compile(r"^--(?:all-)?extras?\b|^-E|^\S*\[[\w,. -]+\]$|^--all-groups|^--group\b")
_FOR_BUILDING = frozenset({"pip", "venv", "dev", "setuptools", "wheel", "minimal", "full"})
_WITH_PYTHON = frozenset({"pip", "setuptools", "wheel"})


@dataclass(frozen=True)
class Packages:
    """``named`` are installed by name; ``complete`` False: there are others, nobody knows which."""

    named: frozenset[str]
    complete: bool
    locks: tuple[str, ...] = ()
    projects: tuple[Project, ...] = ()
    extras: bool = False  # of which not all are named

    @cached_property
    def there(self) -> frozenset[str]:
        """What is installed by name, and what that brings."""
        return self.named.union(_WITH_PYTHON, *(brings(name) for name in self.named))

    @property
    def is_told(self) -> bool:
        """Whether it is known of each what it brings, by itself or by a lock file."""
        return all(is_told(name) for name in self.named - self._own - self.locked)

    @cached_property
    def locked(self) -> frozenset[str]:
        """All that a lock file holds, groups for development among them."""
        return frozenset(normalise(a or b) for lock in self.locks for a, b in _NAME.findall(lock))

    @cached_property
    def left_out(self) -> frozenset[str]:
        """What a project declares for a group alone that no step installs."""
        grouped = {
            one.name
            for project in self.projects
            for group in project.groups.values()
            for one in group
        }
        return frozenset(grouped) - self.there

    def needed(self, name: str) -> bool | None:
        """Whether something installed needs this one, by the lock files; None unknown."""
        found = [needed_by(lock, self.named) for lock in self.locks]
        if any(one is not None and name in one for one in found):
            return True
        return False if found and None not in found else None

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(project.name for project in self.projects)


def packages(build: Build) -> Packages:
    """Ask through ``build.once``."""
    installed = [
        one for stage in build.used for one in stage.machine.installed if one.manager == "pip"
    ]
    system = {
        found[1]
        for stage in build.used
        for one in stage.machine.installed
        if one.manager in {"apt", "apk", "dnf"} and (found := _SYSTEM.fullmatch(one.name))
    }
    named = {one.name for one in installed if one.there() and one.name}
    steps = [step for stage in build.used for step in stage.commands()]
    strange = any(step.executed and step.executed.name in _STRANGE for step in steps)
    at_start = any(launch.executed.name in _INSTALLERS for launch in build.start.launches)
    complete = (
        all(one.name for one in installed)
        and not strange
        and not at_start
        and not (system - _FOR_BUILDING and _uses_the_systems(build))
        and not any("conda" in stage.machine.base.name for stage in build.used)
        and all(stage.machine.base.known for stage in build.lineage(build.final))
    )
    return Packages(
        frozenset(named | {normalise(one) for one in system}),
        complete,
        tuple(dict.fromkeys(_locks(build))),
        tuple(_projects(build)),
        extras=any(_asks_for_extras(step) for step in steps),
    )


def _uses_the_systems(build: Build) -> bool:
    """Whether the packages of the distribution are those of the Python that is started."""
    return any(stage.machine.base.python_prefix != "/usr/local" for stage in build.used)


def _folders(build: Build) -> Iterator[tuple[int, str]]:
    seen = set()
    for stage in build.used:
        for step in stage.commands(*_LOCKING):
            folder = step.executed.shell.cwd if step.executed else None
            if folder and (stage.index, folder) not in seen:
                seen.add((stage.index, folder))
                yield stage.index, folder


def _locks(build: Build) -> Iterator[str]:
    for stage, folder in _folders(build):
        for name in _LOCKS:
            path = posixpath.join(folder, name)
            origin = read(build.stages[stage].machine, path)
            if origin is not None:
                yield origin.text
            elif build.context.exists(name):
                yield build.context.text(name) or ""


def _projects(build: Build) -> Iterator[Project]:
    for stage, folder in _folders(build):
        project = project_in(build.stages[stage].machine, folder)
        if project is not None:
            yield project


def _asks_for_extras(step: Step) -> bool:
    words = step.executed.words if step.executed else ()
    return any(name in _INSTALLERS for name in words[:3]) and any(map(_EXTRAS.match, words))
