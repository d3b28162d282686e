"""Where the programs of packages are, and which projects a build works with."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.installed import (
    folder_of_programs,
    moved_to,
    program_folders,
    script_is_missing,
)
from pipeline.dockerfile.build.start.offers import known_projects
from pipeline.dockerfile.build.start.sources_of import requires_some
from pipeline.dockerfile.build.values import Copied, Installed
from pipeline.dockerfile.place import Place
from tests.dockerfile.build.building import build_of, launch

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
PROJECT = '[project]\nname = "shop"\n[project.scripts]\nshop = "shop.cli:main"\n'


@pytest.mark.parametrize(
    ("manager", "where", "folder"),
    [
        ("pip", "/usr/local/lib/python3/site-packages", "/usr/local/bin"),
        ("pip", "/usr/local/lib/python3/dist-packages", "/usr/local/bin"),
        ("pip", "/root/.local/lib/python3/site-packages", "/root/.local/bin"),
        ("pip", "/v/lib/python3/site-packages", "/v/bin"),
        ("pip", "/root/.local/bin", "/root/.local/bin"),
        ("pip", "/deps", "/deps/bin"),
        ("npm", "/app/node_modules", "/app/node_modules/.bin"),
        ("npm", "/usr/local/lib/node_modules", "/usr/local/bin"),
        ("binary", "/go/bin", "/go/bin"),
        ("apt", "", ""),
    ],
)
def test_folders_of_programs(manager: str, where: str, folder: str) -> None:
    assert folder_of_programs(Installed(manager, "x", where, Place("", 1), 0, 1)) == folder


@pytest.mark.parametrize(
    ("source", "target", "path", "moved"),
    [
        ("/v", "/v", "/v/bin", "/v/bin"),
        ("/root/.local", "/home/app/.local", "/root/.local/bin", "/home/app/.local/bin"),
        ("v/", "/w", "/v/bin", "/w/bin"),
        ("/v/bin", "/usr/local/bin", "/v/bin", "/usr/local/bin"),
        ("/", "/", "/v/bin", "/v/bin"),
        ("/v", "/v", "/venv/bin", ""),
    ],
)
def test_where_a_copy_has_it(source: str, target: str, path: str, moved: str) -> None:
    assert moved_to(Copied(source, target), path) == moved


def test_folders_are_followed_from_stage_to_stage() -> None:
    build = build_of(
        "FROM python:3.12 AS a\nRUN pip install --user flask\n"
        "FROM python:3.12 AS b\nCOPY --from=a /root/.local /deps\n"
        "FROM python:3.12\nCOPY --from=b /deps /opt/deps\n"
    )
    assert {"/root/.local/bin", "/deps/bin", "/opt/deps/bin"} <= {*program_folders(build)}


@pytest.mark.parametrize(
    ("start", "missing"),
    [
        ("shop", True),
        ("python", False),
        ("./run", True),
        ("./there", False),
        ("bin/there", True),
        ("/app/there", False),
        ("/usr/bin/env", False),
    ],
)
def test_whether_a_script_is_missing(start: str, *, missing: bool) -> None:
    build = build_of(f'{PYTHON}CMD ["{start}"]\n', {"there": ""})
    assert script_is_missing(build, launch(build, start)) is missing


def test_nothing_is_missing_on_a_path_that_is_not_known() -> None:
    build = build_of(f'{PYTHON}ARG BIN\nENV PATH=$BIN\nCMD ["shop"]\n')
    assert not script_is_missing(build, launch(build, "shop"))


@pytest.mark.parametrize(
    ("lines", "skipped"),
    [
        ("RUN poetry install --no-root", 4),
        ("RUN poetry install --no-root\nRUN poetry install", 4),
        ("RUN poetry install\nRUN poetry install --no-root", 5),
        ("RUN uv sync --no-install-project", 4),
        ("RUN pip install .", None),
        ("RUN true", None),
    ],
)
def test_the_step_that_leaves_a_project_out(lines: str, skipped: int | None) -> None:
    (known,) = known_projects(build_of(f"{PYTHON}{lines}\n", {"pyproject.toml": PROJECT}))
    assert (known.project.name, known.folder) == ("shop", "/app")
    assert (known.skipped.place.line if known.skipped else None) == skipped


@pytest.mark.parametrize(
    ("text", "files", "some"),
    [
        ('require("./lib/a")', {"lib/a.js"}, True),
        ('import x from "./lib/a.js"', {"lib/a.ts"}, True),
        ('import("./lib")', {"lib/index.js"}, True),
        ('require("./lib/deep/a")', {"lib/"}, True),
        ('require("../lib/a")', {"lib/a.js"}, False),
        ('require("./lib/b")', {"lib/a.js"}, False),
        ('require("lib/a")', {"lib/a.js"}, False),
        ("", {"lib/a.js"}, False),
        ('require("./lib/a")', set(), False),
    ],
)
def test_whether_a_source_requires_one_of_them(text: str, files: set[str], *, some: bool) -> None:
    build = build_of(f"{PYTHON}", {"main.js": f"{text}\n", "notes.txt": 'require("./lib/a")'})
    assert requires_some(build, frozenset(files), (".js", ".ts")) is some
