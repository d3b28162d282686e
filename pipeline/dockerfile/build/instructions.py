"""What the instructions do that neither copy nor run."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from pipeline.dockerfile.build.bench import PLATFORM, Bench
from pipeline.dockerfile.build.values import Command
from pipeline.dockerfile.shell.executed import Value
from pipeline.dockerfile.syntax.expansion import expand
from pipeline.dockerfile.syntax.nodes import Instruction, Text


def global_argument(bench: Bench, instruction: Instruction) -> None:
    """ARG before the first FROM."""
    for name, default in instruction.pairs:
        scope = {**PLATFORM, **bench.args}
        bench.args[name.value] = _argument(bench, name.value, default, scope)


def _arg(bench: Bench, instruction: Instruction) -> None:
    machine = bench.machine
    for name, default in instruction.pairs:
        key = name.value
        if default is None and key not in bench.given:
            machine.args[key] = bench.args.get(key, PLATFORM.get(key))
        else:
            machine.args[key] = _argument(bench, key, default, bench.variables)


def _argument(bench: Bench, name: str, default: Text | None, scope: dict[str, Value]) -> Value:
    if name in bench.given:
        return bench.given[name]
    return None if default is None else expand(default.value, scope, bench.escape)


def _env(bench: Bench, instruction: Instruction) -> None:
    # All pairs of one ENV see the values from before it.
    values = [
        (bench.known(name.value), bench.value(value.value) if value else "")
        for name, value in instruction.pairs
    ]
    for name, value in values:
        bench.machine.setenv(name, value)


def _workdir(bench: Bench, instruction: Instruction) -> None:
    machine = bench.machine
    value = bench.value(instruction.body.value.strip())
    if value is None or (machine.workdir is None and not value.startswith("/")):
        machine.workdir = None
        return
    machine.workdir = posixpath.normpath(posixpath.join(machine.workdir or "/", value))
    if not machine.files.lookup(machine.workdir).present:
        machine.make(machine.workdir, "workdir", bench.place(instruction), directory=True)


def _user(bench: Bench, instruction: Instruction) -> None:
    value = bench.value(instruction.body.value.strip())
    bench.machine.user = "" if value is None else value.partition(":")[0] or "root"


def _shell(bench: Bench, instruction: Instruction) -> None:
    bench.machine.shell = instruction.exec or bench.machine.shell


def _cmd(bench: Bench, instruction: Instruction) -> None:
    bench.machine.cmd = _command(bench, instruction)


def _entrypoint(bench: Bench, instruction: Instruction) -> None:
    machine = bench.machine
    machine.entrypoint = _command(bench, instruction)
    inherited = machine.cmd and not any(
        step.instruction is machine.cmd.instruction for step in machine.steps
    )
    if inherited:  # an ENTRYPOINT resets the CMD that came with the base
        machine.cmd = None


def _command(bench: Bench, instruction: Instruction) -> Command:
    place = bench.text_place(instruction.body)
    return Command(instruction, instruction.exec, instruction.body, place, bench.machine.shell)


def _onbuild(bench: Bench, instruction: Instruction) -> None:
    if instruction.inner:
        bench.triggers.setdefault(bench.stage.index, []).append(instruction.inner)


PLAIN: dict[str, Callable[[Bench, Instruction], None]] = {
    "ARG": _arg,
    "ENV": _env,
    "WORKDIR": _workdir,
    "USER": _user,
    "SHELL": _shell,
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ONBUILD": _onbuild,
}
