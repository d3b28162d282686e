"""Drives the pure state model: a clock of its own, effects kept, no process anywhere."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from pipeline.local_cloud_run.api import views
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.effects import (
    ApplyTraffic,
    Effect,
    StartRevision,
)
from pipeline.local_cloud_run.state.model import step
from pipeline.local_cloud_run.state.resources import (
    Operation,
    Service,
    State,
)
from pipeline.local_cloud_run.values import Json, RevisionKey, ServiceKey, Site, StartFailure

KEY = ServiceKey("p", "us-central1", "s")
LATEST = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}
FAILURE = StartFailure("it did not start")


def spec(image: str = "app:1", revision: str = "", **fields: object) -> Json:
    template: Json = {"containers": [{"image": image}]}
    return {"template": {**template, **({"revision": revision} if revision else {})}, **fields}


def pinned(revision: str, percent: int = 0, tag: str = "") -> Json:
    return {
        "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
        "revision": revision,
        **({"percent": percent} if percent else {}),
        **({"tag": tag} if tag else {}),
    }


def uri(site: Site) -> str:
    return f"http://{site.tag or 'main'}.{site.key.service}"


@dataclass
class Model:
    """``instant`` applies traffic as soon as the model asks for it, as the server does."""

    instant: bool = True
    state: State = field(default_factory=State)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    effects: list[Effect] = field(default_factory=list)
    nonces: count[int] = field(default_factory=count)

    def send(self, event: events.Event) -> Operation | None:
        self.now += timedelta(seconds=1)
        result = step(self.state, event, self.now)
        self.state = result.state
        self.effects += result.effects
        for effect in result.effects:
            if self.instant and isinstance(effect, ApplyTraffic):
                self.send(events.TrafficApplied(effect.key, effect.generation))
        asked = result.operation
        return self.state.operations.get(asked.name, asked) if asked else None

    def create(self, asked: Json | None = None, **more: object) -> Operation:
        return self._asked(
            events.CreateService(KEY, spec() if asked is None else asked, self.nonce(), **more)
        )

    def update(self, asked: Json, *paths: str, **more: object) -> Operation:
        wanted = paths or None
        return self._asked(events.UpdateService(KEY, asked, self.nonce(), wanted, **more))

    def ready(self, revision: str) -> None:
        self.send(events.RevisionReady(self.key(revision)))

    def fail(self, revision: str, failure: StartFailure = FAILURE) -> None:
        self.send(events.RevisionFailed(self.key(revision), failure))

    def serving(self, revision: str = "s-a") -> Model:
        """With a first revision that is ready and has the traffic."""
        self.create(spec(revision=revision))
        self.ready(revision)
        return self

    def nonce(self) -> str:
        return f"nonce-{next(self.nonces)}"

    def key(self, revision: str) -> RevisionKey:
        return RevisionKey(*KEY, revision)

    def operation(self, asked: Operation) -> Operation:
        return self.state.operations[asked.name]

    @property
    def service(self) -> Service:
        return self.state.services[KEY]

    @property
    def shown(self) -> Json:
        """The service as GET returns it, the caller's own copy."""
        return deepcopy(views.service(self.service, uri))

    @property
    def started(self) -> list[str]:
        return [each.spec.key.revision for each in self.effects if isinstance(each, StartRevision)]

    @property
    def split(self) -> list[tuple[str, int, str]]:
        """The traffic in force: revision, percent, tag."""
        return [
            (each.revision, each.target.percent, each.target.tag) for each in self.service.observed
        ]

    def _asked(self, event: events.Event) -> Operation:
        operation = self.send(event)
        assert operation is not None
        return operation
