"""S04: a program that was installed into a folder that is not on PATH."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.installed import folder_of_programs, moved_to, program_folders
from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.scripts import SHELLS
from pipeline.dockerfile.place import Edit, Patch, Place
from pipeline.dockerfile.projects.distributions import command_distributions
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.shell.executed import Executed
from pipeline.dockerfile.syntax.nodes import Instruction

_RUNNERS = frozenset({
    "poetry run", "uv run", "pipenv run", "pdm run", "hatch run", "rye run", "conda run",
    "micromamba run", "bundle exec", "npx", "npm exec", "npm x", "pnpm exec", "pnpm dlx",
    "yarn exec", "yarn dlx", "bunx", "bun x", "sudo",
})  # fmt: skip
_ALONE = frozenset({
    "pip", "setuptools", "wheel", "poetry", "uv", "pipx", "pipenv", "virtualenv", "pip-tools",
    "pdm", "npm", "pnpm", "yarn",
})  # fmt: skip
_UNNAMED = "/virtualenvs/project/"


@dataclass(frozen=True)
class _Use:
    """A command that is looked for on PATH. ``at`` None: at the start."""

    name: str
    executed: Executed
    place: Place
    stage: Stage
    instruction: Instruction | None
    at: int | None = None


def find(build: Build) -> Iterator[Fault]:
    folders = build.once(program_folders)
    seen: set[tuple[int, str]] = set()
    for use in (*_in_steps(build), *_at_start(build)) if folders else ():
        fault = _judged(build, use, folders, seen)
        if fault is not None:
            yield fault


def _in_steps(build: Build) -> Iterator[_Use]:
    for stage in build.used:
        sourced: Instruction | None = None
        for step in stage.commands():
            executed = step.executed
            if executed is None or step.instruction is sourced or not executed.argv:
                continue
            if executed.name in {".", "source", "eval"}:
                sourced = step.instruction
            name = _name(executed, step.wrappers)
            if name and executed.certain and not executed.tolerated:
                yield _Use(name, executed, step.place, stage, step.instruction, step.number)


def _at_start(build: Build) -> Iterator[_Use]:
    machine = build.final.machine
    command = machine.cmd or machine.entrypoint
    instruction = command.instruction if command else None
    sourced = False
    for launch in build.start.launches:
        executed = launch.executed
        sourced = sourced or executed.name in {".", "source", "eval"} or _is_login(executed)
        name = _name(executed, launch.wrappers)
        if name and not sourced and (executed.certain or launch.main):
            yield _Use(name, executed, build.place_of_program(launch), build.final, instruction)


def _is_login(executed: Executed) -> bool:
    """A login shell reads profiles, which may change PATH."""
    return executed.name in SHELLS and any(
        word == "--login" or (word.startswith("-") and "l" in word and not word.startswith("--"))
        for word in executed.words[1:2]
    )


def _name(executed: Executed, wrappers: Iterable[str]) -> str:
    """The program that PATH has to tell; empty where it has a folder, or is not known."""
    runner = next((one for one in wrappers if one in _RUNNERS), None)
    if runner is not None:
        return runner.partition(" ")[0]
    name = executed.argv[0].value if executed.argv else None
    return name if name and "/" not in name and name not in SHELLS else ""


def _judged(
    build: Build, use: _Use, folders: Iterable[str], seen: set[tuple[int, str]]
) -> Fault | None:
    machine = use.stage.machine
    value = use.executed.shell.variables.get("PATH")
    if not value or "BASH_ENV" in machine.env or _has_login_shell(machine):
        return None
    path = tuple(value.split(":"))
    off = [one for one in folders if one not in path]
    sure = [one for one in off if machine.files.lookup(f"{one}/{use.name}", use.at).entry]
    folder = next(iter(sure or _maybe(machine, use, off)), None)
    if folder is None or (use.stage.index, folder) in seen:
        return None
    if not which(machine, use.name, path, use.at).unbrought or _others(build, use, path):
        return None
    seen.add((use.stage.index, folder))
    return _fault(build, use, folder)


def _has_login_shell(machine: Machine) -> bool:
    return any(word in {"-l", "--login", "-lc", "-lic"} for word in machine.shell[1:])


def _maybe(machine: Machine, use: _Use, folders: Iterable[str]) -> list[str]:
    """Folders whose packages may have brought it along: one of Python's well-known commands."""
    if not command_distributions(use.name):
        return []
    found = [(one, machine.files.lookup(f"{one}/{use.name}", use.at)) for one in folders]
    return [
        one
        for one, there in found
        if there.presence is Presence.UNKNOWN and there.vague == "packages"
    ]


def _others(build: Build, use: _Use, path: tuple[str, ...]) -> bool:
    """Whether packages were installed on PATH too that may have brought it."""
    own = (one for one in use.stage.machine.installed if one.there(use.at))
    if any(folder_of_programs(one) in path and one.name not in _ALONE for one in own):
        return True
    return any(
        moved_to(copy, folder_of_programs(one)) in path and one.name not in _ALONE
        for step in use.stage.steps
        for copy in step.copied
        if copy.stage is not None
        for one in build.stages[copy.stage].machine.installed
    )


def _fault(build: Build, use: _Use, folder: str) -> Fault:
    verb = "started" if use.at is None else "run"
    entry = use.stage.machine.files.lookup(f"{folder}/{use.name}", use.at).entry
    where = folder if _UNNAMED not in f"{folder}/" else "a virtual environment of its own"
    by = f"line {entry.place.line} put it" if entry else "it was installed"
    local = folder.endswith("/.bin")
    fix = f"ENV PATH={folder}:$PATH before the first use"
    if local:
        fix = f"npx {use.name}, or a script of package.json"
    elif _UNNAMED in f"{folder}/":
        fix = f"start it with its manager (poetry run {use.name}), or install without one"
    return Fault(
        use.place,
        f"{use.name} is {verb} here, but {by} into {where}, which is not on PATH",
        f"{fix}.",
        None if local or _UNNAMED in f"{folder}/" else _patch(build, use, folder),
    )


def _patch(build: Build, use: _Use, folder: str) -> Patch | None:
    instruction = use.instruction
    if instruction is None or instruction.line <= use.stage.instruction.line:
        return None
    line = instruction.line
    return Patch(build.file, (Edit(line, line - 1, (f"ENV PATH={folder}:$PATH",)),))


_BAD = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY requirements.txt .\n"
    "RUN pip install --user -r requirements.txt\nCOPY main.py .\n"
    "CMD exec uvicorn main:app --host 0.0.0.0 --port $PORT\n"
)
_FILES = {
    "requirements.txt": "fastapi\nuvicorn\n",
    "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
}

RULE = Rule(
    id="S04",
    title="a program that is not on PATH",
    severity=Severity.ERROR,
    why="the shell ends with 127, in the build or at every start",
    met="/bin/sh: 1: uvicorn: not found",
    fix="Put the folder on PATH with ENV before the first use.",
    bad={"Dockerfile": _BAD, **_FILES},
    good={
        "Dockerfile": _BAD.replace("COPY main", "ENV PATH=/root/.local/bin:$PATH\nCOPY main"),
        **_FILES,
    },
    find=find,
)
