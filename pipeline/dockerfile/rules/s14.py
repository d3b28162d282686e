"""S14: what the container starts is not in the image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.machine import which
from pipeline.dockerfile.build.scripts import SHELLS
from pipeline.dockerfile.build.start.artefacts import Needed, needed
from pipeline.dockerfile.build.start.command import Loaded
from pipeline.dockerfile.build.start.modules import find_module
from pipeline.dockerfile.build.start.offers import offered, places_of
from pipeline.dockerfile.build.start.python import loads
from pipeline.dockerfile.build.tools.system import HARMLESS
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.distributions import STDLIB, is_known
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.rules.s06 import RULE as NOT_INSTALLED

_GENERIC = frozenset({
    "app", "main", "api", "server", "wsgi", "asgi", "src", "config", "core", "backend", "project",
    "web", "service", "application", "run",
})  # fmt: skip
_BUILDERS = frozenset({
    "vite", "next", "nuxt", "nuxi", "webpack", "rollup", "parcel", "ng", "nx", "turbo", "astro",
    "remix", "svelte-kit", "gatsby", "react-router", "expo", "gulp", "lerna", "bun", "esbuild",
    "tsup", "make", "mvn", "gradle", "gradlew", "mvnw", "dotnet",
})  # fmt: skip


def find(build: Build) -> Iterator[Fault]:
    missing = tuple(_copies(build))
    yield from missing
    if missing:
        return
    seen: set[Place] = set()
    for fault in (*_files(build), *_modules(build), *_by_name(build)):
        if fault.place not in seen:
            seen.add(fault.place)
            yield fault


def _copies(build: Build) -> Iterator[Fault]:
    """A COPY of what its stage never had: the build itself ends there."""
    for stage in build.used:
        for step in stage.steps:
            for one in step.copied:
                if one.stage is None or one.found is not False or set("*?[$") & set(one.source):
                    continue
                origin = build.stages[one.stage]
                if origin.machine.obscure or _has_builder(build, origin):
                    continue
                yield Fault(
                    step.place,
                    f"stage {origin.name or origin.index} has no /{one.source.lstrip('/')}: "
                    "nothing there makes or copies it",
                    "Build it in that stage, or copy it from where it is.",
                )


def _has_builder(build: Build, stage: Stage) -> bool:
    """Whether a program ran there whose configuration says where its output goes."""
    return any(
        step.executed is not None and step.executed.name in _BUILDERS
        for one in build.lineage(stage)
        for step in one.commands()
    )


def _files(build: Build) -> Iterator[Fault]:
    machine = build.final.machine
    for one in needed(build):
        found = one.found(machine)
        strange = one.program and found.unbrought and not _installs_programs(build)
        if found.absent or strange or (found.unlikely and _in_context(build, one)):
            yield Fault(
                build.place_of_program(one.launch) if one.program else one.launch.place,
                f"{one.name} is started here, and the image has no {one.paths[0]}"
                f"{_hint(build, one)}",
                severity=None if found.absent or strange else Severity.WARNING,
            )


def _installs_programs(build: Build) -> bool:
    """Whether other installers than the distribution's own put programs into the image."""
    return any(one.where for stage in build.used for one in stage.machine.installed)


def _by_name(build: Build) -> Iterator[Fault]:
    """A program that PATH does not lead to, although the image has it."""
    launch, machine = build.start.main, build.final.machine
    name = launch.executed.argv[0].value if launch and launch.executed.argv else None
    path = launch.executed.shell.variables.get("PATH") if launch else None
    if not launch or not name or not path or "/" in name or name in HARMLESS | SHELLS:
        return
    if not which(machine, name, tuple(path.split(":"))).unbrought or _installs_programs(build):
        return
    where = _elsewhere(build, name)
    entry = machine.files.lookup(where).entry if where else None
    if entry is not None and not entry.directory:
        yield Fault(
            build.place_of_program(launch),
            f"{name} is looked for on PATH, and the image has it at {where}",
            f"Start {where}, or copy it to /usr/local/bin.",
        )


def _in_context(build: Build, one: Needed) -> bool:
    return any(_counterpart(build, path) for path in one.names)


def _counterpart(build: Build, path: str) -> str:
    """The file of the context that has the most of this path's end."""
    context, parts = build.context, path.strip("/").split("/")
    for at in range(len(parts)):
        end = "/".join(parts[at:])
        if end in context.files or end in context.ignored:
            return end
    return ""


def _hint(build: Build, one: Needed) -> str:
    source = next(filter(None, (_counterpart(build, path) for path in one.names)), "")
    top = one.paths[0].strip("/").split("/")
    left_out = next(
        (name for at in range(len(top)) for name in ("/".join(top[at:-1]) + "/",)
         if name in build.context.ignored), ""
    )  # fmt: skip
    if source in build.context.ignored or (not source and left_out):
        return f": .dockerignore leaves {source or left_out} out"
    elsewhere = _elsewhere(build, posixpath.basename(one.paths[0]))
    if elsewhere and elsewhere != one.paths[0]:
        return f"; {elsewhere} is there"
    if source:
        return f": {source} is never copied"
    return _missing_source(build, one.paths[0]) or ": nothing makes or copies it"


def _missing_source(build: Build, path: str) -> str:
    """A COPY that names it, of something that the context does not have."""
    for step in build.final.steps:
        for one in step.copied:
            named = posixpath.normpath(one.target) == path or one.target == posixpath.dirname(path)
            same = posixpath.basename(one.source) == posixpath.basename(path)
            if one.found is False and one.stage is None and named and same:
                line = step.instruction.line
                return f": line {line} copies {one.source}, which the build context does not have"
    return ""


def _elsewhere(build: Build, name: str) -> str:
    files = build.final.machine.files
    found = (path for path in files.below("/") if path.endswith(f"/{name}"))
    return next((path for path in found if files.lookup(path).present), "")


def _modules(build: Build) -> Iterator[Fault]:
    for loaded in build.once(loads):
        launch = loaded.launch
        counts = (launch.executed.certain and not launch.executed.tolerated) or launch.main
        if loaded.module and loaded.complete and counts and loaded.top not in STDLIB:
            yield from _module(build, loaded)


def _module(build: Build, loaded: Loaded) -> Iterator[Fault]:
    machine, name = build.final.machine, loaded.module
    found = find_module(machine, loaded.folders, name)
    if not found.absent or build.once(_is_not_installed):
        return
    top = find_module(machine, loaded.folders, loaded.top)
    where = next(places_of(machine, loaded.top), None)
    if top.absent and not _is_the_projects_own(build, loaded, where):
        return
    if found.vague and not where and not _in_sources(build, name):
        return
    folders = ", ".join(loaded.folders[:3])
    said = f"{loaded.top} is in {where}" if where and top.absent else "no such module is copied"
    yield Fault(
        build.place_of_program(launch) if (launch := loaded.launch).via else launch.place,
        f"{name} is started here and looked for in {folders}, and {said}",
        severity=Severity.WARNING if found.vague else None,
    )


def _is_not_installed(build: Build) -> bool:
    """Whether S06 tells it already."""
    return any(NOT_INSTALLED.find(build))


def _is_the_projects_own(build: Build, loaded: Loaded, where: str | None) -> bool:
    """Whether no package that was installed may offer it."""
    if is_known(loaded.module) or offered(build, loaded.module).presence is not Presence.ABSENT:
        return False
    return bool(where) or _in_sources(build, loaded.top) or loaded.top in _GENERIC


def _in_sources(build: Build, module: str) -> bool:
    """Whether the context has such a module, left out by .dockerignore or not."""
    end = "/" + module.replace(".", "/")
    context = build.context
    for path in (*context.files, *context.ignored):
        whole = f"/{path}"
        if whole.endswith(f"{end}.py") or f"{end}/" in whole:
            return True
    return False


_BAD = """\
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
CMD exec uvicorn app.main:app --host 0.0.0.0 --port $PORT
"""
_FILES = {
    "requirements.txt": "fastapi\nuvicorn\n",
    "app/__init__.py": "",
    "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
}

RULE = Rule(
    id="S14",
    title="what is started is not in the image",
    severity=Severity.ERROR,
    why="the build succeeds, and the container ends at once with a missing file",
    met="python: can't open file '/app/main.py': [Errno 2] No such file or directory",
    fix="COPY it into the final stage, or start it where it is.",
    bad={"Dockerfile": _BAD, **_FILES},
    good={"Dockerfile": _BAD.replace("CMD", "COPY app app\nCMD"), **_FILES},
    find=find,
)
