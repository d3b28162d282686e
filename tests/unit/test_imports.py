"""Imports point one way: noxfile, stages, checks and commands, adapters; model and errors below."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline

ROOT = Path(pipeline.__file__).parent
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))

# What each part may import of the pipeline, beside itself. The longest name that fits counts.
ALLOWED = {
    "model": set(),
    "errors": set(),
    "payloads": set(),
    "answers": set(),
    "commands": set(),
    "inspected": set(),
    "release": {"model"},
    "watched": {"model"},
    "dockerfile": set(),
    "config": {"dockerfile.ids", "errors"},
    "catalogue": {"config.faults", "config.reading", "errors", "model"},
    "report": {"commands", "errors", "model", "watched"},
    "adapters": {
        "answers", "commands", "errors", "inspected", "model", "payloads", "config",
        "release.lease",
    },
    "checks": {
        "answers", "model", "payloads", "release", "watched", "adapters.logging.Entry",
        "adapters.web.Answer",
    },
    "context": {"adapters", "commands", "config", "release.lease", "report"},
    "steps": {
        "adapters", "checks", "commands", "config", "context", "dockerfile", "errors",
        "inspected", "model", "release", "watched",
    },
    "stages": {
        "adapters", "catalogue", "checks", "commands", "config", "context", "errors",
        "inspected", "model", "release", "report", "steps",
    },
    "stages.local": {
        "adapters", "config", "errors", "report", "steps.gcloud",
        "local_cloud_run.faults.plan", "local_cloud_run.server", "local_cloud_run.values",
    },
    "local_cloud_run": {
        "adapters.processes", "adapters.sigterm", "adapters.world", "commands", "errors",
        "inspected", "report.harmless", "report.masking",
    },
    "command_line": {"errors"},
    "__main__": {
        "adapters.world", "catalogue", "command_line", "config", "context", "errors", "report",
        "stages",
    },
    "__init__": set(),
}  # fmt: skip

LEAVES = {"model.py", "errors.py", "commands.py", "inspected.py", "release"}
PURE = {("local_cloud_run", name) for name in ("state", "messages.py", "values.py")}
EFFECTS = {"subprocess", "socket", "asyncio", "requests", "google", "aiohttp", "urllib3", "http"}


def imported(file: Path) -> Iterator[str]:
    """Full names of what a file imports, inside functions too."""
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(file: Path) -> str:
    name = ".".join(file.with_suffix("").parts)
    return max((part for part in ALLOWED if within(name, part)), key=len, default="nowhere")


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_imports_only_what_is_below_it(file: Path) -> None:
    part = part_of(file)
    home = part.split(".")[0]
    ours = [name.removeprefix("pipeline.") for name in imported(file) if within(name, "pipeline")]
    upward = [
        name
        for name in ours
        if not any(within(name, allowed) for allowed in {home, *ALLOWED[part]})
    ]

    assert not upward


@pytest.mark.parametrize("file", FILES, ids=str)
def test_only_adapters_and_the_local_cloud_run_touch_the_world(file: Path) -> None:
    is_pure = file.parts[:2] in PURE or file.parts[0] not in {"adapters", "local_cloud_run"}
    if is_pure:
        assert not {name for name in imported(file) if name.split(".")[0] in EFFECTS}


@pytest.mark.parametrize(
    "leaf",
    [file for file in FILES if file.parts[0] in LEAVES],
    ids=str,
)
def test_a_leaf_needs_nothing_that_has_to_be_installed(leaf: Path) -> None:
    roots = {name.split(".")[0] for name in imported(leaf)}

    assert roots <= sys.stdlib_module_names | {"pipeline", "__future__"}


def test_every_rule_has_a_file() -> None:
    assert {part_of(file) for file in FILES} == set(ALLOWED)
