"""One start: does it listen in time, end before, or neither?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.adapters.container import Container, Ended, container
from pipeline.adapters.memory import Gauge
from pipeline.commands import ContainerRun
from pipeline.context import Context
from pipeline.errors import SmokeFailed
from pipeline.inspected import Address
from pipeline.steps.smoking.failing import did_not_run, mib

_EVERY = 0.05  # seconds between looks
_TO_START = 60.0  # seconds the engine may take before the container runs
_ENGINE_ITSELF = 125  # exit code of `docker run` when not the container failed


@dataclass(frozen=True)
class Start:
    """How one start went, ``seconds`` after the container ran.

    It listens, then there is an address; or it ended; or neither, and the time was up.
    """

    container: Container
    seconds: float
    address: Address | None = None
    ended: Ended | None = None
    gauge: Gauge | None = None

    @property
    def starved(self) -> str:
        """Said where a process was killed for memory, though not the first; or nothing."""
        if self.gauge is None or not self.gauge.look().kills:
            return ""
        return f"; out of memory, with a limit of {mib(self.container.run.memory)}"


@contextmanager
def a_start(context: Context, run: ContainerRun) -> Iterator[Start]:
    """Run a container until it listens, at most for ``startup.listen_within``."""
    with container(context.engine, context.world, run) as running:
        yield until_it_listens(running, context.config.startup.listen_within)


def until_it_listens(running: Container, within: float) -> Start:
    """Wait, at most ``within`` seconds from when the container runs."""
    world = running.world
    address, ended = _until_it_runs(running)
    began, gauge = world.monotonic(), running.gauge()
    while ended is None and address is not None:
        if world.listens(address):
            return Start(running, world.monotonic() - began, address, gauge=gauge)
        ended = running.ended()
        if world.monotonic() - began > within:
            break
        world.sleep(_EVERY)
    seconds = world.monotonic() - began
    if ended is not None and ended.seconds is not None:
        seconds = ended.seconds
    return Start(running, seconds, ended=ended, gauge=gauge)


def _until_it_runs(running: Container) -> tuple[Address | None, Ended | None]:
    world = running.world
    deadline = world.monotonic() + _TO_START
    while world.monotonic() < deadline:
        address = running.address()
        if address is not None:
            return address, None
        ended = running.ended()
        if ended is not None:
            if ended.code == _ENGINE_ITSELF:
                raise did_not_run(running)
            return None, ended
        world.sleep(_EVERY)
    raise SmokeFailed(
        f"the engine did not start it within {_TO_START:g} s",
        where=f"image {running.run.image[:19]}",
        remedy="look at the engine: scripts/engine starts one that stopped",
        lines=tuple(running.lines),
    )
