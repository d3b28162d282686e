"""The instances of every revision: real containers, started on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from pipeline import commands
from pipeline.commands import Engine
from pipeline.errors import PipelineError
from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.containers import images
from pipeline.local_cloud_run.containers.container import Container
from pipeline.local_cloud_run.containers.fleet import Fleet, Instance, NotServedError
from pipeline.local_cloud_run.containers.launch import Launcher, Started
from pipeline.local_cloud_run.containers.processes import finish
from pipeline.local_cloud_run.values import (
    Census,
    InstanceSpec,
    LogEntry,
    Refusal,
    RevisionKey,
    StartFailure,
)

_NOT_FOUND, _INTERNAL = 5, 13  # google.rpc.Code
_T = TypeVar("_T")


class Instances:
    """Starts, leases and stops instances. All methods belong to one event loop.

    ``owner`` labels the containers, so that a guard can remove them when this process is killed.
    ``startup_limit`` and ``idle_after`` are seconds; without a limit the probe's own holds.
    """

    def __init__(
        self,
        engine: Engine,
        owner: str,
        log: Callable[[LogEntry], None],
        now: Callable[[], datetime],
        *,
        startup_limit: float | None = None,
        idle_after: float = 900.0,
        before_start: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._engine = engine
        self._owner = owner
        self._idle_after = idle_after
        self._before_start = before_start
        self._launcher = Launcher(engine, owner, log, now, self._keep, startup_limit)
        self._images: dict[str, images.Found] = {}  # by digest-pinned reference
        self._fleets: dict[RevisionKey, Fleet] = {}
        self._containers: set[Container] = set()
        self._starts: set[asyncio.Task[StartFailure | None]] = set()
        self._drains: set[asyncio.Task[None]] = set()
        self._closed = False

    async def resolve_image(self, image: str) -> str | None:
        """``NAME@sha256:…`` for a reference, or None when there is no such image.

        Raises EngineFailed when the engine cannot be asked.
        """
        found = await images.find(self._engine, image)
        if found is None:
            return None
        self._images[found.pinned] = found
        return found.pinned

    async def deploy(self, spec: InstanceSpec) -> StartFailure | None:
        """Start a revision's first instance and keep it; None once it is ready.

        The start goes on when the caller is cancelled; ``retire`` ends what it has begun. The rest
        of ``min_instances`` follow in the background.
        """
        fleet = self._fleet(spec)
        failure = await asyncio.shield(self._spawn(fleet.grow(messages.DEPLOYMENT)))
        if failure is None:
            for _ in range(1, spec.min_instances):
                self._spawn(fleet.grow(messages.MIN_INSTANCES))
        elif self._fleets.get(spec.key) is fleet:
            del self._fleets[spec.key]
        return failure

    def stand_by(self, spec: InstanceSpec) -> None:
        """Start instances of a revision on demand, and ``min_instances`` of them at once."""
        fleet = self._fleet(spec)
        for _ in range(spec.min_instances):
            self._spawn(fleet.grow(messages.MIN_INSTANCES))

    @asynccontextmanager
    async def lease(self, key: RevisionKey) -> AsyncIterator[Instance]:
        """An instance for one request. Raises NotServedError with the answer to give."""
        fleet = self._fleets.get(key)
        if fleet is None or self._closed:
            raise NotServedError(Refusal(500, messages.COULD_NOT_START))
        instance = await fleet.take()
        try:
            yield instance
        finally:
            fleet.give_back(instance)

    def census(self) -> dict[RevisionKey, Census]:
        """Who is there, by revision."""
        return {key: fleet.census() for key, fleet in self._fleets.items()}

    def retire(self, key: RevisionKey) -> None:
        """The revision is deleted: its requests finish, then its instances stop."""
        fleet = self._fleets.pop(key, None)
        if fleet is not None:
            _track(fleet.retire(), self._drains)

    async def close(self) -> None:
        """Stop every container, in parallel: SIGTERM, 10 s, SIGKILL. Returns when all are gone."""
        self._closed = True
        for fleet in self._fleets.values():
            fleet.refuse()
        while self._containers or self._starts:
            stops = [container.stop() for container in self._containers]
            await asyncio.wait([*stops, *self._starts], return_when=asyncio.FIRST_COMPLETED)
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)
        await finish(commands.remove_owned(self._engine, self._owner))

    async def _start(self, spec: InstanceSpec, reason: str) -> Started | StartFailure:
        try:
            if self._before_start:
                await self._before_start()
            image = self._images.get(spec.image) or await images.find(self._engine, spec.image)
            if image is None:
                text = messages.image_missing(spec.image)
                return StartFailure(text, reason="CONTAINER_MISSING", code=_NOT_FOUND)
            if self._closed:
                return StartFailure(messages.start_failed(spec))
            return await self._launcher.launch(spec, image, reason)
        except PipelineError as error:
            return StartFailure(error.what, reason="INTERNAL", code=_INTERNAL)

    def _fleet(self, spec: InstanceSpec) -> Fleet:
        fleet = Fleet(spec, lambda reason: self._start(spec, reason), self._spawn, self._idle_after)
        self._fleets[spec.key] = fleet
        return fleet

    def _keep(self, container: Container) -> None:
        self._containers.add(container)
        container.exit.add_done_callback(lambda _: self._containers.discard(container))
        if self._closed:
            container.stop()

    def _spawn(
        self, start: Coroutine[Any, Any, StartFailure | None]
    ) -> asyncio.Task[StartFailure | None]:
        return _track(start, self._starts)


def _track(work: Coroutine[Any, Any, _T], tasks: set[asyncio.Task[_T]]) -> asyncio.Task[_T]:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task
