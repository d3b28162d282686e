"""S03: code is generated or compiled when the container starts."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.tasks import said, tasks
from pipeline.dockerfile.build.start.work import (
    COLLECTS,
    COMPILES_AND_RUNS,
    does,
    generates,
    is_named_build,
    spoken,
)
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity
from pipeline.dockerfile.shell.executed import Executed


def find(build: Build) -> Iterator[Fault]:
    seen: set[Place] = set()
    for task in tasks(build, generates, is_named_build):
        seen.add(task.place)
        yield Fault(
            task.place,
            f"{task.words} runs each time the container starts, before anything listens",
            severity=None if task.certain else Severity.WARNING,
        )
    for launch in build.start.launches:
        words = spoken(launch.executed)
        if does(words, COMPILES_AND_RUNS) and launch.executed.certain and launch.place not in seen:
            seen.add(launch.place)
            yield Fault(
                launch.place,
                f"{said(launch)} compiles each time the container starts",
                "Compile in RUN, and start what was made.",
                severity=Severity.WARNING,
            )
    for task in tasks(build, _collects, lambda _executed: False):
        if task.place not in seen:
            yield Fault(
                task.place,
                f"{task.words} does the same on every start: once, in the build, is enough",
                severity=Severity.INFO,
            )


def _collects(executed: Executed) -> bool:
    return does(spoken(executed), COLLECTS)


_PACKAGE = '{"name": "api", "dependencies": {"prisma": "5.22.0", "@prisma/client": "5.22.0"}}\n'
_FILES = {
    "package.json": _PACKAGE,
    "package-lock.json": "{}\n",
    "server.js": 'require("http").createServer((q, s) => s.end()).listen(process.env.PORT);\n',
    "prisma/schema.prisma": 'generator client {\n  provider = "prisma-client-js"\n}\n',
}
_DOCKERFILE = (
    "FROM node:20-bookworm-slim\nRUN apt-get update && apt-get install -y openssl\n"
    "WORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
)

RULE = Rule(
    id="S03",
    title="code generation when the container starts",
    severity=Severity.ERROR,
    why="every new instance spends its start-up time on it, and the revision never gets to listen",
    met="The user-provided container failed to start and listen on the port defined provided by "
    "the PORT environment variable within the allocated timeout.",
    fix="Move the command into a RUN of the stage that becomes the image.",
    bad={"Dockerfile": f"{_DOCKERFILE}CMD npx prisma generate && node server.js\n", **_FILES},
    good={
        "Dockerfile": f'{_DOCKERFILE}RUN npx prisma generate\nCMD ["node", "server.js"]\n',
        **_FILES,
    },
    find=find,
)
