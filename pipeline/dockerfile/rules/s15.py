"""S15: the server listens where Cloud Run does not look for it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.listening.bound import Bound
from pipeline.dockerfile.build.listening.finding import listening
from pipeline.dockerfile.build.machine import which
from pipeline.dockerfile.build.values import PORT
from pipeline.dockerfile.place import Edit, Patch, Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_VARIABLE = re.compile(r"\$\{?PORT\b")
_OF_CLOUD_RUN = frozenset({"pipeline.yaml", "pipeline.yml", "cloudbuild.yaml", "cloudbuild.yml"})
_PLAIN = re.compile(r"[\w./:=@%+,${}\[\]-]+")


def find(build: Build) -> Iterator[Fault]:
    heard = build.once(listening)
    if heard.hidden:
        return
    if any(bound.reaches(build.port) for bound in heard.bounds):
        yield from _fixed_all_the_same(build, heard.bounds)
        return
    ordered = sorted(heard.bounds, key=lambda bound: not bound.launch.main)
    for bound in ordered[:1]:
        certain = heard.complete and bound.sure
        if not (bound.loopback or bound.literal):
            certain = certain and _keeps_the_port(build)
        yield _fault(build, bound, None if certain else Severity.WARNING)


def _keeps_the_port(build: Build) -> bool:
    """Whether the service surely has the port that is said here: else its own may be set there."""
    names = {*build.context.files, *build.context.ignored}
    ports = {
        build.final.machine.environment.get(word.value.strip("${}"), word.value)
        for stage in build.lineage(build.final)
        for step in stage.steps
        if step.instruction.name == "EXPOSE"
        for word in step.instruction.words
    }
    return bool(_OF_CLOUD_RUN & names) or str(build.port) in {
        (port or "").partition("/")[0] for port in ports
    }


def _fault(build: Build, bound: Bound, severity: Severity | None) -> Fault:
    if bound.literal:
        return Fault(
            _literal_place(build, bound),
            f"{bound.name} gets {bound.literal} as it is written: no shell expands it here",
            'Write the shell form, or ["sh", "-c", "exec …"].',
            _patch(build, bound),
            severity,
        )
    address = f"{bound.host or '?'}:{(bound.port or '?').replace(PORT, '$PORT')}"
    told = bound.host_told or bound.port_told
    wrong = []
    if bound.loopback:
        wrong.append(f"only the container itself reaches {bound.host}")
    if bound.number and bound.number != str(build.port):
        wrong.append(f"Cloud Run sends requests to port {build.port}, as PORT says")
    listens = "listens on" if told else "listens by itself on"
    return Fault(bound.place, f"{bound.name} {listens} {address}: {' and '.join(wrong)}",
                 severity=severity)  # fmt: skip


def _literal_place(build: Build, bound: Bound) -> Place:
    """CMD, where an entrypoint runs what CMD says."""
    cmd = build.final.machine.cmd
    said = cmd is not None and cmd.exec is not None and any(map(_VARIABLE.search, cmd.exec))
    return cmd.place if cmd is not None and said else bound.place


def _patch(build: Build, bound: Bound) -> Patch | None:
    """The exec form through a shell, where one instruction alone says it all."""
    machine = build.final.machine
    commands = [one for one in (machine.entrypoint, machine.cmd) if one is not None]
    has_shell = not which(machine, "sh", machine.search_path).absent
    if len(commands) != 1 or bound.launch.via or bound.launch.shell or not has_shell:
        return None
    instruction, words = commands[0].instruction, commands[0].exec
    if instruction is None or words is None or not all(_plain(word) for word in words):
        return None
    script = " ".join(word if _PLAIN.fullmatch(word) else shlex.quote(word) for word in words)
    text = script.replace("\\", "\\\\").replace('"', '\\"')
    line = f'{instruction.name} ["sh", "-c", "exec {text}"]'
    return Patch(build.file, (Edit(instruction.line, instruction.end_line, (line,)),))


def _plain(word: str) -> bool:
    """Whether a shell changes nothing in it but PORT."""
    return "$" not in _VARIABLE.sub("", word) or _PLAIN.fullmatch(word) is None


def _fixed_all_the_same(build: Build, bounds: tuple[Bound, ...]) -> Iterator[Fault]:
    """A fixed port that happens to be the right one, and nothing that reads PORT."""
    if all(bound.number == str(build.port) or not bound.reaches(build.port) for bound in bounds):
        bound = next(one for one in bounds if one.reaches(build.port))
        if bound.port_told:
            yield Fault(
                bound.place,
                f"{bound.name} listens on {bound.number} whatever PORT says, which is right only "
                f"as long as the service keeps port {build.port}",
                severity=Severity.INFO,
            )


_FILES = {
    "requirements.txt": "fastapi\nuvicorn\n",
    "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
}
_DOCKERFILE = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY requirements.txt .\n"
    "RUN pip install --no-cache-dir -r requirements.txt\nCOPY main.py .\n"
)

RULE = Rule(
    id="S15",
    title="a server that Cloud Run cannot reach",
    severity=Severity.ERROR,
    why="Cloud Run opens a connection to PORT from outside the container; nobody answers, and the "
    "revision never becomes ready",
    met="The user-provided container failed to start and listen on the port defined provided by "
    "the PORT=8080 environment variable.",
    fix="Listen on 0.0.0.0 and on the port that PORT says.",
    bad={
        "Dockerfile": _DOCKERFILE
        + 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "${PORT}"]\n',
        **_FILES,
    },
    good={
        "Dockerfile": _DOCKERFILE
        + 'CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port ${PORT}"]\n',
        **_FILES,
    },
    find=find,
)
