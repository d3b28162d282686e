"""S18: start-up imports a module of the project that is not in the image."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.imported import Missing, missing_modules
from pipeline.dockerfile.build.start.required import missing_files
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity


def find(build: Build) -> Iterator[Fault]:
    seen: set[str] = set()
    for one in (*missing_modules(build), *missing_files(build)):
        if one.source not in seen:
            seen.add(one.source)
            yield _fault(one)


def _fault(one: Missing) -> Fault:
    cause = ".dockerignore leaves it out" if one.ignored else "no COPY brings it"
    fix = (
        f"Let {one.source} in with a ! line in .dockerignore."
        if one.ignored
        else f"COPY {one.source.rstrip('/')} beside what imports it."
    )
    return Fault(
        Place(one.file, one.line, one.column),
        f"{one.module} is imported at start, and the image does not have {one.source}: {cause}",
        fix,
        severity=Severity.WARNING if one.vague else None,
    )


_BAD = """\
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY main.py .
CMD exec uvicorn main:app --host 0.0.0.0 --port $PORT
"""
_FILES = {
    "requirements.txt": "fastapi\nuvicorn\n",
    "main.py": "from fastapi import FastAPI\n\nimport routes\n\napp = FastAPI()\n",
    "routes.py": "ALL = []\n",
}

RULE = Rule(
    id="S18",
    title="a module of the project that is not in the image",
    severity=Severity.ERROR,
    why="every start ends with an import error: a crash loop",
    met="ModuleNotFoundError: No module named 'routes'",
    fix="COPY the module into the final stage.",
    bad={"Dockerfile": _BAD, **_FILES},
    good={"Dockerfile": _BAD.replace("COPY main.py", "COPY main.py routes.py"), **_FILES},
    find=find,
)
