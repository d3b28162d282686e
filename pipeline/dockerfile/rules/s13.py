"""S13: a Prisma client that is generated for another system than the one it runs on."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.prisma import (
    CLIENT,
    Made,
    libc_of,
    may_hold,
    prisma_of,
    runs_node,
    target_of,
)
from pipeline.dockerfile.build.tools.node.openssl import has_openssl
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity


def find(build: Build) -> Iterator[Fault]:
    seen = set()
    for made in prisma_of(build):
        if made.maker != CLIENT or made.needs_engine is False or not runs_node(build):
            continue
        reason = _mismatch(build.final.machine, made)
        if not reason or not (made.paths or may_hold(build, made)) or made.place in seen:
            continue
        seen.add(made.place)
        certain = made.paths and made.needs_engine
        target = _runtime(build.final.machine)
        yield Fault(
            made.place,
            f"the client is generated {reason}; the image runs it on "
            f"{build.final.machine.base.reference}, line {build.final.instruction.line}",
            f'Name the system of the image: binaryTargets = ["native", "{target}"].'
            if target
            else "",
            severity=None if certain else Severity.WARNING,
        )


def _runtime(machine: Machine) -> str:
    """The target of the image; with OpenSSL, for that it lacks it is another matter."""
    base = machine.base
    return target_of(base.distribution, base.version, openssl=True) if base.known else ""


def _mismatch(machine: Machine, made: Made) -> str:
    """How the engines differ from the one that the image needs; empty: they do not for sure."""
    told, base = made.told, machine.base
    targets = _targets(made)
    if not (base.known and base.libc and targets):
        return ""
    libcs = {libc_of(one) or told["libc"] if one == "native" else libc_of(one) for one in targets}
    if "" not in libcs and base.libc not in libcs:
        system = f"{told['system']} {told['release']}".strip().capitalize()
        return f"on {system} ({told['libc']})" if "native" in targets else f"for {targets[0]}"
    openssl = {"yes": True, "no": False}.get(told["openssl"])
    own = target_of(told["system"], told["release"], openssl=openssl)
    needed = _runtime(machine)
    engines = {own if one == "native" else _usual(one) for one in targets}
    if not needed or "" in engines or needed in engines or not has_openssl(machine):
        return ""
    without = " in a stage without OpenSSL" if openssl is False else ""
    return f"for {', '.join(sorted(engines))}{without}"


def _targets(made: Made) -> list[str]:
    return [one for one in made.told.get("targets", "").split(",") if one]


def _usual(target: str) -> str:
    """A target of ARM stands for its sister."""
    musl = target.replace("linux-musl-arm64", "linux-musl")
    return musl.replace("linux-arm64-openssl", "debian-openssl") if libc_of(target) else ""


_SCHEMA = (
    'generator client {{\n  provider = "prisma-client-js"{}\n}}\n'
    'datasource db {{\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}}\n'
)
_FILES = {
    "Dockerfile": (
        "FROM node:20 AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npx prisma generate\n\n"
        "FROM node:20-alpine\nRUN apk add --no-cache openssl\nCOPY --from=build /app /app\n"
        'WORKDIR /app\nCMD ["node", "server.js"]\n'
    ),
    "package.json": '{"dependencies": {"@prisma/client": "5.19.0", "prisma": "5.19.0"}}\n',
    "package-lock.json": "{}\n",
    "server.js": 'require("@prisma/client");\n',
}
_TARGETS = '\n  binaryTargets = ["native", "linux-musl-openssl-3.0.x"]'

RULE = Rule(
    id="S13",
    title="a Prisma client for another system",
    severity=Severity.ERROR,
    why="the build passes, and the first query finds no engine that this system can load",
    met='Prisma Client could not locate the Query Engine for runtime "linux-musl-openssl-3.0.x"',
    fix="Generate in the stage that runs, or name its system in binaryTargets.",
    bad={**_FILES, "prisma/schema.prisma": _SCHEMA.format("")},
    good={**_FILES, "prisma/schema.prisma": _SCHEMA.format(_TARGETS)},
    find=find,
)
