"""The control plane: holds the state, sends it events and carries out the effects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.local_cloud_run.containers.instances import Instances
from pipeline.local_cloud_run.containers.tasks import Tasks
from pipeline.local_cloud_run.faults.faults import Faults
from pipeline.local_cloud_run.front_end.sites import Sites
from pipeline.local_cloud_run.needs import Needs
from pipeline.local_cloud_run.state import effects, texts
from pipeline.local_cloud_run.state.effects import CheckJob, RunTask, StandBy, StartRevision
from pipeline.local_cloud_run.state.events import (
    Event,
    ImageResolved,
    JobChecked,
    Report,
    Request,
    RevisionFailed,
    RevisionReady,
    StatusMoved,
    TaskEnded,
)
from pipeline.local_cloud_run.state.lookup import get_operation
from pipeline.local_cloud_run.state.model import step
from pipeline.local_cloud_run.state.resources import Operation, State
from pipeline.local_cloud_run.values import LogEntry, RevisionKey, Site, StartFailure, TaskEnd


@dataclass
class ControlPlane:
    """Belongs to one event loop. ``token`` gives that many random characters.

    ``secrets`` maps secret ids to values, for the variables that are filled from them. ``noted`` is
    called after every change.
    """

    instances: Instances
    tasks: Tasks
    sites: Sites
    log: Callable[[LogEntry], None]
    now: Callable[[], datetime]
    token: Callable[[int], str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    state: State = field(default_factory=State)
    faults: Faults = field(default_factory=Faults)
    noted: Callable[[], None] = lambda: None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _starts: dict[RevisionKey, asyncio.Task[None]] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._needs = Needs(self.instances, self.secrets)

    def nonce(self) -> str:
        return self.token(24)

    def uri(self, site: Site) -> str:
        """The address of a site, or "" when the service or the tag is gone."""
        service = self.state.services.get(site.key)
        tags = {routed.target.tag for routed in service.observed} if service else set()
        there = service is not None and (site.tag is None or site.tag in tags)
        return self.sites.uri(site) if there else ""

    def ports(self) -> dict[Site, int]:
        """The port of every address there is; from then on it is open."""
        for service in self.state.services.values():
            for tag in {None, *(routed.target.tag or None for routed in service.observed)}:
                self.sites.uri(Site(service.key, tag))
        return self.sites.ports()

    def submit(self, event: Event) -> Operation | None:
        """Apply an event and begin its effects; the operation is returned as it then stands.

        Raises ApiError, and then nothing has changed.
        """
        if is_asked := isinstance(event, Request):
            self._disturb(event)
        result = step(self.state, event, self.now())
        self.state = result.state
        self._announce()
        for effect in result.effects:
            self._perform(effect)
        if is_asked:
            self.faults.lose_reply()
        asked = result.operation
        return self.state.operations.get(asked.name, asked) if asked else None

    def _disturb(self, request: Request) -> None:
        """Let the faults strike before a request; raises ApiError."""
        self.faults.refuse()
        if key := self.faults.stale(request):
            self.submit(StatusMoved(key))

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
        self.noted()

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StartRevision(spec, _):
                self._starts[spec.key] = self._spawn(self._start(effect))
            case effects.StandBy():
                self._stand_by(effect)
            case effects.ApplyTraffic(key, generation):  # the router reads the state itself
                self._conclude(self.faults.of_traffic(key, generation))
            case effects.RetireRevision(key):
                self._retire(key)
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

    def _conclude(self, report: Report) -> None:
        """Tell the state how a change ended: at once, or when the faults let it."""
        hold = self.faults.held_up()
        if hold is None:
            self.submit(report)
        else:
            self._spawn(self._after(hold, report))

    async def _after(self, hold: Awaitable[None], report: Report) -> None:
        await hold
        self.submit(report)

    def _retire(self, key: RevisionKey) -> None:
        if under_way := self._starts.pop(key, None):
            under_way.cancel()
        self.instances.retire(key)

    def _stand_by(self, effect: StandBy) -> None:
        if self._needs.absent(effect.spec.key.project, effect.secrets) is None:  # else: a 500
            env = self._needs.filled(effect.spec.env, effect.secrets)
            self.instances.stand_by(replace(effect.spec, env=env))

    async def _start(self, effect: StartRevision) -> None:
        key = effect.spec.key
        failure = await self._bring_up(effect)
        del self._starts[key]
        self.submit(RevisionFailed(key, failure) if failure else RevisionReady(key))

    async def _bring_up(self, effect: StartRevision) -> StartFailure | None:
        spec = effect.spec
        image, absent = await self._needs.look(spec.key.project, spec.image, effect.secrets)
        if image:
            self.submit(ImageResolved(spec.key, image))
        if absent:
            why = texts.revision_not_ready(spec.key.revision, absent.message)
            return replace(absent, message=why)
        env = self._needs.filled(spec.env, effect.secrets)
        return await self.instances.deploy(replace(spec, image=image, env=env))

    async def _check(self, effect: CheckJob) -> None:
        key = effect.key
        image, absent = await self._needs.look(key.project, effect.image, effect.secrets)
        self._conclude(JobChecked(key, effect.generation, image, absent))

    async def _run_task(self, effect: RunTask) -> None:
        spec = effect.spec
        if absent := self._needs.absent(spec.key.project, effect.secrets):
            end = TaskEnd(exit_code=1, message=absent.message)
        else:
            env = self._needs.filled(spec.env, effect.secrets)
            end = await self.tasks.run(replace(spec, env=env))
        self.submit(TaskEnded(spec.key, spec.index, spec.attempt, end))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task
