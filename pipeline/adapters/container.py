"""One container under way, as smoke sees it: its port, its output, how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline import commands
from pipeline.adapters.world import Running, World
from pipeline.commands import ContainerRun, Engine


@dataclass(frozen=True)
class Ended:
    """How a container ended. ``code`` above 128 is 128 + the signal's number."""

    code: int
    out_of_memory: bool


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

    def host_port(self) -> int | None:
        """The loopback port that leads to it; None before it runs and after it ended."""
        state = self._inspect()
        published = (state.get("NetworkSettings") or {}).get("Ports") or {}
        bindings = published.get(f"{self.run.port}/tcp") or []
        return int(bindings[0]["HostPort"]) if bindings else None

    def ended(self) -> Ended | None:
        """How it ended, or None while it runs."""
        code = self.process.wait(0.05)
        if code is None:
            return None
        state = self._inspect().get("State") or {}
        return Ended(int(state.get("ExitCode", code)), bool(state.get("OOMKilled")))

    def stop(self, seconds: int) -> float:
        """SIGTERM, then SIGKILL after ``seconds``; how long it took."""
        began = self.world.monotonic()
        self.world.run(commands.stop_container(self.engine, self.run.name, seconds))
        return self.world.monotonic() - began

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
