"""From a Dockerfile and its context to the build: every stage, and what the image starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.dockerfile.build.bases import Base, base_of
from pipeline.dockerfile.build.bench import PLATFORM, Bench
from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.copying import copy
from pipeline.dockerfile.build.files import Files
from pipeline.dockerfile.build.instructions import PLAIN, global_argument
from pipeline.dockerfile.build.machine import DEFAULT_PATH, Machine
from pipeline.dockerfile.build.running import run
from pipeline.dockerfile.build.start.following import start_of
from pipeline.dockerfile.build.system import System
from pipeline.dockerfile.build.values import Command, Installed
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Value
from pipeline.dockerfile.syntax.expansion import expand
from pipeline.dockerfile.syntax.nodes import Dockerfile, Instruction, Text


def interpret(
    dockerfile: Dockerfile,
    context: BuildContext,
    *,
    file: str,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    port: int = 8080,
) -> Build | None:
    """What the engine would do with this Dockerfile; None where it has no stage.

    ``args`` are the build arguments that are given, ``target`` the stage that is asked for,
    ``port`` what Cloud Run will say in PORT.
    """
    bench = Bench(file, context, dockerfile.escape, args or {})
    for instruction in dockerfile.instructions:
        _read(bench, instruction)
    if not bench.stages:
        return None
    final = (bench.stage_named(target) if target else None) or bench.stage
    build = Build(file, dockerfile, context, tuple(bench.stages), final, port=port)
    return replace(build, start=start_of(build))


def _read(bench: Bench, instruction: Instruction) -> None:
    if instruction.name == "FROM":
        _from(bench, instruction)
    elif bench.stages:
        _inside(bench, instruction)
    elif instruction.name == "ARG":
        global_argument(bench, instruction)


def _inside(bench: Bench, instruction: Instruction) -> None:
    if instruction.name == "RUN":
        run(bench, instruction)
    elif instruction.name in {"COPY", "ADD"}:
        copy(bench, instruction)
    else:
        bench.note(instruction)
        if instruction.name in PLAIN:
            PLAIN[instruction.name](bench, instruction)


def _from(bench: Bench, instruction: Instruction) -> None:
    words = [word.value for word in instruction.words]
    reference = expand(words[0], {**PLATFORM, **bench.args}, bench.escape) if words else None
    parent = bench.stage_named(reference) if reference and not reference.isdecimal() else None
    named = len(words) > 2 and words[1].upper() == "AS"
    machine = _machine(bench, parent) if parent else _fresh(bench, base_of(reference))
    stage = Stage(
        index=len(bench.stages),
        name=words[2] if named else "",
        instruction=instruction,
        machine=machine,
        parent=parent.index if parent else None,
        needs=frozenset({parent.index} if parent else ()),
    )
    bench.begin(stage)
    bench.note(instruction)
    for delayed in bench.triggers.get(parent.index, ()) if parent else ():
        _inside(bench, delayed)


def _machine(bench: Bench, parent: Stage) -> Machine:
    """A machine that goes on where another stage ended."""
    made, index = parent.machine, len(bench.stages)
    installed = list(made.installed)
    files = Files(index, System(made.base, installed), now=bench.step)
    files.mount("/", made.files.view(), "/")
    return Machine(
        base=made.base, stage=index, context=bench.context, files=files, env=dict(made.env),
        user=made.user, workdir=made.workdir, shell=made.shell, homes=dict(made.homes),
        installed=installed, entrypoint=made.entrypoint, cmd=made.cmd, obscure=made.obscure,
    )  # fmt: skip


def _fresh(bench: Bench, base: Base) -> Machine:
    """A machine that begins with an image."""
    installed: list[Installed] = []
    index, image = len(bench.stages), Place(bench.file, 1)
    env: dict[str, Value] = {"PATH": DEFAULT_PATH if base.known else None, **base.env}
    return Machine(
        base=base, stage=index, context=bench.context,
        files=Files(index, System(base, installed), now=bench.step), env=env,
        user=base.user if base.known else "", workdir=base.workdir if base.known else None,
        homes=dict(base.homes), installed=installed,
        entrypoint=Command(None, base.entrypoint, Text(""), image) if base.entrypoint else None,
        cmd=Command(None, base.cmd, Text(""), image) if base.cmd else None,
    )  # fmt: skip
