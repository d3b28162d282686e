"""The builds there are, and those under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.commands import Engine
from pipeline.local_cloud_run.cloud_build import records
from pipeline.local_cloud_run.cloud_build.steps import Step, read_steps
from pipeline.local_cloud_run.cloud_build.worker import FailedError, Worker
from pipeline.local_cloud_run.values import BuildKey, Json, LogEntry

_KEPT = 1000
_AT_ONCE = 2


@dataclass
class Builds:
    """Belongs to one event loop. ``storage`` is the URL of Cloud Storage's API, or empty."""

    engine: Engine
    storage: str
    log: Callable[[LogEntry], None]
    now: Callable[[], datetime]
    held: dict[BuildKey, Json] = field(default_factory=dict)
    _under_way: dict[BuildKey, asyncio.Task[None]] = field(default_factory=dict)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    def create(self, key: BuildKey, body: Json) -> Json:
        """Queue a build. Raises ApiError, and then there is none."""
        build = records.accepted(body, key, self.now())
        steps = read_steps(build, key)
        self.held[key] = build
        self._forget()
        self._under_way[key] = asyncio.create_task(self._run(key, steps))
        self._under_way[key].add_done_callback(lambda _: self._under_way.pop(key, None))
        return build

    def get(self, key: BuildKey) -> Json:
        if key not in self.held:
            raise records.missing(key)
        return self.held[key]

    def newest_first(self, project: str, location: str) -> Iterator[Json]:
        for key, build in reversed(self.held.items()):
            if (key.project, key.location) == (project, location):
                yield build

    def cancel(self, key: BuildKey) -> Json:
        """End it, if it has not ended."""
        self.held[key] = records.ended(self.get(key), "CANCELLED", self.now())
        if task := self._under_way.get(key):
            task.cancel()
        return self.held[key]

    async def close(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: BuildKey, steps: list[Step]) -> None:
        def say(line: str) -> None:
            self.log(LogEntry(self.now(), key, "cloudbuild", line))

        async with self._places:
            build = self.held[key] = records.started(self.held[key], self.now())
            say(f'starting build "{key.build}"')
            status, more = await self._outcome(Worker(self.engine, self.storage, say), build, steps)
            self.held[key] = records.ended(self.held[key], status, self.now(), more)

    async def _outcome(self, worker: Worker, build: Json, steps: list[Step]) -> tuple[str, Json]:
        try:
            async with asyncio.timeout(records.limit(build)):
                return "SUCCESS", await worker.run(build, steps)
        except TimeoutError:
            worker.say("TIMEOUT")
            worker.say("ERROR: context deadline exceeded")
            return "TIMEOUT", {}
        except FailedError as error:
            return "FAILURE", error.more
        except Exception as error:  # noqa: BLE001 -- whatever it is, the build has ended
            worker.say(f"ERROR: {error}")
            return "INTERNAL_ERROR", {"statusDetail": str(error)}

    def _forget(self) -> None:
        """The oldest that have ended go, so that a long session stays small."""
        for key in list(self.held)[: max(len(self.held) - _KEPT, 0)]:
            if key not in self._under_way:
                del self.held[key]
