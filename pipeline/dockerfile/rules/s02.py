"""S02: Prisma's engine or its generated client is not in the image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.prisma_clients import lacking_default, lacking_own
from pipeline.dockerfile.build.prisma_engines import lacking_client, lacking_engines
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity


def find(build: Build) -> Iterator[Fault]:
    seen: set[Place] = set()
    for one in chain(
        lacking_engines(build), lacking_client(build), lacking_default(build), lacking_own(build)
    ):
        if one.place not in seen:
            seen.add(one.place)
            severity = None if one.certain else Severity.WARNING
            yield Fault(one.place, one.message, one.fix, severity=severity)


_FILES = {
    "requirements.txt": "fastapi\nuvicorn\nprisma\n",
    "schema.prisma": 'generator client {\n  provider = "prisma-client-py"\n}\n',
    "main.py": "from fastapi import FastAPI\nfrom prisma import Prisma\n\napp = FastAPI()\n",
}
_BUILDER = (
    "FROM python:3.12-slim AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
    "COPY requirements.txt schema.prisma ./\n"
    "RUN pip install -r requirements.txt && prisma generate\n\n"
    "FROM python:3.12-slim\nENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1\n"
    "COPY --from=builder /opt/venv /opt/venv\n"
)
_CACHE = "COPY --from=builder /root/.cache/prisma-python /root/.cache/prisma-python\n"
_START = 'COPY main.py ./\nCMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port $PORT"]\n'

RULE = Rule(
    id="S02",
    title="Prisma's engine or client left behind",
    severity=Severity.ERROR,
    why="the image builds, and the service fails when it first connects to the database",
    met="BinaryNotFoundError: Expected …/prisma-query-engine-debian-openssl-3.0.x to exist",
    fix="Copy the engines and the client as well as the packages, or generate in the final stage.",
    bad={"Dockerfile": _BUILDER + _START, **_FILES},
    good={"Dockerfile": _BUILDER + _CACHE + _START, **_FILES},
    find=find,
)
