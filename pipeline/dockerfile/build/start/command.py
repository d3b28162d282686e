"""A launch's command line as Python programs read it, and what it makes Python load."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.shell.executed import Value

MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@dataclass(frozen=True)
class Loaded:
    """What one launch makes Python load first.

    Either ``module`` (dotted) or ``file`` (absolute). ``attribute`` is the application in it.
    ``folders`` are searched in this order, before site-packages; ``complete`` False: others are
    searched too. ``program``: it runs as ``__main__``.
    """

    launch: Launch
    module: str = ""
    file: str = ""
    attribute: str = ""
    folders: tuple[str, ...] = ()
    complete: bool = True
    program: bool = False

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Words:
    """A server's command line: options with what follows them, and operands."""

    operands: tuple[str, ...]
    values: Mapping[str, str]
    flags: frozenset[str]

    def value(self, *names: str) -> str | None:
        return next((self.values[name] for name in names if name in self.values), None)


@dataclass(frozen=True)
class Command:
    """A launch without ``python -m``: what the program is called, its words, its surroundings."""

    launch: Launch
    machine: Machine
    words: tuple[str, ...]  # after the program
    paths: tuple[str, ...]  # what PYTHONPATH says
    complete: bool

    @property
    def cwd(self) -> Value:
        return self.launch.executed.shell.cwd

    def path(self, word: str) -> Value:
        return absolute(self.cwd, word)

    def read(self, word: str) -> str | None:
        path = self.path(word)
        origin = read(self.machine, path) if path else None
        return origin.text if origin else None

    def exists(self, word: str) -> bool:
        path = self.path(word)
        return path is not None and self.machine.files.lookup(path).present

    def variable(self, name: str) -> str:
        return self.launch.executed.shell.variables.get(name, "") or ""

    def module(self, target: str, *folders: Value, program: bool = False) -> Loaded | None:
        """``package.module:attribute``, searched in ``folders`` (None: one that is not known)."""
        name, _, attribute = target.partition(":")
        if not MODULE.fullmatch(name):
            return None
        known = tuple(folder for folder in folders if folder is not None)
        complete = self.complete and len(known) == len(folders)
        return Loaded(
            self.launch, name, "", attribute, (*known, *self.paths), complete, program=program
        )

    def file(self, word: str, *, program: bool = True) -> Loaded | None:
        """A file, with its own folder searched."""
        path = self.path(word)
        if path is None:
            return None
        folders = (posixpath.dirname(path), *self.paths)
        return Loaded(self.launch, "", path, "", folders, self.complete, program=program)


def machine_has_folder(machine: Machine, path: str) -> bool:
    """Whether a path is a folder for certain."""
    entry = machine.files.lookup(path).entry
    return entry is not None and entry.directory


def parse(words: Sequence[str], flags: str) -> Words:
    """Options that are no ``flags`` take the next word: one that is not known eats the operand."""
    alone = frozenset(flags.split())
    operands: list[str] = []
    values: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            operands += rest
        elif not word.startswith("-") or word == "-":
            operands.append(word)
        elif name in alone:
            values[name] = ""
        elif equals:
            values[name] = value
        elif len(word) > 2 and not word.startswith("--"):
            values[word[:2]] = word[2:]
        else:
            values[word] = next(rest, "")
    return Words(tuple(operands), values, alone & values.keys())
