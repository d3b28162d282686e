"""Installs that insist on a lock file, and commands that leave one."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.locks import frozen
from tests.dockerfile.build.building import build_of, package, state

FROM = "FROM node:20\nWORKDIR /app\nCOPY . .\n"


def asked(line: str, files: dict[str, str] | None = None) -> tuple[str, str, bool] | None:
    """Command, folder and certainty of what the last command insists on."""
    stage = build_of(f"{FROM}RUN {line}\n", files or package(name="web")).final
    step = list(stage.commands())[-1]
    assert step.executed is not None
    found = frozen(Call(stage.machine, step, step.executed))
    return (found.command, found.folder, found.certain) if found else None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npm ci", ("npm ci", "/app", True)),
        ("npm --prefix web ci", ("npm ci", "/app/web", True)),
        ("npm install", None),
        ("npm ci --help", None),
        ("yarn install --frozen-lockfile", None),
        ("yarn install --immutable", ("yarn install --immutable", "/app", False)),
        ("corepack pnpm i --frozen-lockfile", ("pnpm i --frozen-lockfile", "/app", True)),
        ("pnpm install --frozen-lockfile=false", None),
        ("bun install --frozen-lockfile", ("bun install --frozen-lockfile", "/app", False)),
        ("uv sync --locked", ("uv sync --locked", "/app", True)),
        ("uv sync", None),
        ("python -m pipenv install --system", ("pipenv install --system", "/app", True)),
        ("pipenv install --deploy", ("pipenv install --deploy", "/app", False)),
        ("pipenv install --deploy --skip-lock", None),
        ("pdm sync", ("pdm sync", "/app", True)),
        ("poetry install", None),
    ],
)
def test_what_an_install_insists_on(line: str, expected: tuple[str, str, bool] | None) -> None:
    assert asked(line) == expected


def test_the_newer_yarn_insists() -> None:
    files = package(name="web", packageManager="yarn@4.5.0")
    assert asked("yarn install --frozen-lockfile", files) == (
        "yarn install --frozen-lockfile", "/app", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("npm install --package-lock-only", "package-lock.json"),
        ("pnpm install", "pnpm-lock.yaml"),
        ("uv lock", "uv.lock"),
        ("poetry lock", "poetry.lock"),
        ("pipenv lock", "Pipfile.lock"),
    ],
)
def test_an_install_that_is_not_frozen_may_leave_one(line: str, name: str) -> None:
    assert state(build_of(f"{FROM}RUN {line}\n", package(name="web")), f"/app/{name}") == "unknown"
    assert state(build_of(f"{FROM}RUN npm ci\n", package(name="web")), f"/app/{name}") == "absent"
