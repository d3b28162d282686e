"""One container under way, as smoke sees it: its port, its output, how it ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline import commands, inspected
from pipeline.adapters.processes import Running
from pipeline.adapters.sigterm import ends_at_once
from pipeline.adapters.world import World
from pipeline.commands import ContainerRun, Engine
from pipeline.errors import EngineFailed
from pipeline.inspected import Address

_KILLED = 128 + signal.SIGKILL
_TO_END = 5.0  # seconds until the engine's command ends after its container
_LOOKS = 3  # for a container that is still being made when it is to go
_BETWEEN = 0.5  # seconds between two looks


@dataclass(frozen=True)
class Ended:
    """How a container ended. ``code`` above 128 is 128 + the signal's number."""

    code: int
    out_of_memory: bool


@dataclass(frozen=True)
class Stopped:
    """How it took SIGTERM: seconds until it ended, and whether SIGKILL had to end it."""

    seconds: float
    handled: bool
    killed: bool


@dataclass(frozen=True)
class Container:
    engine: Engine
    world: World
    run: ContainerRun
    process: Running

    @property
    def lines(self) -> list[str]:
        """Every line it wrote so far, both streams, in order."""
        return self.process.lines

    def address(self) -> Address | None:
        """Where it can be reached; None before it runs and after it ended."""
        return inspected.address(self._inspect(), self.run.port)

    def ended(self) -> Ended | None:
        """How it ended, or None while it runs."""
        code = self.process.wait(0.05)
        if code is None:
            return None
        state = self._inspect().get("State") or {}
        return Ended(int(state.get("ExitCode", code)), bool(state.get("OOMKilled")))

    def stop(self, grace: int) -> Stopped:
        """SIGTERM as Cloud Run sends it, then SIGKILL after ``grace`` seconds."""
        began = self.world.monotonic()
        at_once = ends_at_once(self._inspect())
        stop = commands.stop_container(self.engine, self.run.name, grace)
        kill = commands.kill_container(self.engine, self.run.name)
        self.world.run(kill if at_once else stop)
        self.process.wait(_TO_END)
        ended = self.ended()
        if ended is None:
            raise EngineFailed(
                "the engine did not stop the container",
                where=self.engine.path,
                remedy="run scripts/engine: it starts an engine that stopped",
            )
        killed = ended.code == _KILLED and not at_once
        return Stopped(self.world.monotonic() - began, handled=not at_once, killed=killed)

    def _inspect(self) -> Mapping[str, Any]:
        answer = self.world.run(commands.inspect_container(self.engine, self.run.name))
        return inspected.first(answer.output) if answer.ok else {}


@contextmanager
def container(engine: Engine, world: World, run: ContainerRun) -> Iterator[Container]:
    """Run a container and be rid of it afterwards, however this process ends."""
    call_off = world.guard(commands.remove_owned(engine, run.owner))
    process = world.start(commands.run_container(engine, run))
    try:
        yield Container(engine, world, run, process)
    finally:
        process.kill()  # first: a client that is gone starts nothing more
        process.wait(_TO_END)
        _remove(engine, world, run.name)
        call_off()  # not reached when this is interrupted: then the guard removes it


def _remove(engine: Engine, world: World, name: str) -> None:
    for _ in range(_LOOKS):
        is_there = world.run(commands.inspect_container(engine, name)).ok
        world.run(commands.remove_containers(engine, name))
        if is_there:
            return
        world.sleep(_BETWEEN)
