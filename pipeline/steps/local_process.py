"""A local Cloud Run in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.adapters.processes import Running
from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.world import World
from pipeline.commands import Command
from pipeline.errors import RehearsalFailed

_TO_COME_UP = 30.0  # seconds
_TO_END = 15.0  # seconds; a container has 10 of them after SIGTERM


@contextmanager
def local_process(world: World, config: Path, startup_limit: float) -> Iterator[str]:
    """Its address, HOST:PORT; gone afterwards. A container has ``startup_limit`` seconds to listen.

    Raises RehearsalFailed, with what it wrote, if it does not come up.
    """
    command = Command(
        (sys.executable, "-P", "-m", "pipeline", "local", "--port", "0", "--config", str(config),
         "--startup-limit", f"{startup_limit:g}"),
        # Its output is read here; on GitHub it is no stage of the run.
        env={"PYTHONUNBUFFERED": "1", "GITHUB_ACTIONS": ""},
    )  # fmt: skip
    process = world.start(command)
    try:
        yield _address(world, process)
    finally:
        process.terminate()
        process.wait(_TO_END)


def _address(world: World, process: Running) -> str:
    deadline = world.monotonic() + _TO_COME_UP
    announced = f"export {EMULATOR}="
    while world.monotonic() < deadline:
        for line in process.lines:
            if line.startswith(announced):
                return line.removeprefix(announced)
        if process.poll() is not None:
            break
        world.sleep(0.02)
    process.wait(1.0)
    raise RehearsalFailed(
        "the local Cloud Run did not come up",
        where="python -m pipeline local --port 0",
        remedy="mend what it says above",
        lines=process.lines,
    )
