"""Which sources a check of types looks at."""

from __future__ import annotations

import json

import pytest

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.type_checks import check_of, sources
from tests.dockerfile.build.building import build_of

SOURCES = dict.fromkeys(
    ("src/a.ts", "src/a.spec.ts", "src/b/c.tsx", "test/t.ts", "prisma/seed.ts", "src/x.d.ts"), ""
)


def looked_at(line: str, **config: object) -> list[str] | None:
    files = {**SOURCES, "tsconfig.json": json.dumps(config)}
    files["tsconfig.build.json"] = json.dumps(
        {"extends": "./tsconfig.json", "exclude": ["node_modules", "test", "**/*spec.ts"]}
    )
    stage = build_of(f"FROM node:20\nWORKDIR /app\nCOPY . .\nRUN {line}\n", files).final
    step = list(stage.commands())[-1]
    assert step.executed is not None
    check = check_of(Call(stage.machine, step, step.executed))
    return sorted(path[5:] for path in sources(stage.machine, check)) if check else None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"include": ["src"]}, ["src/a.spec.ts", "src/a.ts", "src/b/c.tsx"]),
        ({"include": ["./src/**/*"], "exclude": ["src/**/*.spec.ts"]}, ["src/a.ts", "src/b/c.tsx"]),
        ({"files": ["src/a.ts"]}, ["src/a.ts"]),
        ({"include": ["src/*"]}, ["src/a.spec.ts", "src/a.ts"]),
        ({"include": ["src/**"]}, ["src/a.spec.ts", "src/a.ts", "src/b/c.tsx"]),
        ({"include": ["**/b", "test/*.d.ts"]}, ["src/b/c.tsx"]),
        ({"include": ["*.ts", "**/?.ts"]}, ["src/a.ts", "test/t.ts"]),
        ({"include": ["src/[a].ts", "src/a.s*c.ts"]}, ["src/a.spec.ts"]),
        ({"include": ["."], "exclude": ["src"]}, ["prisma/seed.ts", "test/t.ts"]),
        ({"include": ["**/" * 100 + "*.ts"]}, []),
        ({"exclude": ["src", "test"]}, ["prisma/seed.ts"]),
    ],
)
def test_tsconfig_says_which(config: dict[str, object], expected: list[str]) -> None:
    assert looked_at("npx tsc", **config) == expected


def test_nest_takes_the_config_for_builds() -> None:
    assert looked_at("npx nest build", include=["src", "test"]) == ["src/a.ts", "src/b/c.tsx"]


@pytest.mark.parametrize("line", ["npx tsc --version", "npx nest build -b swc", "npx nest start"])
def test_what_checks_nothing(line: str) -> None:
    assert looked_at(line) is None


def test_files_may_be_given() -> None:
    assert looked_at("node node_modules/typescript/bin/tsc src/a.ts --outDir out") == ["src/a.ts"]


@pytest.mark.parametrize(
    ("options", "checks"),
    [
        ({}, True),
        ({"builder": "tsc"}, True),
        ({"builder": {"type": "tsc"}}, True),
        ({"builder": "swc"}, False),
        ({"builder": {"type": "swc", "options": {}}}, False),
        ({"builder": "swc", "typeCheck": True}, False),
        ({"typeCheck": False}, False),
    ],
)
def test_the_builder_of_nest(options: dict[str, object], *, checks: bool) -> None:
    files = {
        "nest-cli.json": json.dumps({"compilerOptions": options}),
        "tsconfig.json": "{}",
        "src/a.ts": "",
    }
    stage = build_of("FROM node:20\nWORKDIR /app\nCOPY . .\nRUN nest build\n", files).final
    step = next(stage.commands("nest"))
    assert step.executed is not None
    assert (check_of(Call(stage.machine, step, step.executed)) is not None) is checks
