"""S20: a start script that cannot be executed."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.executing import Program, program_of, runs_without
from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.scripts import SHELLS
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.shell.executed import Executed

_RETURNS = "; CRLF line ends come from Windows"


def find(build: Build) -> Iterator[Fault]:
    machine = build.final.machine
    seen: set[Place] = set()
    shells = (*_shell(machine), *_shells_of_steps(build))
    for fault in (*shells, *_of_steps(build), *_of_start(build, machine)):
        if fault.place not in seen:
            seen.add(fault.place)
            yield fault


def _of_start(build: Build, machine: Machine) -> Iterator[Fault]:
    for launch in build.start.launches:
        if launch.executed.certain or launch.main:
            by_engine = not launch.shell and not launch.wrappers
            place = build.place_of_program(launch)
            yield from _of(machine, launch.executed, place, None, by_engine=by_engine)


def _of_steps(build: Build) -> Iterator[Fault]:
    for stage in build.used:
        for step in stage.commands():
            executed = step.executed
            if executed is not None and executed.certain and not executed.tolerated:
                by_engine = step.instruction.exec is not None and not step.wrappers
                place, at = step.place, step.number
                yield from _of(stage.machine, executed, place, at, by_engine=by_engine)


def _of(
    machine: Machine, executed: Executed, place: Place, at: int | None, *, by_engine: bool
) -> Iterator[Fault]:
    name = executed.argv[0].value if executed.argv else None
    if name and executed.name in SHELLS:
        yield from _shell_by_name(machine, executed, place, at)
        yield from _given(machine, executed, at)
    elif name and name not in machine.base.programs:
        program = program_of(machine, executed, at)
        if program is not None:
            yield from _program(machine, program, executed, place, at, by_engine=by_engine)


def _shell(machine: Machine) -> Iterator[Fault]:
    """The shell form on an image that has no shell."""
    command = machine.entrypoint or machine.cmd
    if command is None or command.exec is not None or not command.shell:
        return
    if which(machine, command.shell[0], machine.search_path).unbrought:
        yield Fault(
            command.place,
            f"the shell form is run by {command.shell[0]}, which this image does not have",
            'Write the exec form: ["/program", "argument"].',
        )


def _shells_of_steps(build: Build) -> Iterator[Fault]:
    """SHELL names one that is not there when the next RUN needs it."""
    for stage in build.used:
        asked: Step | None = None
        for step in stage.steps:
            if step.instruction.name == "SHELL":
                asked = step
            elif step.instruction.name == "RUN" and asked is not None:
                words = asked.instruction.exec or ("sh",)
                path = step.environment.get("PATH")
                folders = tuple(path.split(":")) if path else None
                if which(stage.machine, words[0], folders, step.number).absent:
                    yield Fault(
                        asked.place,
                        f"line {step.place.line} is run by {words[0]}, and the image does not "
                        "have it there",
                        _get(words[0].rpartition("/")[2]),
                    )
                asked = None


def _shell_by_name(
    machine: Machine, executed: Executed, place: Place, at: int | None
) -> Iterator[Fault]:
    name = executed.argv[0].value or ""
    path = executed.shell.variables.get("PATH")
    if not path or name in machine.base.programs:
        return
    if which(machine, name, tuple(path.split(":")), at).unbrought:
        yield Fault(place, f"{name} is called here, and the image does not have it", _get(name))


def _given(machine: Machine, executed: Executed, at: int | None) -> Iterator[Fault]:
    """``sh FILE``: needs neither bit nor first line, but no shell takes CRLF."""
    operands = [word for word in executed.argv[1:] if not word.text.startswith(("-", "+"))]
    if not operands or operands[0].value is None or len(operands) != len(executed.argv) - 1:
        return
    program = program_of(machine, executed, at, operands[0].value)
    if program is not None and program.returns:
        certain = program.breaks_with_returns
        yield Fault(
            program.place(),
            f"{program.path} has CRLF line ends, and {executed.name} reads the \\r as part of "
            "every line",
            _without_returns(program),
            severity=None if certain else Severity.WARNING,
        )


def _program(
    machine: Machine, program: Program, executed: Executed, place: Place, at: int | None,
    *, by_engine: bool,
) -> Iterator[Fault]:  # fmt: skip
    if program.mode is not None and not program.mode & 0o111:
        yield Fault(
            place,
            f"{program.path} is executed here, and it has no execute bit (mode "
            f"{program.mode:04o}{program.copied})",
            f"COPY --chmod=755, RUN chmod +x {program.path}, or start it with sh {program.path}.",
        )
    if program.shebang and program.first.endswith("\r"):
        yield Fault(
            program.place(),
            f'{program.path} has CRLF line ends: the kernel looks for "{program.interpreter}\\r"'
            f"{_RETURNS if at is None else ''}",
            _without_returns(program),
        )
    elif program.shebang:
        missing = runs_without(machine, program, executed, at)
        if missing:
            yield Fault(
                program.place(),
                f"{program.path} is run by {missing}, which the image does not have there",
                _get(program.interpreter.rsplit("/", 1)[-1]),
            )
    elif by_engine:
        yield Fault(
            program.place(),
            f"{program.path} has no #! line, and no shell starts it: exec format error",
            "Begin the script with #!/bin/sh, or start it with sh.",
        )


def _get(name: str) -> str:
    return f"Install {name} in this stage, or write the script for a shell that is there (sh)."


def _without_returns(program: Program) -> str:
    return (
        f"Save the file with LF line ends and add *.sh text eol=lf to .gitattributes, or "
        f"RUN sed -i 's/\\r$//' {program.path}."
    )


_FILES = {
    "requirements.txt": "flask\ngunicorn\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}
_DOCKERFILE = (
    "FROM python:3.12-alpine\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY requirements.txt .\n"
    "RUN pip install -r requirements.txt\nCOPY . .\nRUN chmod +x start.sh\n"
    'CMD ["./start.sh"]\n'
)
_SCRIPT = '#!{}\nexec gunicorn --bind "0.0.0.0:$PORT" app:app\n'

RULE = Rule(
    id="S20",
    title="a script that cannot be executed",
    severity=Severity.ERROR,
    why="the container ends before its first line of output, or the build stops at this script",
    met="exec ./start.sh: no such file or directory",
    fix="Make the script's first line, line ends and mode fit the image.",
    bad={"Dockerfile": _DOCKERFILE, "start.sh": _SCRIPT.format("/bin/bash"), **_FILES},
    good={"Dockerfile": _DOCKERFILE, "start.sh": _SCRIPT.format("/bin/sh"), **_FILES},
    find=find,
)
