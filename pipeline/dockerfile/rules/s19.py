"""S19: a package that is imported and not installed."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.undeclared import Undeclared, undeclared_python
from pipeline.dockerfile.build.start.undeclared_node import undeclared_node
from pipeline.dockerfile.build.start.uv_run import synced
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity


def find(build: Build) -> Iterator[Fault]:
    # uv run installs what is missing when the container starts: S05 has that.
    by_uv = any(map(synced, build.start.launches))
    for one in (*(() if by_uv else undeclared_python(build)), *undeclared_node(build)):
        yield Fault(
            one.place,
            _message(one),
            _fix(one),
            severity=None if one.certain else Severity.WARNING,
        )


def _message(one: Undeclared) -> str:
    named = f"{one.module} is loaded when the container starts"
    if one.left_out:
        group = "a group" if one.python else "devDependencies"
        return f"{named}, and the image has no {one.package}: {group} declares it that is left out"
    where = "no requirement that the build installs" if one.python else "package.json"
    verb = "brings" if one.python else "does not declare"
    return f"{named}, and {where} {verb} {one.package}"


def _fix(one: Undeclared) -> str:
    if not one.python:
        return f"npm install {one.package} (without --save-dev), and commit the lock file."
    if one.left_out:
        return f"Move {one.package} to the project's own dependencies, and lock again."
    return f"Add {one.package} to the requirements that the image installs."


_DOCKERFILE = (
    "FROM python:3.12-slim\nENV PYTHONUNBUFFERED=1\nWORKDIR /app\nCOPY requirements.txt .\n"
    "RUN pip install --no-cache-dir -r requirements.txt\nCOPY main.py .\n"
    "CMD exec uvicorn main:app --host 0.0.0.0 --port $PORT\n"
)
_MAIN = "import redis\nfrom fastapi import FastAPI\n\napp = FastAPI()\ncache = redis.Redis()\n"

RULE = Rule(
    id="S19",
    title="a package that is imported and not installed",
    severity=Severity.ERROR,
    why="the program ends at this import, and the container with it, on every start",
    met="ModuleNotFoundError: No module named 'redis'",
    fix="Declare the package where the image's installs read it.",
    bad={"Dockerfile": _DOCKERFILE, "requirements.txt": "fastapi\nuvicorn\n", "main.py": _MAIN},
    good={
        "Dockerfile": _DOCKERFILE,
        "requirements.txt": "fastapi\nredis\nuvicorn\n",
        "main.py": _MAIN,
    },
    find=find,
)
