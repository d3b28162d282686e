"""How severe a rule takes what it finds, where it says so, and what it patches."""

from __future__ import annotations

import json

import pytest

from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.rules import RULES
from pipeline.dockerfile.rules.rule import Fault
from pipeline.dockerfile.syntax.parser import parse

BY_ID = {rule.id: rule for rule in RULES}
PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
NODE = "FROM node:20-bookworm-slim\nWORKDIR /app\nCOPY . .\n"


def faults(rule: str, dockerfile: str, files: dict[str, str] | None = None) -> list[Fault]:
    context = BuildContext.of({"Dockerfile": dockerfile, **(files or {})})
    build = interpret(parse(dockerfile), context, file="Dockerfile")
    assert build is not None
    return list(BY_ID[rule].find(build))


def judged(rule: str, dockerfile: str, files: dict[str, str] | None = None) -> list[str]:
    """``FILE:LINE SEVERITY`` of each."""
    return [
        f"{one.place.file}:{one.place.line} {(one.severity or BY_ID[rule].severity).value}"
        for one in faults(rule, dockerfile, files)
    ]


def edits(rule: str, dockerfile: str, files: dict[str, str] | None = None) -> list[object]:
    """First line, last line and text of each edit; None for a fault without a patch."""
    return [
        [(edit.first, edit.last, edit.lines) for edit in one.patch.edits] if one.patch else None
        for one in faults(rule, dockerfile, files)
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npx prisma generate && node a.js", ["Dockerfile:4 error"]),
        ("[ -d x ] || npx prisma generate; node a.js", ["Dockerfile:4 warning"]),
        ("./twice.sh; ./twice.sh", ["twice.sh:2 warning"]),
        ("cargo run", ["Dockerfile:4 warning"]),
        ("python manage.py collectstatic && gunicorn a:b", ["Dockerfile:4 info"]),
        ("node a.js", []),
    ],
)
def test_code_made_at_start(command: str, expected: list[str]) -> None:
    files = {"twice.sh": "#!/bin/sh\ngo run ./seed\n", "a.js": ""}
    assert judged("S03", f"{NODE}CMD {command}\n", files) == expected


def test_a_folder_is_put_on_path_before_its_first_use() -> None:
    dockerfile = f"{PYTHON}RUN pip install --user flask\nRUN echo {{}}\nCMD flask run\n"
    line = ("ENV PATH=/root/.local/bin:$PATH",)
    assert edits("S04", dockerfile.format("x")) == [[(6, 5, line)]]
    assert edits("S04", f"{PYTHON}RUN pip install --user flask && flask routes\n") == [
        [(4, 3, line)]
    ]


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("RUN pip install poetry && poetry install --no-root\nCMD gunicorn a:b",
         {"pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\n'
          'gunicorn = "^23"\n'}),
        ("RUN npm install\nCMD tsx a.ts", {"package.json": '{"dependencies": {"tsx": "^4"}}'}),
    ],
)  # fmt: skip
def test_no_folder_on_path_where_a_manager_starts_it(lines: str, files: dict[str, str]) -> None:
    image = NODE if "npm" in lines else PYTHON
    assert edits("S04", f"{image}{lines}\n", files) == [None]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('const { DataSource } = require("typeorm");\nconst db = new DataSource({});\n'
         "db.runMigrations();\n", ["main.js:3 warning"]),
        ("const db = require('./db');\ndb.runMigrations();\n", []),
        ('const { migrate } = require("drizzle-orm/node-postgres/migrator");\nmigrate(db, {});\n',
         ["main.js:2 warning"]),
        ('const { DataSource } = require("typeorm");\nnew DataSource({}).initialize();\n', []),
    ],
)  # fmt: skip
def test_sources_that_migrate(source: str, expected: list[str]) -> None:
    assert judged("S05", f"{NODE}CMD node main.js\n", {"main.js": source}) == expected


SCHEMA = 'generator client {\n  provider = "prisma-client-js"\n}\n'


def with_prisma(version: str, **files: str) -> dict[str, str]:
    versions = {"@prisma/client": version, "prisma": version}
    return {
        "package.json": json.dumps({"dependencies": versions}),
        "package-lock.json": "{}",
        "prisma/schema.prisma": SCHEMA,
        "main.js": 'const { PrismaClient } = require("@prisma/client");\n',
        **files,
    }


@pytest.mark.parametrize(
    ("image", "version", "expected"),
    [
        ("node:20-bookworm-slim", "5.19.0", ["Dockerfile:1 error"]),
        ("node:20-bookworm-slim", "6.2.0", ["Dockerfile:1 error"]),
        ("node:20-alpine3.20", "5.19.0", ["Dockerfile:1 warning"]),
        ("node:20-alpine3.21", "5.19.0", ["Dockerfile:1 error"]),
        ("node:20-alpine3.21", "6.0.1", ["Dockerfile:1 error"]),
        ("node:20-alpine3.21", "6.1.0", ["Dockerfile:1 warning"]),
        ("node:20-bookworm-slim", "7.0.0", []),
        ("node:20-bullseye-slim", "5.19.0", []),
        ("node:20-bookworm", "5.19.0", []),
    ],
)
def test_prisma_without_openssl(image: str, version: str, expected: list[str]) -> None:
    dockerfile = f"FROM {image}\nWORKDIR /app\nCOPY . .\nRUN npm ci && npx prisma generate\n"
    assert judged("S12", f"{dockerfile}CMD node main.js\n", with_prisma(version)) == expected


def test_types_are_checked_against_the_sources_of_that_moment() -> None:
    files = with_prisma("5.19.0", **{
        "tsconfig.json": '{"compilerOptions": {"outDir": "dist"}, "include": ["src"]}',
        "src/main.ts": 'import { User } from "@prisma/client";\nexport const u: User = null!;\n',
    })  # fmt: skip
    steps = "RUN npm ci --ignore-scripts\nRUN npx tsc\n"
    assert judged("S10", f"{NODE}{steps}", files) == ["Dockerfile:5 error"]
    assert judged("S10", f"{NODE}{steps}RUN rm -rf src\n", files) == ["Dockerfile:5 error"]
    assert judged("S10", f"{NODE}RUN rm -rf src\n{steps}RUN mkdir src\n", files) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("USER app\nCMD python main.py", ["Dockerfile:5 error"]),
        ("RUN mkdir logs\nUSER app\nCMD python main.py", []),
        ("RUN chown app .\nUSER app\nCMD python main.py", []),
        ("CMD python main.py", []),
    ],
)
def test_a_folder_that_is_made_at_start(lines: str, expected: list[str]) -> None:
    dockerfile = f"FROM python:3.12-slim\nRUN useradd app\nWORKDIR /app\nCOPY . .\n{lines}\n"
    assert judged("S11", dockerfile, {"main.py": 'import os\nos.mkdir("logs")\n'}) == expected


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("app", []),
        ("1001", []),
        ("other", ["Dockerfile:5 error"]),
        ("root", ["Dockerfile:5 error"]),
    ],
)
def test_whose_folder_it_is(owner: str, expected: list[str]) -> None:
    dockerfile = (
        "FROM debian:12\nRUN useradd -u 1001 app && useradd other\nWORKDIR /srv\n"
        f"COPY --chown={owner} logs /logs\nUSER app\nCMD touch /logs/a && serve\n"
    )
    assert judged("S11", dockerfile, {"logs/keep": ""}) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import redis\n", ["main.py:1 error"]),
        ("def later():\n    import redis\n", ["main.py:2 warning"]),
        ("try:\n    import redis\nexcept ImportError:\n    redis = None\n", []),
    ],
)
def test_what_is_not_declared(source: str, expected: list[str]) -> None:
    dockerfile = f"{PYTHON}RUN pip install -r requirements.txt\nCMD python main.py\n"
    files = {"requirements.txt": "flask==3.0.3\n", "main.py": source}
    assert judged("S19", dockerfile, files) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import knex, { Knex } from "knex";\nconst db: Knex = knex({});\n', 1),
        ('import { Knex, knex } from "knex";\nconst db: Knex = knex({});\n', 1),
        ('import knex, { Knex } from "knex";\nlet db: Knex;\n', 0),
        ('import type { Knex } from "knex";\nlet db: Knex;\n', 0),
        ('import * as knex from "knex";\nknex.default({});\n', 1),
    ],
)
def test_imports_that_typescript_leaves_out(source: str, expected: int) -> None:
    files = {
        "package.json": '{"dependencies": {"express": "4.19.2"}}',
        "package-lock.json": '{"lockfileVersion": 3, "packages": {}}',
        "tsconfig.json": '{"compilerOptions": {"outDir": "dist", "rootDir": "src"}}',
        "src/main.ts": source,
    }
    dockerfile = f"{NODE}RUN npm ci && npx tsc\nCMD node dist/main.js\n"
    assert len(faults("S19", dockerfile, files)) == expected


@pytest.mark.parametrize(
    ("image", "lines", "expected"),
    [
        ("alpine:3.20", 'SHELL ["/bin/bash", "-c"]\nRUN true', ["Dockerfile:2 error"]),
        ("alpine:3.20", 'SHELL ["bash", "-c"]\nRUN true\nRUN true', ["Dockerfile:2 error"]),
        ("alpine:3.20", 'RUN apk add bash\nSHELL ["/bin/bash", "-c"]\nRUN true', []),
        ("alpine:3.20", 'SHELL ["/bin/bash", "-c"]', []),
        ("debian:12", 'SHELL ["/bin/bash", "-c"]\nRUN true', []),
        ("debian:12", 'SHELL ["pwsh", "-Command"]\nRUN Get-Item', []),
    ],
)
def test_shells_of_the_steps(image: str, lines: str, expected: list[str]) -> None:
    assert judged("S20", f"FROM {image}\n{lines}\n") == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("#!/bin/bash", ["run.sh:1 error"]), ("#!/usr/bin/env bash", ["run.sh:1 error"]),
        ("#!/usr/bin/env -S bash -e", ["run.sh:1 error"]), ("#!/usr/bin/env", []),
        ("#!/usr/bin/env A=1", []), ("#!/bin/sh", []), ("#!/usr/bin/env sh", []),
    ],
)  # fmt: skip
def test_interpreters(first: str, expected: list[str]) -> None:
    dockerfile = 'FROM alpine:3.20\nCOPY --chmod=755 run.sh /run.sh\nCMD ["/run.sh"]\n'
    assert judged("S20", dockerfile, {"run.sh": f"{first}\nexec serve\n"}) == expected


def test_an_interpreter_on_a_path_that_is_not_known() -> None:
    dockerfile = (
        "FROM alpine:3.20\nARG BIN\nENV PATH=$BIN\nCOPY --chmod=755 run.sh /run.sh\n"
        'CMD ["/run.sh"]\n'
    )
    assert judged("S20", dockerfile, {"run.sh": "#!/usr/bin/env bash\n"}) == []


@pytest.mark.parametrize(
    ("options", "buffered"),
    [
        ("", True), ("-u", False), ("-X dev", True), ("-X dev -u", False), ("-W error -u", False),
        ("-Bu", False), ("-B", True), ("-X", True),
    ],
)  # fmt: skip
def test_options_of_the_interpreter(options: str, *, buffered: bool) -> None:
    dockerfile = f"{PYTHON}CMD python {options} main.py\n"
    assert bool(faults("S23", dockerfile, {"main.py": "print('x')\n"})) is buffered


@pytest.mark.parametrize(
    ("source", "expected"),
    [("print('x')\n", ["Dockerfile:4 warning"]), ("serve()\n", ["Dockerfile:4 info"])],
)
def test_output_that_is_kept_back(source: str, expected: list[str]) -> None:
    assert judged("S23", f"{PYTHON}CMD python main.py\n", {"main.py": source}) == expected


def test_what_an_unknown_image_has_on_path_is_not_known() -> None:
    dockerfile = "FROM example.com/x\nENV PATH=/opt/x/bin:$PATH\nRUN pip install --user flask\n"
    for rule in RULES:
        assert faults(rule.id, f'{dockerfile}CMD ["serve"]\n') == []
