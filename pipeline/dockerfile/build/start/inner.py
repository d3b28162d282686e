"""A script that a command runs in turn."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.scripts import Script, script_at
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Executed, Shell
from pipeline.dockerfile.syntax.nodes import Text


@dataclass(frozen=True)
class Inner:
    """``place`` only where the script's own characters have no place of their own.

    A script without a file is made of the words of the command, and stands where that does.
    ``certain`` False: it runs in some starts only. ``stays`` False: the command itself goes on
    after it (a Python program that starts another and waits for it). ``tolerated``: its failure
    is passed over.
    """

    script: Script
    shell: Shell
    place: Place | None = None
    certain: bool = True
    background: bool = False
    stays: bool = True
    tolerated: bool = False

    def at(self, executed: Executed, machine: Machine, command: Place) -> Place:
        """Where a command of the script stands, for a person to read."""
        sourced = read(machine, executed.file) if executed.file else None
        if sourced is not None:
            return script_at(sourced).place(executed.start, executed.end)
        if self.place is not None:
            return self.place
        return self.script.place(executed.start, executed.end) if self.script.file else command


def given(text: str, shell: Shell, *, certain: bool = True, background: bool = False) -> Inner:
    """A script that the words of the command itself give."""
    return Inner(Script(Text(text), ""), shell, certain=certain, background=background)


def quoted(words: Iterable[str]) -> str:
    """Words as a script has to write them so that the shell leaves them alone."""
    return " ".join(shlex.quote(word) for word in words)
