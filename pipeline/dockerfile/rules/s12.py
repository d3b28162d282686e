"""S12: Prisma runs in a stage without OpenSSL."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.prisma import (
    CLIENT,
    PYTHON_CLIENT,
    Made,
    generated_unseen,
    may_hold,
    prisma_of,
    runs_node,
)
from pipeline.dockerfile.build.tools.node.openssl import has_openssl
from pipeline.dockerfile.place import Edit, Patch
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_APT = (
    "RUN apt-get update \\",
    "    && apt-get install -y --no-install-recommends openssl \\",
    "    && rm -rf /var/lib/apt/lists/*",
)
_INSTALL = {"apt": _APT, "apk": ("RUN apk add --no-cache openssl",)}
_LIBRARY_SINCE = 12  # before, Debian's own images have the library
_ALPINE_MOVED, _PRISMA_FOLLOWED = (3, 21), (6, 1)  # where the library is


def find(build: Build) -> Iterator[Fault]:
    made = [one for one in prisma_of(build) if one.maker in {CLIENT, PYTHON_CLIENT}]
    found = [fault for one in made if (fault := _fault(build, one)) is not None]
    if not made and _lacks(build.final.machine, CLIENT) and runs_node(build):
        found = [_unseen(build)] if generated_unseen(build) else []
    yield from sorted(found, key=lambda fault: fault.severity is not None)[:1]


def _unseen(build: Build) -> Fault:
    return Fault(
        build.place(build.final.instruction),
        "the workspace has a Prisma client that works with an engine, and "
        f"{build.final.machine.base.reference} has no OpenSSL for it",
        severity=Severity.WARNING,
    )


def _fault(build: Build, made: Made) -> Fault | None:
    machine = build.final.machine
    if made.needs_engine is False or not _lacks(machine, made.maker):
        return None
    if not made.paths and not (made.maker == CLIENT and may_hold(build, made)):
        return None
    if made.maker == CLIENT and not runs_node(build):
        return None
    certain = bool(made.paths and made.needs_engine) and _is_lost(machine, made)
    base, manager = build.lineage(build.final)[0], machine.base.manager
    lines = _INSTALL.get(manager)
    at, by_root = base.instruction.end_line, machine.base.user == "root"
    return Fault(
        build.place(build.final.instruction),
        f"this stage runs the Prisma client that line {made.place.line} of {made.place.file} "
        f"generates, and {machine.base.reference} has no OpenSSL",
        f"Add {_one_line(lines)} to this stage." if lines else "",
        Patch(build.file, (Edit(at + 1, at, lines),)) if lines and by_root else None,
        None if certain else Severity.WARNING,
    )


def _one_line(lines: tuple[str, ...]) -> str:
    return " ".join(line.strip(" \\") for line in lines)


def _lacks(machine: Machine, maker: str) -> bool:
    base = machine.base
    if maker == PYTHON_CLIENT:  # it asks the program, except on Alpine
        absent = which(machine, "openssl", machine.search_path).unbrought
        return absent and base.known and base.distribution in {"debian", "ubuntu"}
    if base.distribution == "debian" and base.version.isdecimal():
        return int(base.version) >= _LIBRARY_SINCE and has_openssl(machine) is False
    return has_openssl(machine) is False and base.distribution in {"debian", "ubuntu", "alpine"}


def _is_lost(machine: Machine, made: Made) -> bool:
    """Whether Prisma finds nothing: on Alpine, old versions look in the wrong place."""
    base = machine.base
    if base.distribution != "alpine":
        return True
    release = tuple(int(one) for one in base.version.split(".") if one.isdecimal())
    newest = base.version == "edge" or release >= _ALPINE_MOVED
    return newest and made.version < _PRISMA_FOLLOWED


_FILES = {
    "package.json": '{"dependencies": {"@prisma/client": "5.19.0", "prisma": "5.19.0"}}\n',
    "package-lock.json": "{}\n",
    "prisma/schema.prisma": (
        'generator client {\n  provider = "prisma-client-js"\n}\n'
        'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
    ),
    "server.js": 'require("@prisma/client");\n',
}
_DOCKERFILE = (
    "FROM node:20-bookworm-slim\n{}WORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\n"
    'RUN npx prisma generate\nCMD ["node", "server.js"]\n'
)

RULE = Rule(
    id="S12",
    title="Prisma without OpenSSL",
    severity=Severity.ERROR,
    why="the engine cannot be loaded, and every query fails once the service runs",
    met="Prisma failed to detect the libssl/openssl version to use, and may not work as expected",
    fix="Install openssl in the stage that runs, or use Prisma 7, which needs none.",
    bad={"Dockerfile": _DOCKERFILE.format(""), **_FILES},
    good={"Dockerfile": _DOCKERFILE.format("\n".join((*_APT, ""))), **_FILES},
    find=find,
)
