"""A Cloud Run in memory, and a context around it in which the real stages run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.logging import Entry
from pipeline.adapters.processes import Finished
from pipeline.adapters.template import Settings
from pipeline.adapters.web import Answer
from pipeline.adapters.world import World
from pipeline.commands import SOURCE_LABEL, Command, Engine
from pipeline.config import load_config
from pipeline.context import Context, Options
from pipeline.errors import (
    ApiUnreachable,
    ChangedMeanwhile,
    PermissionMissing,
    PipelineError,
    RevisionFailed,
    ServiceMissing,
)
from pipeline.model import Revision, Service, Target, live_split
from pipeline.release.candidate import candidate_of
from pipeline.release.lease import Holder
from pipeline.report.terminal import Report
from pipeline.steps.probing import AGENT

IMAGE = "sha256:" + "0" * 64
LATEST = Target(None, 100)
ME = Holder("process:here:1", "somebody at a machine")
THEIRS = Target("agents-old", 0, "theirs")
CONFIG = """\
service: agents
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents
run: {allow_unauthenticated: true}
health: {expect: {}}
traffic: {steps: [50, 100], step_time: 4s, watch: 6s}
"""
NOBODY = Service(
    name="agents", uri="https://agents", etag="0", reconciling=False, ready=True, message="",
    latest_created="", latest_ready="", image="", traffic=(), serving=(), annotations={},
)  # fmt: skip


@dataclass
class Cloud:
    """One service as Cloud Run keeps it.

    ``disturb`` is told of every call before and after its effect, and may raise or change things.
    ``sick`` revisions answer 503, and ``broken`` ones do not start. ``met`` is every revision that
    users could have met before its verdict was a pass.
    """

    service: Service | None = None
    held: dict[str, Revision] = field(default_factory=dict)
    public: bool = False
    sick: set[str] = field(default_factory=set)
    broken: bool = False
    image: str = IMAGE  # what build finds in the engine
    trusted: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    name: str = "agents"
    disturb: Callable[[str, str], None] = lambda call, when: None
    answered: dict[str, str] = field(default_factory=dict)
    chance: Iterator[int] = field(default_factory=count)
    clock: list[float] = field(default_factory=lambda: [0.0])
    propagates: float = 0.0  # seconds until a policy that was written holds
    log_lag: float = 0.0  # seconds until a log entry can be read
    writes: list[str] = field(default_factory=list)  # lines that every revision wrote
    entries: list[Entry] = field(default_factory=list)  # more that is in the log of each
    opened: float = 0.0

    def found(self) -> Service:
        if self.service is None:
            raise ServiceMissing("agents does not exist", remedy="deploy")
        return self.service

    @property
    def split(self) -> dict[str, int]:
        return live_split(self.found())

    @property
    def tags(self) -> set[str]:
        return {one.tag for one in self.found().traffic if one.tag}

    def store(self, service: Service) -> Service:
        """Keep a changed service, and let what it serves follow what it asks for."""
        service = replace(service, etag=str(int(service.etag) + 1))
        named = {one.revision or service.latest_ready for one in service.traffic}
        if named <= {name for name, one in self.held.items() if one.ready}:
            serving = tuple(
                replace(one, uri=f"https://{one.tag}---agents" if one.tag else "")
                for one in service.traffic
            )
            service = replace(service, serving=serving)
        self.service = service
        self._note_who_is_met()
        return service

    def ask(self, *traffic: Target) -> None:
        """Somebody sets traffic by hand."""
        self.store(replace(self.found(), traffic=traffic))

    def add(self, name: str, settings: Settings | None = None, *, ready: bool = True) -> None:
        image = settings.image if settings else f"image@{IMAGE}"
        labels = settings.labels if settings else {}
        made = datetime(2026, 1, 1, tzinfo=UTC)
        self.held[name] = Revision(name, image, made, ready, "", labels)

    def _note_who_is_met(self) -> None:
        candidate = candidate_of(self.found())
        if candidate is not None and candidate.is_verified:
            self.trusted.add(candidate.revision)
        if self.public:
            self.met |= self.split.keys() - self.trusted

    # What the stages call, as the adapter has it.

    def find(self) -> Service | None:
        return self._call("find", lambda: self.service)

    def get(self) -> Service:
        return self._call("get", self.found)

    def create(self, settings: Settings, notes: Mapping[str, str]) -> Service:
        def effect() -> Service:
            assert self.service is None
            self.service = replace(NOBODY, traffic=(LATEST,))
            return self._write(self.service, Change(settings, None, notes))

        return self._call("create", effect)

    def update(self, seen: Service, change: Change) -> Service:
        return self._call("update", lambda: self._write(seen, change))

    def revision(self, name: str) -> Revision | None:
        return self._call("revision", lambda: self.held.get(name))

    def revisions(self) -> Sequence[Revision]:
        return self._call("revisions", lambda: list(self.held.values())[::-1])

    def delete_revision(self, name: str) -> None:
        self._call("delete_revision", lambda: self.held.pop(name, None))

    def is_public(self, service: Service) -> bool:
        return self._call("is_public", lambda: self.public)

    def make_public(self) -> None:
        def effect() -> None:
            self.public, self.opened = True, self.clock[0] + self.propagates
            self._note_who_is_met()

        return self._call("make_public", effect)

    def make_private(self) -> None:
        def effect() -> None:
            self.public = False

        return self._call("make_private", effect)

    def hurried(self) -> Cloud:
        return self

    def _call(self, name: str, effect: Callable[[], object]):
        self.disturb(name, "before")
        result = effect()
        self.disturb(name, "after")
        return result

    def _write(self, seen: Service, change: Change) -> Service:
        if seen.etag != self.found().etag:
            raise ChangedMeanwhile("the etag is stale", remedy="again")
        service = self.found()
        if change.notes is not None:
            notes = {**service.annotations, **change.notes}
            kept = {key: value for key, value in notes.items() if value}
            service = replace(service, annotations=kept)
        if change.traffic is not None:
            assert sum(one.percent for one in change.traffic) == 100
            service = replace(service, traffic=tuple(change.traffic))
        if change.settings is None:
            return self.store(service)
        name = change.settings.revision
        self.add(name, change.settings, ready=not self.broken)
        ready = service.latest_ready if self.broken else name
        stored = self.store(replace(service, latest_created=name, latest_ready=ready))
        if self.broken:
            raise RevisionFailed("it does not start", where=name)
        return stored

    # What the service's URLs answer, and what its logs say.

    def answer(self, url: str, headers: Mapping[str, str], deadline: float) -> Answer:
        is_open = self.public and self.clock[0] >= self.opened
        if not is_open and "X-Serverless-Authorization" not in headers:
            return Answer(403)
        tag, dashes, _ = str(urlsplit(url).hostname).partition("---")
        serving = [
            one for one in self.found().serving if (one.tag == tag if dashes else one.percent)
        ]
        names = [one.revision or self.found().latest_ready for one in serving]
        if not names:
            return Answer(404)
        met = min(names, key=lambda name: name not in self.sick)  # a sick one if there is any
        self.answered[headers["traceparent"].split("-")[1]] = met
        return Answer(503 if met in self.sick else 200, {"Content-Type": "application/json"}, b"{}")

    def of_trace(self, trace: str, since: datetime) -> Sequence[Entry]:
        return [Entry(since, "requests", "", "INFO", self.answered[trace])]

    def of_revision(self, name: str, since: datetime) -> Sequence[Entry]:
        if self.clock[0] < self.log_lag:
            return []
        wrote = [*self.writes, f"{name} wrote this"]
        lines = [
            Entry(since, "stdout", text, "INFO", name, id=f"{at}") for at, text in enumerate(wrote)
        ]
        ours = {"userAgent": AGENT}
        asked = [
            Entry(since, "requests", "", "INFO", name, f"projects/p/traces/{trace}", ours, trace)
            for trace, met in self.answered.items()
            if met == name
        ]
        return [*lines, *asked, *self.entries]

    def newest(self, name: str, since: datetime, others: Sequence[str] = ()) -> Sequence[Entry]:
        return self.of_revision(name, datetime(2026, 1, 1, tzinfo=UTC))[::-1]


def image_in_store(cloud: Cloud, command: Command) -> Finished:
    labels = {SOURCE_LABEL: command.argv[-1].rpartition("src-")[2]}
    image = {
        "Id": cloud.image,
        "Os": "linux",
        "Architecture": "amd64",
        "Config": {"Labels": labels},
    }
    output = json.dumps([image]) if "inspect" in command.argv else ""
    return Finished(command.argv, 0, output, "")


def a_world(cloud: Cloud, folder: Path) -> World:
    """Time passes only where somebody sleeps; chance counts."""
    passed = cloud.clock

    def nothing(*_: object) -> None:
        raise AssertionError("a stage must not do this")

    return World(
        run=partial(image_in_store, cloud),
        stream=nothing, start=nothing, guard=nothing, listens=nothing,
        get=cloud.answer, options=cloud.answer,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(0, passed[0]),
        monotonic=lambda: passed[0], sleep=lambda seconds: passed.append(passed.pop() + seconds),
        token=lambda length: f"t{next(cloud.chance)}",
        hex_token=lambda length: f"{next(cloud.chance) + 1:0{length}x}",
        holder=lambda environ: ME, is_gone=lambda holder_id: False,
        environ={"CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:1"}, cwd=folder,
    )  # fmt: skip


def a_context(cloud: Cloud, folder: Path, **options: Any) -> Context:
    (folder / "pipeline.yaml").write_text(CONFIG)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    config = load_config(folder / "pipeline.yaml", {})
    context = Context(config, a_world(cloud, folder), Report({}), Options(**options))
    header = {"X-Serverless-Authorization": "Bearer token"}
    context.__dict__.update(
        cloud_run=cloud, logs=cloud, engine=Engine("/bin/docker", "docker"),
        id_tokens=SimpleNamespace(header=lambda audience: header),
    )  # fmt: skip
    return context


def serving() -> Cloud:
    """It serves a revision that is trusted, and keeps an older one under somebody's tag."""
    cloud = Cloud(NOBODY, public=True, trusted={"agents-old", "agents-1"})
    cloud.add("agents-old")
    cloud.add("agents-1")
    ready = replace(NOBODY, latest_created="agents-1", latest_ready="agents-1")
    cloud.store(replace(ready, traffic=(Target("agents-1", 100), THEIRS)))
    return cloud


def run(context: Context, *stages: Callable[[Context], None]) -> None:
    for stage in stages:
        stage(context)


def candidate(cloud: Cloud) -> str:
    found = candidate_of(cloud.found())
    return found.revision if found else ""


def unreachable() -> PipelineError:
    return ApiUnreachable("no answer", remedy="wait")


def refused() -> PipelineError:
    return PermissionMissing("actAs denied", remedy="grant it")
