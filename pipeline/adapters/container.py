"""One container under way, as smoke sees it: its port, its output, how it ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline import commands, inspected
from pipeline.adapters import cpu
from pipeline.adapters.memory import INSIDE, Gauge, Memory, gauge_of, read_memory
from pipeline.adapters.proc import folder_of
from pipeline.adapters.processes import Running
from pipeline.adapters.sigterm import ends_at_once
from pipeline.adapters.sockets import TABLES, Listener, listeners, read_tables
from pipeline.adapters.world import World
from pipeline.commands import Command, ContainerRun, Engine
from pipeline.errors import EngineFailed
from pipeline.inspected import Address

_KILLED = 128 + signal.SIGKILL
_TO_END = 5.0  # seconds until the engine's command ends after its container
_LOOKS = 3  # for a container that is still being made when it is to go
_BETWEEN = 0.5  # seconds between two looks
_LONGEST_NAME = 40  # characters; a program may call itself anything
_TO_LOOK = 5.0  # seconds that a look into a container may take


@dataclass(frozen=True)
class Ended:
    """How a container ended. ``code`` above 128 is 128 + the signal's number.

    ``out_of_memory`` is true also where only a child of its first process was killed for it;
    ``seconds`` is how long it ran, where the engine says so.
    """

    code: int
    out_of_memory: bool
    seconds: float | None = None


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
        return inspected.address(self.inspect(), self.run.port) if self.run.port else None

    def ended(self, within: float = 0.05) -> Ended | None:
        """How it ended, or None while it runs. Its end may be known so many seconds later."""
        code = self.process.wait(within)
        if code is None:
            return None
        found = self.inspect()
        state, seconds = found.get("State") or {}, inspected.ran_for(found)
        return Ended(int(state.get("ExitCode", code)), bool(state.get("OOMKilled")), seconds)

    def stop(self, grace: int) -> Stopped:
        """SIGTERM as Cloud Run sends it, then SIGKILL after ``grace`` seconds."""
        began = self.world.monotonic()
        at_once = ends_at_once(self.inspect())
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

    def listeners(self) -> tuple[Listener, ...] | None:
        """What listens in it, by its own socket table; None where that cannot be read."""
        process = folder_of(self.inspect())
        found = listeners(read_tables(process)) if process else None
        return listeners(self._inside("cat", *TABLES)) if found is None else found

    def programs(self) -> tuple[str, ...]:
        """Names of the programs that run in it; empty where the engine cannot say."""
        table = self._answer(commands.processes_of(self.engine, self.run.name)).splitlines()
        columns = len(table[0].split()) if table else 0
        rows = (line.split(None, columns - 1) for line in table[1:] if columns)
        names = (row[-1].split()[0].rpartition("/")[2] for row in rows if len(row) == columns)
        return tuple(name[:_LONGEST_NAME] for name in names)

    def gauge(self) -> Gauge | None:
        """Begin to watch its memory from here; None where that cannot be seen."""
        return gauge_of(self.inspect())

    def memory(self) -> Memory:
        """Its memory now, looked up inside."""
        return read_memory(self._inside("cat", *INSIDE))

    def throttled(self) -> float | None:
        """Seconds for which its CPU limit held it back up to now; None is unknown."""
        seconds = cpu.throttled(self.inspect())
        if seconds is not None:
            return seconds
        return cpu.read_throttled(self._inside("cat", *cpu.INSIDE))

    def written(self) -> int:
        """Bytes of files that it wrote or changed: on Cloud Run they count as memory."""
        size = self.inspect("--size").get("SizeRw")
        return int(size) if isinstance(size, int) else 0

    def inspect(self, *options: str) -> Mapping[str, Any]:
        """What the engine says of it; empty where there is no such container."""
        command = commands.inspect_container(self.engine, self.run.name, *options)
        answer = self.world.run(command)
        return inspected.first(answer.output) if answer.ok else {}

    def _inside(self, *argv: str) -> str:
        return self._answer(commands.exec_in(self.engine, self.run.name, *argv))

    def _answer(self, command: Command) -> str:
        """What a command says that a hostile container could keep from ever ending."""
        asked = self.world.start(command)
        if asked.wait(_TO_LOOK) is None:
            asked.kill()
        return "\n".join(asked.lines)


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
