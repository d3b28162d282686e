"""S23: Python keeps its output to itself until a buffer is full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.python import loads
from pipeline.dockerfile.build.start.python_sources import python_sources
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.place import Edit, Patch
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_NAME = "PYTHONUNBUFFERED"
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*", re.ASCII)
_OPTION = re.compile(r"-[A-Za-z]*u[A-Za-z]*", re.ASCII)
_SERVERS = frozenset({
    "uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "waitress-serve", "uwsgi", "celery",
    "flask", "quart", "fastapi", "streamlit", "chainlit", "gradio", "functions-framework", "rq",
    "dramatiq", "sanic", "litestar", "robyn", "arq", "huey_consumer", "scrapy", "mlflow", "jupyter",
})  # fmt: skip
_PLAIN_BASES = frozenset({
    "nvidia/cuda", "pytorch/pytorch", "tensorflow/tensorflow", "osgeo/gdal", "ghcr.io/osgeo/gdal",
})  # fmt: skip
_PRINTS = re.compile(
    r"(?<![\w.])print\((?![^\n]{0,200}flush\s*=\s*True)|\bsys\.stdout\b(?!\.reconfigure)|\bstructlog\b|ext://sys\.stdout"
)
_UNBUFFERED = re.compile(r"line_buffering\s*=\s*True|write_through\s*=\s*True|\bos\.fdopen\(")


def find(build: Build) -> Iterator[Fault]:
    launches = [one for one in build.start.launches if not one.followed and _stays(build, one)]
    found = next((one for one in launches if _is_python(build, one) and _buffered(one)), None)
    base = build.final.machine.base
    if found is None or not (base.known or base.name in _PLAIN_BASES):
        return
    texts = [source.text for source in build.once(python_sources)]
    if any(_UNBUFFERED.search(text) for text in texts):
        return
    prints = not texts or any(map(_PRINTS.search, texts))
    lost = "what it prints is lost when it dies" if prints else "what it would print may be lost"
    place = build.start.place or found.place
    yield Fault(
        place if place.file == build.file else found.place,
        f"{found.executed.words[0]} runs without {_NAME}, and {lost}",
        patch=_patch(build),
        severity=None if prints else Severity.INFO,
    )


def _stays(build: Build, launch: Launch) -> bool:
    return launch.main or launch.executed.background or build.start.main is None


def _is_python(build: Build, launch: Launch) -> bool:
    name = launch.executed.name
    if _PYTHON.fullmatch(name) or name in _SERVERS:
        return True
    return any(loaded.launch == launch for loaded in build.once(loads))


def _buffered(launch: Launch) -> bool:
    """Whether nothing says otherwise: neither the variable nor an option of the interpreter."""
    executed = launch.executed
    if executed.shell.variables.get(_NAME, "") != "":
        return False
    words = iter(executed.words[1:] if _PYTHON.fullmatch(executed.name) else ())
    for word in words:
        if not word.startswith("-") or word in {"-m", "-c"}:
            break
        if word in {"-X", "-W"}:
            next(words, "")
            continue
        if _OPTION.fullmatch(word):
            return False
    return True


def _patch(build: Build) -> Patch | None:
    """Set it before the start command, where that stands in the final stage itself."""
    machine = build.final.machine
    for command in (machine.entrypoint, machine.cmd):
        steps = (step.instruction for step in build.final.steps)
        if command is not None and any(one is command.instruction for one in steps):
            line = command.place.line if command.instruction is None else command.instruction.line
            return Patch(build.file, (Edit(line, line - 1, (f"ENV {_NAME}=1",)),))
    return None


_FILES = {"worker.py": 'print("working")\n'}
_DOCKERFILE = "FROM python:3.12-slim\n{}WORKDIR /app\nCOPY worker.py .\n"
_START = 'CMD ["python", "worker.py"]\n'

RULE = Rule(
    id="S23",
    title="Python output that is buffered",
    severity=Severity.WARNING,
    why="a program that dies takes its last lines with it, and the logs of a crash loop are empty",
    met="Container called exit(1). (and no line of output before it)",
    fix="ENV PYTHONUNBUFFERED=1",
    bad={"Dockerfile": _DOCKERFILE.format("") + _START, **_FILES},
    good={"Dockerfile": _DOCKERFILE.format("ENV PYTHONUNBUFFERED=1\n") + _START, **_FILES},
    find=find,
)
