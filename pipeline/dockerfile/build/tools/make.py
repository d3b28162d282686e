"""``make``: the recipes that a target runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from pipeline.dockerfile.build.build import Origin, read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.scripts import Script
from pipeline.dockerfile.build.start.inner import Inner
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.configs import Target, makefile
from pipeline.dockerfile.shell.executed import Executed
from pipeline.dockerfile.syntax.nodes import Text

_TAKING = frozenset({"-C", "--directory", "-f", "--file", "--makefile", "-j", "-l", "-o", "-W"})
_NAMES = ("GNUmakefile", "makefile", "Makefile")
_ASSIGNED = re.compile(
    r"^(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*(?:\?|::?)?=[ \t]*([^\n#]*)", re.MULTILINE | re.ASCII
)
_VARIABLE = re.compile(r"\$\$|\$[({]([A-Za-z_]\w*)[)}]", re.ASCII)
_DEPTH = 4
_LONGEST = 8_000
_MOST_TARGETS, _MOST_LINES = 100, 1_000


def recipes(machine: Machine, executed: Executed) -> tuple[Inner, ...] | None:
    """The lines that make runs; None where they cannot be known."""
    given = options(executed.words[1:], _TAKING)
    folder = absolute(executed.shell.cwd, given.last("-C", "--directory") or ".")
    if folder is None:
        return None
    origin = _file(machine, folder, given.last("-f", "--file", "--makefile"))
    if origin is None:
        return None
    targets, values = _parsed(origin.text)
    wanted = [word for word in given.operands if "=" not in word] or _first(targets)
    if not wanted or any(name not in targets for name in wanted):
        return None
    values = {**values, **dict(word.split("=", 1) for word in given.operands if "=" in word)}
    shell = replace(executed.shell, cwd=folder, errexit=False, arguments=())
    lines = (line for target in _in_order(targets, wanted) for line in target.recipe)
    return tuple(
        Inner(Script(Text(text), origin.file), shell, Place(origin.file, origin.line - 1 + line))
        for command, line in islice(lines, _MOST_LINES)
        if len(text := _expanded(command, values)) < _LONGEST
    )


@lru_cache(maxsize=16)
def _parsed(text: str) -> tuple[dict[str, Target], dict[str, str]]:
    targets = {one.name: one for one in reversed(makefile(text))}
    return targets, dict(_ASSIGNED.findall(text))


def _file(machine: Machine, folder: str, told: str | None) -> Origin | None:
    for name in (told,) if told else _NAMES:
        path = posixpath.join(folder, name)
        if not machine.files.lookup(path).absent:
            return read(machine, path)
    return None


def _first(targets: Mapping[str, Target]) -> list[str]:
    plain = [one for one in targets.values() if not one.name.startswith(".")]
    return [min(plain, key=lambda one: one.line).name] if plain else []


def _in_order(targets: Mapping[str, Target], wanted: list[str]) -> Iterator[Target]:
    """The targets with what they need before them, each once."""
    done: set[str] = set()
    waiting = [(name, False) for name in reversed(wanted)]
    while waiting and len(done) < _MOST_TARGETS:
        name, ready = waiting.pop()
        if ready:
            yield targets[name]
        elif name in targets and name not in done:
            done.add(name)
            waiting.append((name, True))
            waiting += [(one, False) for one in reversed(targets[name].needs[:_MOST_TARGETS])]


def _expanded(command: str, values: Mapping[str, str]) -> str:
    """A recipe as the shell gets it; variables that the file does not set are the shell's."""
    for _ in range(_DEPTH):
        replaced = _VARIABLE.sub(lambda found: _value(found, values), command)
        if replaced == command or len(replaced) > _LONGEST:
            break
        command = replaced
    return command.replace("$$", "$")


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    name = found[1]
    if name is None:
        return found[0]
    if name == "MAKE":
        return "make"
    return values[name].strip() if name in values else f"$${name}"


FOLLOWED: Mapping[str, Callable[[Machine, Executed], tuple[Inner, ...] | None]] = {
    "make": recipes, "gmake": recipes,
}  # fmt: skip
