"""Which of Prisma's clients and engines an image has, or may have."""

from __future__ import annotations

import json

import pytest

from pipeline.dockerfile.build.prisma import libc_of, may_hold, prisma_of, target_of
from pipeline.dockerfile.build.prisma_clients import lacking_default
from pipeline.dockerfile.build.prisma_engines import lacking_engines
from tests.dockerfile.build.building import build_of

NODE = {
    "package.json": json.dumps({
        "name": "api", "dependencies": {"@prisma/client": "5.19.0", "prisma": "5.19.0"},
    }),
    "package-lock.json": "{}",
    "prisma/schema.prisma": 'generator client {\n  provider = "prisma-client-js"\n}\n',
    "main.js": 'const { PrismaClient } = require("@prisma/client");\n',
}  # fmt: skip
PYTHON = {"schema.prisma": 'generator client {\n  provider = "prisma-client-py"\n}\n'}
BUILDER = "FROM node:20 AS build\nWORKDIR /src\nCOPY . .\nRUN npm ci && npx prisma generate\n"


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ("RUN ./bundle out\n{}COPY --from=build /src/out .", True),
        ("RUN ./bundle out\n{}COPY --from=build /src/out /srv", True),
        ("RUN ./bundle out\n{}COPY --from=build /src/out /elsewhere", False),
        ("RUN npx next build\n{}COPY --from=build /src/.next/standalone /elsewhere", True),
        ("{}COPY --from=build /src .", False),
        ("{}COPY --from=build /src/prisma .", False),
    ],
)
def test_a_copied_folder_may_hold_the_client(lines: str, *, held: bool) -> None:
    final = "FROM node:20\nWORKDIR /srv\n"
    files = {**NODE, "next.config.js": "module.exports = { output: 'standalone' }\n"}
    build = build_of(f"{BUILDER}{lines.format(final)}\nCMD node main.js\n", files)
    (made,) = prisma_of(build)
    assert may_hold(build, made) is held


@pytest.mark.parametrize(
    ("start", "lacking"),
    [
        ("node main.js", 1),
        ("npx prisma generate && node main.js", 0),
        ("npx prisma dev & node main.js", 0),
        ("npx prisma db push && node main.js", 0),
        ("npx prisma migrate deploy && node main.js", 1),
        ("node_modules/.bin/prisma generate; node main.js", 0),
    ],
)
def test_what_the_start_itself_may_generate(start: str, lacking: int) -> None:
    dockerfile = "FROM node:20\nWORKDIR /srv\nCOPY . .\nRUN npm ci --ignore-scripts\n"
    build = build_of(f"{dockerfile}CMD {start}\n", NODE)
    assert len(list(lacking_default(build))) == lacking


VENV = (
    "FROM python:3.12 AS build\nWORKDIR /app\nCOPY . .\nRUN python -m venv /v"
    " && /v/bin/pip install prisma && /v/bin/prisma generate\n"
    "FROM python:3.12\nCOPY --from=build /v /v\n"
)


@pytest.mark.parametrize(
    ("lines", "certain"),
    [
        ("", [True]),
        ("COPY --from=build /root/.cache /root/.cache\n", []),
        ("COPY --from=build /root/.cache /home/x/.cache\nENV HOME=/home/x\n", []),
        ("ENV PRISMA_BINARY_CACHE_DIR=/root/.cache/prisma-python\n", [True]),
        ("ENV PRISMA_QUERY_ENGINE_BINARY=/x\n", []),
        ("ARG HOME_OF\nENV HOME=$HOME_OF\n", [True]),
        ("ARG HOME_OF\nENV HOME=$HOME_OF\nCOPY --from=build /root/.cache /a\n"
         "COPY --from=build /root/.cache /b\n", []),
        ("CMD prisma generate && python main.py\n", []),
        ("CMD prisma py fetch && python main.py\n", []),
        ("CMD prisma migrate deploy && python main.py\n", [False]),
    ],
)  # fmt: skip
def test_engines_that_are_left_behind(lines: str, certain: list[bool]) -> None:
    build = build_of(f"{VENV}{lines}", PYTHON)
    assert [one.certain for one in lacking_engines(build)] == certain


@pytest.mark.parametrize(
    ("distribution", "release", "openssl", "target"),
    [
        ("debian", "12", True, "debian-openssl-3.0.x"),
        ("debian", "11", True, "debian-openssl-1.1.x"),
        ("debian", "12", False, "debian-openssl-1.1.x"),
        ("debian", "sid", True, "debian-openssl-3.0.x"),
        ("debian", "", True, ""),
        ("debian", "12", None, ""),
        ("ubuntu", "22.04", True, "debian-openssl-3.0.x"),
        ("ubuntu", "20.04", True, "debian-openssl-1.1.x"),
        ("alpine", "3.20", True, "linux-musl-openssl-3.0.x"),
        ("alpine", "3.16", True, "linux-musl"),
        ("alpine", "3.17", True, "linux-musl-openssl-3.0.x"),
        ("alpine", "edge", True, "linux-musl-openssl-3.0.x"),
        ("alpine", "3.20", False, ""),
        ("alpine", "", True, ""),
        ("fedora", "41", True, ""),
    ],
)
def test_names_of_systems(
    distribution: str, release: str, target: str, *, openssl: bool | None
) -> None:
    assert target_of(distribution, release, openssl=openssl) == target


@pytest.mark.parametrize(
    ("name", "libc"),
    [
        ("linux-musl", "musl"), ("linux-static-x64", "musl"), ("debian-openssl-3.0.x", "glibc"),
        ("rhel-openssl-3.0.x", "glibc"), ("native", ""), ("windows", ""),
    ],
)  # fmt: skip
def test_the_libc_of_a_target(name: str, libc: str) -> None:
    assert libc_of(name) == libc
