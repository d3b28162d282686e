"""What a tool is told when a step runs it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.values import Installed, Step
from pipeline.dockerfile.shell.executed import Executed, Value


@dataclass(frozen=True)
class Call:
    """One command on one machine. ``executed`` has its wrappers (sudo, env …) taken off."""

    machine: Machine
    step: Step
    executed: Executed

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments after the program, unknown parts as written."""
        return self.executed.words[1:]

    @property
    def cwd(self) -> Value:
        return self.executed.shell.cwd

    def variable(self, name: str) -> Value:
        """A variable of the command's environment: empty where unset, None where unknown."""
        return self.executed.shell.variables.get(name, "")

    def path(self, argument: str) -> Value:
        """An argument as an absolute path; None where it cannot be known."""
        return absolute(self.cwd, argument)

    def make(self, path: str, maker: str, *, directory: bool = False, **details: object) -> None:
        self.machine.make(path, maker, self.step.place, directory=directory, **details)

    def installed(self, manager: str, name: str, where: str, **details: object) -> None:
        step = self.step
        self.machine.install(
            Installed(manager, name, where, step.place, step.stage, step.number, **details)  # type: ignore[arg-type]
        )


def absolute(cwd: Value, argument: str) -> Value:
    """A path as a command in ``cwd`` sees it; None where it cannot be known."""
    if "$" in argument or "`" in argument:
        return None
    if argument.startswith("/"):
        return posixpath.normpath(argument)
    return posixpath.normpath(posixpath.join(cwd, argument)) if cwd else None
