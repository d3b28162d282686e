"""S08: a package is compiled in a stage that has no compiler."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.compiling import Compiled, compiled
from pipeline.dockerfile.build.outcomes import ends_build
from pipeline.dockerfile.projects.wheels import build_needs
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_BINARY = {"psycopg2": "psycopg2-binary", "psycopg-c": "psycopg-binary", "uwsgi": "pyuwsgi"}


def find(build: Build) -> Iterator[Fault]:
    for stage in build.used:
        for one in compiled(stage):
            ends = ends_build(stage, one.step)
            if ends is False:
                continue
            yield Fault(
                one.step.place,
                _message(stage, one),
                _fix(stage, one),
                severity=None if ends and one.certain else Severity.WARNING,
            )


def _message(stage: Stage, one: Compiled) -> str:
    base = stage.machine.base
    image = f"{base.name.rpartition('/')[2]}:{base.tag}" if base.tag else base.name
    names = " and ".join(one.names[:4])
    lacks = " or ".join(one.lacks)
    if one.names == ("node-gyp",):
        return f"node-gyp compiles here, and this stage ({image}) has no {lacks}"
    many = len(one.names) > 1
    if one.node:
        brings = "bring no addon for" if many else "brings no addon for"
        return f"{names} {brings} {image} and compile{'' if many else 's'} here without {lacks}"
    has = "have no wheel and are" if many else "has no wheel and is"
    return f"{names} {has} compiled here, and this stage ({image}) has no {lacks}"


def _fix(stage: Stage, one: Compiled) -> str:
    alpine = stage.machine.base.manager == "apk"
    needs: list[str] = []
    for name in () if one.node else one.names:
        wanted = build_needs(name)
        needs += wanted.alpine if alpine else wanted.debian
    compilers = ["build-base"] if alpine else ["build-essential"]
    own = stage.machine.base.python_prefix != "/usr/local"
    if one.node or own:
        compilers += ["python3"] if one.node else ["python3-dev"]
    packages = " ".join(dict.fromkeys([*compilers, *needs]))
    command = (
        f"apk add --no-cache {packages}"
        if alpine
        else f"apt-get update && apt-get install -y --no-install-recommends {packages}"
    )
    ready = [f"{_BINARY[name]} brings a wheel" for name in one.names if name in _BINARY]
    return "; or ".join([f"RUN {command} before this line", *ready]) + "."


_DOCKERFILE = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY requirements.txt app.py ./\n"
    "RUN pip install -r requirements.txt\n"
    'CMD ["gunicorn", "app:app"]\n'
)
_APP = "from flask import Flask\n\napp = Flask(__name__)\n"

RULE = Rule(
    id="S08",
    title="a compile without a compiler",
    severity=Severity.ERROR,
    why="the package has no ready-made file for this image, and the install ends where it compiles",
    met="error: command 'gcc' failed: No such file or directory",
    fix="Install a compiler first, or build wheels in a builder stage.",
    bad={
        "Dockerfile": _DOCKERFILE,
        "requirements.txt": "flask\ngunicorn\npsycopg2==2.9.9\n",
        "app.py": _APP,
    },
    good={
        "Dockerfile": _DOCKERFILE,
        "requirements.txt": "flask\ngunicorn\npsycopg2-binary==2.9.9\n",
        "app.py": _APP,
    },
    find=find,
)
