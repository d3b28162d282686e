"""The local Cloud Run's state model with neither containers nor sockets: effects take their time.

Each event, a caller's or one from inside, goes through ``step``; then ``watch`` looks at it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pipeline.adapters.logging import Entry
from pipeline.checks.revision import RELEASE_LABEL
from pipeline.local_cloud_run.state import effects, events
from pipeline.local_cloud_run.state.lookup import get_service
from pipeline.local_cloud_run.state.model import step
from pipeline.local_cloud_run.state.resources import Operation, Service, State
from pipeline.local_cloud_run.state.rpc import Code
from pipeline.local_cloud_run.values import ServiceKey, StartFailure, TaskEnd
from tests.simulation import revisions
from tests.simulation.front import KEY, Front, Log
from tests.simulation.history import History
from tests.simulation.plan import Nature, Plan, Routing
from tests.simulation.timeline import Timeline

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
LATE = Code.INTERNAL, "PROGRESS_DEADLINE_EXCEEDED"

_KEPT = 6  # states of the service that a stale read may show
_TAKES = {
    Routing.PROMPT: 3.0, Routing.SLOW: 60.0, Routing.LATE: 400.0, Routing.FAILS: 3.0,
}  # fmt: skip
_STARTS = {Nature.SLOW_START: 200.0, Nature.STUCK: 600.0}


@dataclass
class Cloud:
    """One project with one service. ``watch`` is told after every event.

    ``written`` is told of every write that was accepted: whose it was, and the service before;
    ``deleting`` of every revision that somebody asks to delete.
    """

    plan: Plan
    time: Timeline
    history: History
    chance: random.Random
    watch: Callable[[], None] = lambda: None
    written: Callable[[str, Service | None], None] = lambda *_: None
    deleting: Callable[[str, str], None] = lambda *_: None
    state: State = field(default_factory=State)
    earlier: list[Service] = field(default_factory=list)
    is_prepared: bool = False  # from then on the plan's natures and routings are given out
    messages: deque[tuple[Any, Any, Any]] = field(default_factory=lambda: deque(maxlen=8))
    front: Front = field(init=False)
    _natures: count[int] = field(default_factory=count)
    _routings: count[int] = field(default_factory=count)
    _tasks: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.front = Front(self, Log(self.plan.log_lag, self.plan.log_fails))

    @property
    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.time.now)

    @property
    def service(self) -> Service | None:
        return self.state.services.get(KEY)

    def begin(self) -> None:
        """From now on users come, and the plan's natures and routings are given out."""
        self.is_prepared, self.front.users_until = True, self.time.now

    def calm_down(self) -> None:
        """No more disturbances: what is made from now on is sound, and the log can be read."""
        self.plan = replace(self.plan, watch=min(self.plan.watch, 8.0))
        self.is_prepared, self.front.log.lag, self.front.log.fails = False, 1.0, False

    def nonce(self) -> str:
        return f"{self.chance.getrandbits(64):x}"

    def submit(self, event: events.Event) -> Operation | None:
        """Apply an event and begin its effects. Raises ApiError, and then nothing has changed."""
        self.front.let_users_in()
        before = self.service
        result = step(self.state, event, self.now)
        self.state = result.state
        if isinstance(event, events.SetPolicy):
            self.front.open_at = self.time.now + self.chance.uniform(0, 30)
        if before is not None and before is not self.service:
            self.earlier = [*self.earlier[-_KEPT:], before]
        for effect in result.effects:
            self._perform(effect)
        self.front.see_who_is_met()
        self.watch()
        asked = result.operation
        return self.state.operations.get(asked.name, asked) if asked else None

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StartRevision():
                self._start(effect)
            case effects.ApplyTraffic(key, generation):
                self._route(key, generation)
            case effects.CheckJob(key, generation, image):
                checked = events.JobChecked(key, generation, image)
                self.time.after(self.chance.uniform(0.1, 2), lambda: self._told(checked))
            case effects.RunTask(spec):
                is_bad = self.plan.job_fails and next(self._tasks) == 0
                end = TaskEnd(1, message="The container exited with an error.")
                over = events.TaskEnded(
                    spec.key, spec.index, spec.attempt, end if is_bad else TaskEnd()
                )
                line = Entry(self.now, "stdout", "migrated", "INFO", "", id=spec.key.execution)
                self.front.log.of(spec.key.execution).append(line)
                self.time.after(self.chance.uniform(1, 20), lambda: self._told(over))
            case _:  # nothing runs that could be stopped, and the audit log is not looked at
                pass

    def _start(self, effect: effects.StartRevision) -> None:
        spec, nature = effect.spec, Nature.WELL
        made = self.state.services[KEY].revisions.get(spec.key.revision)
        if self.is_prepared and made and RELEASE_LABEL in made.template.get("labels", {}):
            number = next(self._natures)
            nature = self.plan.natures[number] if number < len(self.plan.natures) else nature
        self.front.revisions.natures[spec.key.revision] = nature
        took = _STARTS.get(nature, self.chance.uniform(0.5, 6))
        begun = self.now

        def is_up() -> None:
            lines = revisions.of_start(spec, nature, begun, took)
            self.front.log.of(spec.key.revision).extend(lines)
            if nature in (Nature.FAILS, Nature.STUCK):
                failure = StartFailure("The user-provided container failed to start and listen")
                self._told(events.RevisionFailed(spec.key, failure))
            else:
                self._told(events.ImageResolved(spec.key, spec.image))
                self._told(events.RevisionReady(spec.key))

        self.time.after(took, is_up)

    def _route(self, key: ServiceKey, generation: int) -> None:
        number = next(self._routings) if self.is_prepared else len(self.plan.routing)
        routing = self.plan.routing[number] if number < len(self.plan.routing) else Routing.PROMPT
        done: events.Event = events.TrafficApplied(key, generation)
        if routing is Routing.FAILS:
            code, reason = LATE
            done = events.TrafficFailed(key, generation, StartFailure("no route", reason, code))
        if routing is not Routing.NEVER:
            takes = self.chance.uniform(0.1, 1) * _TAKES[routing]
            self.time.after(takes, lambda: self._told(done))

    def _told(self, event: events.Event) -> None:
        """A report from the inside."""
        before = self.service
        self.submit(event)
        after = self.service
        if after is not None and (before is None or before.observed != after.observed):
            self.history.add("cloud", f"serves {shown(after)}")

    def held(self) -> Service:
        """Raises NOT_FOUND."""
        return get_service(self.state, KEY)


def percents(service: Service) -> dict[str, int]:
    """The split that is asked for, by name."""
    split: dict[str, int] = {}
    for target in service.spec["traffic"]:
        name = target.get("revision") or service.latest_ready
        if target.get("percent"):
            split[name] = split.get(name, 0) + target["percent"]
    return split


def serving(service: Service) -> dict[str, int]:
    """The split in force, by name."""
    split: dict[str, int] = {}
    for routed in service.observed:
        if routed.target.percent:
            split[routed.revision] = split.get(routed.revision, 0) + routed.target.percent
    return split


def is_latest_behind(service: Service) -> bool:
    """Whether LATEST still leads to another revision than to the one that is ready since."""
    return any(
        one.target.revision is None and one.revision != service.latest_ready
        for one in service.observed
    )


def tags(service: Service) -> set[str]:
    return {target["tag"] for target in service.spec["traffic"] if target.get("tag")}


def shown(service: Service) -> str:
    split = ", ".join(f"{name} {percent} %" for name, percent in serving(service).items())
    return split or "nothing"
