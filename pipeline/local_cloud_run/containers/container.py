"""One container, from ``run`` in the foreground to its removal."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import commands, inspected
from pipeline.adapters.sigterm import ends_at_once
from pipeline.commands import ContainerRun, Engine
from pipeline.errors import EngineFailed
from pipeline.inspected import Address
from pipeline.local_cloud_run.containers.output import pump
from pipeline.local_cloud_run.containers.processes import finish, spawn

GRACE = 10  # seconds between SIGTERM and SIGKILL (API facts §4.2)
_POLL = 0.02  # seconds
_KEPT_ERRORS = 20  # lines


@dataclass(frozen=True)
class Exit:
    """How a container ended. ``error`` is the engine's word when it could not run at all."""

    code: int
    out_of_memory: bool = False
    error: str = ""
    errors: tuple[str, ...] = ()  # the last lines of its stderr


class Container:
    """A container under way.

    ``ended`` is done as soon as it has ended; ``exit`` once it is also read out and removed.
    """

    def __init__(
        self, engine: Engine, run: ContainerRun, process: Process, emit: Callable[[str, str], None]
    ) -> None:
        self.name = run.name
        self._engine = engine
        self._port = run.port
        self._process = process
        self._emit = emit
        self._errors: deque[str] = deque(maxlen=_KEPT_ERRORS)
        self._stopping: asyncio.Task[None] | None = None
        self.ended: asyncio.Task[int] = asyncio.create_task(process.wait())
        self.exit: asyncio.Task[Exit] = asyncio.create_task(self._until_exit())

    @classmethod
    async def start(
        cls, engine: Engine, run: ContainerRun, emit: Callable[[str, str], None]
    ) -> Container:
        """Start it; each line of output goes to ``emit(log, line)``, log being stdout or stderr."""
        return cls(engine, run, await spawn(commands.run_container(engine, run)), emit)

    async def address(self) -> Address | None:
        """Where it can be reached, or None when it has no port or ended before it could."""
        while self._port and not self.exit.done():
            address = inspected.address(await self._inspect(), self._port)
            if address is not None:
                return address
            await asyncio.wait({self.exit}, timeout=_POLL)
        return None

    def stop(self) -> asyncio.Task[None]:
        """SIGTERM, 10 s, SIGKILL, in the background. The same task each time it is called."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())
        return self._stopping

    @property
    def stopping(self) -> bool:
        return self._stopping is not None

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(2 * GRACE):
                await self._ask_until_stopped()
        except (TimeoutError, EngineFailed):
            self._process.kill()  # the engine does not answer: let go of it
        await asyncio.wait({self.exit})

    async def _ask_until_stopped(self) -> None:
        """Ask again while there is nothing to stop: the engine is still creating the container."""
        while self._process.returncode is None:
            stop = commands.stop_container(self._engine, self.name, GRACE)
            kill = commands.kill_container(self._engine, self.name)
            at_once = ends_at_once(await self._inspect())
            stopped = await finish(kill if at_once else stop)
            await asyncio.wait({self.exit}, timeout=GRACE if stopped.ok else _POLL)

    async def _until_exit(self) -> Exit:
        await asyncio.gather(
            pump(_stream(self._process.stdout), self._on_output),
            pump(_stream(self._process.stderr), self._on_error),
        )
        code = await self.ended
        state: Mapping[str, Any] = {}
        with contextlib.suppress(EngineFailed):
            state = (await self._inspect()).get("State", {})
            await finish(commands.remove_containers(self._engine, self.name))
        errors = tuple(self._errors)
        error = str(state.get("Error", "")) if state else " ".join(errors)
        return Exit(code, bool(state.get("OOMKilled")), error, errors)

    def _on_output(self, line: str) -> None:
        self._emit("stdout", line)

    def _on_error(self, line: str) -> None:
        self._errors.append(line)
        self._emit("stderr", line)

    async def _inspect(self) -> Mapping[str, Any]:
        answer = await finish(commands.inspect_container(self._engine, self.name))
        return inspected.first(answer.output) if answer.ok else {}


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise EngineFailed(
            "a container was started without its output attached",
            remedy="stop the local Cloud Run, and start it again",
        )
    return stream
