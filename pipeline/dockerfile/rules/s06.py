"""S06: the project itself cannot be imported where it is started."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.installed import script_is_missing
from pipeline.dockerfile.build.start.command import Loaded
from pipeline.dockerfile.build.start.modules import find_module
from pipeline.dockerfile.build.start.offers import Known, known_projects, offered, places_of
from pipeline.dockerfile.build.start.python import loads
from pipeline.dockerfile.build.values import Installed, Launch
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_FIX = "RUN pip install --no-deps . in the final stage, where the sources are"


def find(build: Build) -> Iterator[Fault]:
    for loaded in build.once(loads):
        if loaded.module and not loaded.file and loaded.complete and _counts(loaded.launch):
            yield from _module(build, loaded)
    for launch in build.start.launches:
        if _counts(launch):
            yield from _script(build, launch)


def _counts(launch: Launch) -> bool:
    return launch.executed.certain or launch.main


def _module(build: Build, loaded: Loaded) -> Iterator[Fault]:
    machine = build.final.machine
    if not find_module(machine, loaded.folders, loaded.top).absent:
        return
    offer = offered(build, loaded.module)
    if offer.presence is not Presence.ABSENT:
        return
    if offer.failing is not None:
        yield _failing(build.place_of_program(loaded.launch), loaded.top, offer.failing)
    else:
        yield from _left_out(build, loaded)


def _failing(place: Place, name: str, failing: Installed) -> Fault:
    """The project was installed, and not so that it is found."""
    line = failing.place.line
    if failing.editable:
        return Fault(
            place,
            f"{name} cannot be imported here: line {line} installed it as a mere pointer to "
            f"{failing.source}, where this image does not have it",
            f"Install it without -e (uv: --no-editable), or copy its sources to {failing.source}.",
        )
    return Fault(
        place,
        f"{name} cannot be imported here: line {line} installed the project before its sources "
        "were there",
        "Install the project after the COPY of its sources.",
    )


def _left_out(build: Build, loaded: Loaded) -> Iterator[Fault]:
    """Nothing installs the project; its sources are elsewhere in the image."""
    name = loaded.top
    where = next(places_of(build.final.machine, name), None)
    known = _owner(build, name, where)
    if known is None:
        return
    skipped = known.skipped
    here = f"it is in {where}, which is not searched" if where else "its sources are not copied"
    by = f", and line {skipped.place.line} leaves the project out" if skipped else ""
    fix = f"{_FIX}{f', or ENV PYTHONPATH={where}' if where else ''}."
    yield Fault(
        build.place_of_program(loaded.launch),
        f"{name} cannot be imported here: {here}{by}",
        fix,
        severity=None if skipped else Severity.WARNING,
    )


def _owner(build: Build, name: str, where: str | None) -> Known | None:
    """The project with a src layout that the module belongs to."""
    for known in build.once(known_projects):
        inside = find_module(known.machine, (f"{known.folder.rstrip('/')}/src",), name)
        in_src = inside.present or (where or "").endswith("/src")
        named = known.project.name == name.lower().replace("_", "-")
        if in_src and (named or inside.present):
            return known
        if named and known.skipped and where is None and known.project.packages:
            return known
    return None


def _script(build: Build, launch: Launch) -> Iterator[Fault]:
    """A command of the project, which only an install of the project makes."""
    for known in build.once(known_projects):
        name = launch.executed.name
        module = known.project.script_modules.get(name)
        offer = offered(build, module) if module else None
        if module is None or offer is None or offer.presence is not Presence.ABSENT:
            continue
        place = build.place_of_program(launch)
        if offer.failing is not None:
            yield _failing(place, module, offer.failing)
            return
        if script_is_missing(build, launch):
            by = f": line {known.skipped.place.line} leaves it out" if known.skipped else ""
            yield Fault(
                place,
                f"{name} is a command of the project, and nothing installs the project{by}",
                f"{_FIX}, or python -m {module}.",
            )
            return


_BAD = """\
FROM python:3.12-slim AS builder
WORKDIR /build
COPY pyproject.toml ./
COPY src src
RUN pip install -e .

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=builder /usr/local /usr/local
CMD exec gunicorn --bind 0.0.0.0:$PORT copy_that.app:app
"""
_FILES = {
    "pyproject.toml": (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "copy-that"\nversion = "1"\ndependencies = ["flask", "gunicorn"]\n'
    ),
    "src/copy_that/__init__.py": "",
    "src/copy_that/app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}

RULE = Rule(
    id="S06",
    title="the project itself is not installed",
    severity=Severity.ERROR,
    why="the server ends with an import error before it listens",
    met="ModuleNotFoundError: No module named 'copy_that'",
    fix=f"{_FIX}.",
    bad={"Dockerfile": _BAD, **_FILES},
    good={"Dockerfile": _BAD.replace("install -e .", "install ."), **_FILES},
    find=find,
)
