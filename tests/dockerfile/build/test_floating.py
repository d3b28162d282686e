"""Whether the version of a package of npm is left to the day of the build."""

from __future__ import annotations

import json

import pytest

from pipeline.dockerfile.build.floating import floating, type_checks
from tests.dockerfile.build.building import build_of

NODE = "FROM node:20\nWORKDIR /app\n"
COPY_ALL = f"{NODE}COPY . .\n"
LOCK = {"package-lock.json": "{}"}


def asked(dockerfile: str, version: str, files: dict[str, str] | None = None) -> str | None:
    """The version that a check of types is left with; None where it is pinned."""
    package = json.dumps({"dependencies": {"stripe": version}})
    build = build_of(dockerfile, {"package.json": package, "tsconfig.json": "{}", **(files or {})})
    ((stage, step), *_) = type_checks(build)
    found = floating(build, stage, step, "stripe")
    return found.asked if found else None


@pytest.mark.parametrize("version", ["^14.0.0", "14", "14.x", "latest", "*", ">=14", "14 || 15"])
def test_versions_that_float(version: str) -> None:
    assert asked(f"{COPY_ALL}RUN npm install && npx tsc\n", version) == version


@pytest.mark.parametrize("version", ["14.0.0", "v14.0.0", "file:../stripe"])
def test_versions_that_do_not(version: str) -> None:
    assert asked(f"{COPY_ALL}RUN npm install && npx tsc\n", version) is None


@pytest.mark.parametrize(
    ("dockerfile", "floats"),
    [
        (f"{COPY_ALL}RUN npm ci && npx tsc\n", False),
        (f"{COPY_ALL}RUN npm install && npx tsc\n", False),
        (f"{COPY_ALL}RUN npm install --no-package-lock && npx tsc\n", True),
        (f"{COPY_ALL}RUN npm install\nRUN npm update && npx tsc\n", True),
        (f"{COPY_ALL}RUN rm package-lock.json && npm install && npx tsc\n", True),
        (f"{NODE}COPY package.json tsconfig.json ./\nRUN npm install && npx tsc\n", True),
        (f"{NODE}COPY package.json tsconfig.json ./\nRUN ./fetch && npm install && npx tsc\n",
         False),
        (f"{NODE}COPY . .\nRUN npm install stripe@^14 && npx tsc\n", True),
        (f"{NODE}COPY . .\nRUN npm install stripe@14.1.0 && npx tsc\n", False),
        (f"{NODE}COPY . .\nRUN npm install stripe && npx tsc\n", True),
        (f"{NODE}COPY . .\nRUN npx tsc && npm update\n", False),
    ],
)  # fmt: skip
def test_a_lock_file_pins_where_it_is_there(dockerfile: str, *, floats: bool) -> None:
    assert (asked(dockerfile, "^14.0.0", LOCK) is not None) is floats


def test_a_lock_file_above_counts() -> None:
    dockerfile = "FROM node:20\nCOPY . /app\nWORKDIR /app/api\nRUN npm install && npx tsc\n"
    package = json.dumps({"dependencies": {"stripe": "^14"}})
    files = {"api/package.json": package, "api/tsconfig.json": "{}"}
    assert asked(dockerfile, "^14", files) == "^14"
    assert asked(dockerfile, "^14", {**files, "yarn.lock": ""}) is None


def test_packages_of_another_stage() -> None:
    dockerfile = (
        f"{NODE}COPY package.json .\nRUN npm install\n"
        f"{NODE}COPY --from=0 /app/node_modules node_modules\nCOPY . .\nRUN npx tsc\n"
    )
    assert asked(dockerfile, "^14") == "^14"
