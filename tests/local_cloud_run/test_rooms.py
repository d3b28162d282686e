"""The rooms of the local Cloud Run: the state is pure, and imports point one way."""

from __future__ import annotations

from pathlib import Path

import pytest

import pipeline.local_cloud_run
from tests.unit.test_imports import imported

ROOT = Path(next(iter(pipeline.local_cloud_run.__path__)))
HOME = "pipeline.local_cloud_run."
MAY_IMPORT = {
    "values": set(),
    "messages": {"values"},
    "state": {"messages", "values"},
    "containers": {"messages", "values"},
    "front_end": {"containers", "messages", "values"},
    "faults": {"state", "values"},
    "persistence": {"state", "values"},
    "needs": {"containers", "state", "values"},
    "control": {"containers", "faults", "front_end", "needs", "state", "values"},
    "cloud_build": {"containers", "state", "values"},
    "api": {"cloud_build", "control", "faults", "messages", "state", "values"},
    "console": {"api", "control", "state", "values"},
    "server": {
        "api",
        "cloud_build",
        "console",
        "containers",
        "control",
        "faults",
        "front_end",
        "persistence",
        "state",
        "values",
    },
    "__init__": set(),
}
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_room_imports_only_those_below_it(file: Path) -> None:
    room = file.with_suffix("").parts[0]
    names = imported(Path("local_cloud_run", file))
    ours = {name.removeprefix(HOME).split(".")[0] for name in names if name.startswith(HOME)}
    assert ours <= {room, *MAY_IMPORT[room]}


@pytest.mark.parametrize("file", [file for file in FILES if file.parts[0] == "state"], ids=str)
def test_the_state_knows_no_clock_no_chance_and_no_world(file: Path) -> None:
    effects = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "time", "aiohttp"}
    names = set(imported(Path("local_cloud_run", file)))
    assert not effects & {name.split(".")[0] for name in names}
    assert not any(name.startswith("pipeline.adapters") for name in names)
