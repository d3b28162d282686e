"""One container under way, as smoke sees it: its port, its output, how it ended."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline import commands
from pipeline.adapters.processes import Running
from pipeline.adapters.sigterm import ends_at_once
from pipeline.adapters.web import Address
from pipeline.adapters.world import World
from pipeline.commands import ContainerRun, Engine

_KILLED = 128 + signal.SIGKILL


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
        network = self._inspect().get("NetworkSettings") or {}
        bindings = (network.get("Ports") or {}).get(f"{self.run.port}/tcp") or []
        if not bindings:
            return None
        own = next((str(one["IPAddress"]) for one in (network.get("Networks") or {}).values()), "")
        return Address(int(bindings[0]["HostPort"]), own, self.run.port)

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
        ended = self.ended()
        killed = ended is not None and ended.code == _KILLED and not at_once
        return Stopped(self.world.monotonic() - began, handled=not at_once, killed=killed)

    def _inspect(self) -> dict[str, Any]:
        answer = self.world.run(commands.inspect_container(self.engine, self.run.name))
        return dict(json.loads(answer.output)[0]) if answer.ok else {}


@contextmanager
def container(engine: Engine, world: World, run: ContainerRun) -> Iterator[Container]:
    """Run a container and be rid of it afterwards, however this process ends."""
    call_off = world.guard(commands.remove_owned(engine, run.owner))
    process = world.start(commands.run_container(engine, run))
    try:
        yield Container(engine, world, run, process)
    finally:
        world.run(commands.remove_containers(engine, run.name))
        process.kill()
        call_off()
