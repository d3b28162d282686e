"""What Python loads at start: the module or file of each launch, and the folders it searches."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.start.command import Command, Loaded, machine_has_folder
from pipeline.dockerfile.build.start.servers import SERVERS
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.shell.executed import Executed, Value

_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?", re.ASCII)
_ALONE = frozenset({"-X", "-W", "--check-hash-based-pycs"})  # python's options that take a value


def loads(build: Build) -> tuple[Loaded, ...]:
    """What each launch of the start makes Python load, as far as its words tell."""
    machine = build.final.machine
    return tuple(
        found
        for launch in build.start.launches
        if not launch.followed or _PYTHON.fullmatch(launch.executed.name)
        if (found := loaded(machine, launch)) is not None
    )


def loaded(machine: Machine, launch: Launch) -> Loaded | None:
    """What this launch makes Python load; None where it is no Python, or cannot be told."""
    executed = launch.executed
    texts = tuple(_text(argument.value) for argument in executed.argv)
    if not texts or not texts[0]:
        return None
    paths, complete = _python_path(executed)
    command = Command(launch, machine, texts[1:], paths, complete)
    if _PYTHON.fullmatch(executed.name):
        return _python(command)
    if executed.name in SERVERS:
        return SERVERS[executed.name](command)
    if texts[0].endswith(".py"):
        return command.file(texts[0])
    return None


def _text(value: Value) -> str:
    """A word; one that cannot be known is a dollar, which nothing takes for a name."""
    return "$" if value is None else value


def _python_path(executed: Executed) -> tuple[tuple[str, ...], bool]:
    value = executed.shell.variables.get("PYTHONPATH", "")
    if value is None:
        return (), False
    found = [absolute(executed.shell.cwd, one or ".") for one in value.split(":")] if value else []
    known = tuple(one for one in found if one is not None)
    return known, len(known) == len(found)


def _python(command: Command) -> Loaded | None:
    """``python [OPTIONS] -m MODULE``, ``python FILE``."""
    words, at = command.words, 0
    while at < len(words) and words[at].startswith("-"):
        word = words[at]
        if set("IEP") & set(word[1:]) and not word.startswith("--"):
            command = replace(command, complete=False)
        if re.fullmatch(r"-[A-Za-z]*m", word) and at + 1 < len(words):
            return _as_module(replace(command, words=words[at + 2 :]), words[at + 1])
        if re.fullmatch(r"-|-[A-Za-z]*[cm]", word):
            return None
        at += 2 if word in _ALONE else 1
    if at >= len(words) or words[at] == "$":
        return None
    found = command.file(words[at])
    if found is not None and machine_has_folder(command.machine, found.file):
        return replace(
            found, file=f"{found.file}/__main__.py", folders=(found.file, *command.paths)
        )
    return found


def _as_module(command: Command, name: str) -> Loaded | None:
    if name in SERVERS:
        return SERVERS[name](command)
    return command.module(name, command.cwd, program=True)
