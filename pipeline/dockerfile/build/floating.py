"""Packages of npm whose version nobody pins: the newest of the day comes with each build."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build, Stage, read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.tools.node.commands import MANAGERS, Command, command_of
from pipeline.dockerfile.build.tools.node.packages import named, package_at
from pipeline.dockerfile.build.values import Step

_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
          "bun.lockb")  # fmt: skip
_WITHOUT_LOCK = ("--no-package-lock", "--no-lockfile", "--no-save-lockfile")
_UPDATES = frozenset({"update", "upgrade", "up"})
_FLOATS = re.compile(r"\^|[<>*]|latest\Z|next\Z|\Z|v?\d+(?:\.[xX*])*\Z|.*\|\||.* - ")


@dataclass(frozen=True)
class Floating:
    """``step`` installs ``package`` as ``asked``, and no lock file says which one that is.

    ``source`` is the ``package.json`` in the context; empty where the command asks for it.
    """

    step: Step
    package: str
    asked: str
    folder: str
    source: str = ""


def floating(build: Build, stage: Stage, before: Step, package: str) -> Floating | None:
    """How the packages that ``before`` works with came by ``package``; the last install counts."""
    found = None
    for one in _made_from(build, stage):
        for step in one.steps:
            told = _install(one, step, package) if step.number < before.number else None
            if told is not None:
                found = told[0]
    return found


def _made_from(build: Build, stage: Stage) -> tuple[Stage, ...]:
    """Its own line where that installs something, else the stages that it copies from."""
    line = build.lineage(stage)
    if any(_is_install(step) for one in line for step in one.steps):
        return line
    return tuple(build.stages[index] for index in sorted(stage.needs))


def _command(step: Step) -> Command | None:
    executed = step.executed
    if executed is None or executed.name not in MANAGERS:
        return None
    return command_of(executed)


def _is_install(step: Step) -> bool:
    command = _command(step)
    return command is not None and command.installs and not command.is_global


def _install(stage: Stage, step: Step, package: str) -> tuple[Floating | None] | None:
    """What a step does to the package's version: lets it float, or pins it; None: nothing."""
    command = _command(step)
    if command is None or command.folder is None or command.is_global:
        return None
    added = {one[0]: one[1] for word in command.added if (one := named(word)) is not None}
    own = package_at(stage.machine, command.folder)
    asked = own.all_dependencies.get(package) if own else None
    if command.installs and package in added:
        version = added[package]
        return (Floating(step, package, version or "latest", command.folder)
                if _FLOATS.match(version) else None,)  # fmt: skip
    if asked is None or not (command.installs or command.verb in _UPDATES):
        return None
    locked = command.verb not in _UPDATES and _is_locked(stage, step, command)
    if locked or not _FLOATS.match(asked.strip()):
        return (None,)
    origin = read(stage.machine, posixpath.join(command.folder, "package.json"))
    return (Floating(step, package, asked, command.folder, origin.file if origin else ""),)


def _is_locked(stage: Stage, step: Step, command: Command) -> bool:
    if command.given.has(*_WITHOUT_LOCK):
        return False
    files, own = stage.machine.files, command.folder or "/"
    for folder in ancestors(own):
        here = folder == own or files.lookup(folder, step.number).entry is not None
        for name in _LOCKS:
            found = files.lookup(posixpath.join(folder, name), step.number)
            if found.present or (here and not found.absent):
                return True
    return False


def type_checks(build: Build) -> Iterator[tuple[Stage, Step]]:
    """The first step of each stage that checks the types of the sources."""
    for stage in build.used:
        for step in stage.commands("tsc", "nest", "next", "vue-tsc", "ng", "react-scripts"):
            words = step.executed.words if step.executed else ("",)
            if words[0].endswith("tsc") or "build" in words:
                yield stage, step
                break
