"""The control plane: holds the state, sends it events and carries out the effects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.errors import PipelineError
from pipeline.local_cloud_run.containers.instances import Instances
from pipeline.local_cloud_run.containers.tasks import Tasks
from pipeline.local_cloud_run.front_end.sites import Sites
from pipeline.local_cloud_run.state import effects, secrets, texts
from pipeline.local_cloud_run.state.effects import CheckJob, RunTask, StartRevision
from pipeline.local_cloud_run.state.events import (
    Event,
    ImageResolved,
    JobChecked,
    RevisionFailed,
    RevisionReady,
    TaskEnded,
    TrafficApplied,
)
from pipeline.local_cloud_run.state.lookup import get_operation
from pipeline.local_cloud_run.state.model import step
from pipeline.local_cloud_run.state.resources import (
    Operation,
    State,
)
from pipeline.local_cloud_run.state.rpc import Code
from pipeline.local_cloud_run.values import LogEntry, RevisionKey, SecretRef, Site, StartFailure


@dataclass
class ControlPlane:
    """Belongs to one event loop. ``token`` gives that many random characters.

    ``secrets`` maps secret ids to values, for the variables that are filled from them.
    """

    instances: Instances
    tasks: Tasks
    sites: Sites
    log: Callable[[LogEntry], None]
    now: Callable[[], datetime]
    token: Callable[[int], str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    state: State = field(default_factory=State)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _starts: dict[RevisionKey, asyncio.Task[None]] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def nonce(self) -> str:
        return self.token(24)

    def uri(self, site: Site) -> str:
        """The address of a site, or "" when the service or the tag is gone."""
        service = self.state.services.get(site.key)
        tags = {routed.target.tag for routed in service.observed} if service else set()
        there = service is not None and (site.tag is None or site.tag in tags)
        return self.sites.uri(site) if there else ""

    def submit(self, event: Event) -> Operation | None:
        """Apply an event and begin its effects; the operation is returned as it then stands.

        Raises ApiError, and then nothing has changed.
        """
        result = step(self.state, event, self.now())
        self.state = result.state
        self._announce()
        for effect in result.effects:
            self._perform(effect)
        asked = result.operation
        return self.state.operations.get(asked.name, asked) if asked else None

    async def wait(self, name: str, seconds: float) -> Operation:
        """The operation once it is done, or as it is after that time. Raises NOT_FOUND."""
        try:
            async with asyncio.timeout(seconds):
                while not get_operation(self.state, name).done:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return get_operation(self.state, name)

    async def close(self) -> None:
        """Stop what is under way here; the instances are closed by their owner."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _announce(self) -> None:
        """Wake everybody who waits for a change, once."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StartRevision(spec, _):
                self._starts[spec.key] = self._spawn(self._start(effect))
            case effects.ApplyTraffic(key, generation):
                self.submit(TrafficApplied(key, generation))  # the router reads the state itself
            case effects.RetireRevision(key):
                if under_way := self._starts.pop(key, None):
                    under_way.cancel()
                self.instances.retire(key)
            case effects.DropSite(site):
                self._spawn(self.sites.drop(site))
            case effects.CheckJob():
                self._spawn(self._check(effect))
            case effects.RunTask():
                self._spawn(self._run_task(effect))
            case effects.StopExecution(key):
                self.tasks.stop(key)
            case effects.WriteLog(entry):
                self.log(entry)

    async def _start(self, effect: StartRevision) -> None:
        key = effect.spec.key
        try:
            failure = await self._bring_up(effect)
        except PipelineError as error:
            failure = StartFailure(error.what, "INTERNAL", Code.INTERNAL)
        del self._starts[key]
        self.submit(RevisionFailed(key, failure) if failure else RevisionReady(key))

    async def _bring_up(self, effect: StartRevision) -> StartFailure | None:
        spec = effect.spec
        image, absent = await self._look(spec.key.project, spec.image, effect.secrets)
        if image:
            self.submit(ImageResolved(spec.key, image))
        if absent:
            why = texts.revision_not_ready(spec.key.revision, absent.message)
            return replace(absent, message=why)
        filled = secrets.filled(effect.secrets, self.secrets)
        return await self.instances.deploy(replace(spec, image=image, env={**spec.env, **filled}))

    async def _check(self, effect: CheckJob) -> None:
        key, image = effect.key, ""
        try:
            image, absent = await self._look(key.project, effect.image, effect.secrets)
        except PipelineError as error:
            absent = StartFailure(error.what, "INTERNAL", Code.INTERNAL)
        self.submit(JobChecked(key, effect.generation, image, absent))

    async def _look(
        self, project: str, image: str, wanted: Mapping[str, SecretRef]
    ) -> tuple[str, StartFailure | None]:
        """The image pinned by digest, or "" without one; and what is not there, if anything."""
        found = await self.instances.resolve_image(image)
        if found is None:
            missing = texts.image_missing(image)
            return "", StartFailure(missing, "CONTAINER_MISSING", Code.NOT_FOUND)
        absent = secrets.absent(wanted, self.secrets)
        if absent is None:
            return found, None
        missing = texts.secret_missing(project, absent)
        return found, StartFailure(missing, "SECRETS_ACCESS_CHECK_FAILED")

    async def _run_task(self, effect: RunTask) -> None:
        spec = effect.spec
        env = {**spec.env, **secrets.filled(effect.secrets, self.secrets)}
        end = await self.tasks.run(replace(spec, env=env))
        self.submit(TaskEnded(spec.key, spec.index, spec.attempt, end))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task
