"""A machine, and commands run on it one by one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.dockerfile.build.bases import base_of
from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.entries import Found
from pipeline.dockerfile.build.files import Files
from pipeline.dockerfile.build.machine import DEFAULT_PATH, Machine, which
from pipeline.dockerfile.build.system import System
from pipeline.dockerfile.build.tools import fetch, system
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.contents import write_output
from pipeline.dockerfile.build.tools.unknown import unknown_program
from pipeline.dockerfile.build.trees import ContextTree
from pipeline.dockerfile.build.values import Installed, Step
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Argument, Executed, Shell
from pipeline.dockerfile.syntax.nodes import Instruction, Text

PLACE = Place("Dockerfile", 1)
RUN = Instruction("RUN", 1, 1, 1, (), Text(""), ())
TOOLS = {**system.TOOLS, **fetch.TOOLS}


@dataclass
class Bench:
    """Runs commands on a machine made from ``image``; ``context`` is copied to /app."""

    image: str = "debian:bookworm-slim"
    user: str = "root"
    cwd: str | None = "/app"
    context: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        installed: list[Installed] = []
        base = base_of(self.image)
        context = BuildContext.of(self.context, self.modes)
        files = Files(0, System(base, installed))
        self.machine = Machine(base, 0, context, files, installed=installed, user=self.user)
        self.number = 0
        if self.context:
            files.now = self.number = 1
            files.mount("/app", ContextTree(context, 0, PLACE), "/", "root")

    def executed(self, command: str, **changes: object) -> Executed:
        words = shlex.split(command)
        argv = tuple(Argument(None if "$" in word else word, word, 0, 0, word) for word in words)
        shell = Shell(self.cwd, {"HOME": "/root", **self.variables})
        return Executed(argv, shell, **changes)  # type: ignore[arg-type]

    def run(self, *commands: str, **changes: object) -> Bench:
        """Each command is one step; ``changes`` are those of its Executed."""
        for command in commands:
            self.perform(self.executed(command, **changes))
        return self

    def perform(self, executed: Executed, wrappers: tuple[str, ...] = ()) -> Bench:
        self.number += 1
        self.machine.files.now = self.number
        step = Step(
            self.number, 0, RUN, PLACE, self.machine.user, "/root", self.cwd, {}, executed,
            wrappers=wrappers,
        )  # fmt: skip
        call = Call(self.machine, step, executed)
        TOOLS.get(executed.name, unknown_program)(call)
        write_output(call)
        return self

    def pipe(self, *commands: str) -> Bench:
        """``a | b``: each feeds the next; only the first runs, as with a shell at the end."""
        executed = self.executed(commands[-1])
        for command in reversed(commands[:-1]):
            executed = self.executed(command, feeds=executed)
        return self.perform(executed)

    def look(self, path: str) -> Found:
        return self.machine.files.lookup(path)

    def owner(self, path: str) -> str | None:
        entry = self.look(path).entry
        assert entry is not None, path
        return entry.owner

    def mode(self, path: str) -> int | None:
        entry = self.look(path).entry
        assert entry is not None, path
        return entry.mode

    def text(self, path: str) -> str | None:
        found = read(self.machine, path)
        return found.text if found else None

    def which(self, program: str, at: int | None = None) -> Found:
        return which(self.machine, program, tuple(DEFAULT_PATH.split(":")), at)
