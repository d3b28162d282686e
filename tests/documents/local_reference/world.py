"""A world for the state model in which everything asked for happens at once, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pipeline.local_cloud_run.api import rest_v2
from pipeline.local_cloud_run.state import effects, events
from pipeline.local_cloud_run.state.lookup import get_operation
from pipeline.local_cloud_run.state.model import step
from pipeline.local_cloud_run.state.resources import Operation, State
from pipeline.local_cloud_run.state.rpc import Code
from pipeline.local_cloud_run.values import Json, Site, StartFailure, TaskEnd

PLACE = "projects/p/locations/us-central1"
_PINNED = "app@sha256:1"
_FAILED = TaskEnd(1, message="The container exited with an error.")
BROKEN, ABSENT = "broken", "absent"
"""Images that never start, and that nobody has."""

_FAILURES = {
    BROKEN: StartFailure("It did not start."),
    ABSENT: StartFailure("It is not there.", "CONTAINER_MISSING", Code.NOT_FOUND),
}


@dataclass
class World:
    """Stands where the control plane does. It keeps what it was asked to do."""

    state: State = field(default_factory=State)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    told: list[events.Event] = field(default_factory=list)
    asked: list[effects.Effect] = field(default_factory=list)
    begun: list[effects.RunTask] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    _nonces: int = 0

    def call(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        """What the API answers. Raises ApiError."""
        answer = rest_v2.answer(self, method, f"{PLACE}/{path}", query, body or {})  # type: ignore[arg-type]
        return asyncio.run(answer)

    def nonce(self) -> str:
        self._nonces += 1
        return f"nonce-{self._nonces}"

    def uri(self, site: Site) -> str:
        return f"http://{site.tag or 'main'}.{site.key.service}"

    async def wait(self, name: str, seconds: float) -> Operation:
        self.waits.append(seconds)
        return get_operation(self.state, name)

    def submit(self, event: events.Event) -> Operation | None:
        self.now += timedelta(seconds=1)
        self.told.append(event)
        result = step(self.state, event, self.now)
        self.state = result.state
        for effect in result.effects:
            self.asked.append(effect)
            self._happens(effect)
        asked = result.operation
        return self.state.operations.get(asked.name, asked) if asked else None

    def end(self, tasks: list[effects.RunTask], end: TaskEnd = _FAILED) -> None:
        """End attempts that run; those that they lead to are in ``begun`` afterwards."""
        for task in tasks:
            self.begun.remove(task)
            self.submit(events.TaskEnded(task.spec.key, task.spec.index, task.spec.attempt, end))

    def _happens(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StartRevision(spec, _) if spec.image in _FAILURES:
                self.submit(events.RevisionFailed(spec.key, _FAILURES[spec.image]))
            case effects.StartRevision(spec, _):
                self.submit(events.ImageResolved(spec.key, _PINNED))
                self.submit(events.RevisionReady(spec.key))
            case effects.ApplyTraffic(key, generation):
                self.submit(events.TrafficApplied(key, generation))
            case effects.CheckJob(key, generation, image, _) if image in _FAILURES:
                failure = _FAILURES[image]
                self.submit(events.JobChecked(key, generation, failure=failure))
            case effects.CheckJob(key, generation, _, _):
                self.submit(events.JobChecked(key, generation, _PINNED))
            case effects.RunTask():
                self.begun.append(effect)
            case effects.StopExecution(key):
                self.end([task for task in self.begun if task.spec.key == key])
