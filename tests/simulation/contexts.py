"""A context in which the real stages run on a machine of the simulation."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline.adapters.cloud_run import CloudRun
from pipeline.adapters.google import Google
from pipeline.adapters.jobs import Jobs
from pipeline.adapters.logging import CLOCKS, Entry
from pipeline.adapters.processes import Finished
from pipeline.adapters.refusals import translated
from pipeline.adapters.web import Answer
from pipeline.adapters.world import World
from pipeline.commands import SOURCE_LABEL, Command, Engine
from pipeline.config import Config, load_config
from pipeline.context import Context, Options
from pipeline.release.lease import Holder
from pipeline.report.terminal import Report
from tests.simulation import clients
from tests.simulation.faults import error_of
from tests.simulation.front import KEY
from tests.simulation.machine import Machine
from tests.simulation.plan import Kind

_EMULATOR = "127.0.0.1:1"
_CONFIG = """\
service: agents
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents
run: {{allow_unauthenticated: true, env: {{MODE: ours}}}}
health: {{expect: {{status: healthy}}, settle: 1.5s, probes: 3}}
traffic: {{steps: {steps}, step_time: {step_time}s, watch: {watch}s, min_requests: 3, keep: 2}}
"""
_JOBS = "jobs: [{name: migrate, command: [migrate], timeout: 60s}]\n"
_LOG_CALL = 30.0  # seconds that a reading of the log may take
_TOKEN = {"X-Serverless-Authorization": "Bearer token"}


class Told(Report):
    """What a stage says, kept instead of printed."""

    def __init__(self) -> None:
        super().__init__({})
        self.said: list[str] = []

    def _say(self, lead: str, style: str = "", text: str = "", *, exact: bool = False) -> None:
        self.said.append(f"{lead.strip()} {text}")

    def output(self, lines: object) -> None: ...

    def progress(self, line: str) -> None: ...

    def watched(self, seen: object) -> None: ...

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        yield


class Logs:
    """As ``adapters.logging.Logs``, of what can be read by now."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._cloud = machine, machine.cloud

    def of_revision(self, revision: str, since: datetime) -> list[Entry]:
        return self._read(revision, since - CLOCKS)

    def newest(self, revision: str, since: datetime, others: Sequence[str] = ()) -> list[Entry]:
        found = self._read(revision, since, *others)
        mine = [one for one in found if one.revision == revision or one.log == "requests"]
        return sorted(mine, key=lambda one: one.at, reverse=True)

    def of_trace(self, trace: str, since: datetime) -> list[Entry]:
        with self._reading(f"log of trace {trace[-4:]}"):
            return self._cloud.front.log.of_trace(trace, self._cloud.now)

    def of_execution(self, job: str, execution: str, since: datetime) -> list[Entry]:
        return self._read(execution, since)

    def _read(self, name: str, since: datetime, *others: str) -> list[Entry]:
        with self._reading(f"log of {name}"):
            self._cloud.front.let_users_in()
            log, now = self._cloud.front.log, self._cloud.now
            readable = (entry for one in (name, *others) for entry in log.readable(one, now))
            return [entry for entry in readable if entry.at >= since]

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        with translated("logging.googleapis.com"):
            kind = self._machine.struck_at(what, _LOG_CALL)
            if self._cloud.front.log.fails:
                kind = Kind.DENIED
            if kind and kind is not Kind.STALE:
                raise error_of(kind)
            yield


def context_of(machine: Machine, options: Options) -> Context:
    plan, world = machine.cloud.plan, _world(machine)
    config = _config(plan.steps, plan.step_time, plan.watch, plan.jobs)
    context = Context(config, world, Told(), options)
    google, place = Google(_EMULATOR), (KEY.project, KEY.location, KEY.service)
    cloud_run = CloudRun(google, *place, sleep=world.sleep, monotonic=world.monotonic)
    jobs = Jobs(google, *place, sleep=world.sleep, monotonic=world.monotonic)
    # What these would make when first asked for, as the cached properties that they are.
    cloud_run.__dict__.update(
        _services=clients.Services(machine), _revisions=clients.Revisions(machine)
    )
    jobs.__dict__.update(_jobs=clients.Jobs(machine), _executions=clients.Executions(machine))
    context.__dict__.update(
        cloud_run=cloud_run, jobs=jobs, logs=Logs(machine),
        engine=Engine("/bin/docker", "docker"),
        id_tokens=SimpleNamespace(header=lambda audience: _TOKEN),
    )  # fmt: skip
    return context


def _world(machine: Machine) -> World:
    cloud = machine.cloud

    def nothing(*_: object) -> Any:
        raise AssertionError("a stage must not do this")

    def get(url: str, headers: Mapping[str, str], deadline: float) -> Answer:
        kind = machine.struck_at(f"GET {url}", deadline)
        if kind in (Kind.INTERNAL, Kind.UNAVAILABLE, Kind.DEADLINE):
            return Answer(int(kind))
        if kind in (Kind.LOST, Kind.HANGS):
            return Answer(failure=kind)
        return cloud.front.get(url, headers)

    return World(
        run=partial(_image_in_store, machine.session.build), stream=nothing, start=nothing,
        guard=nothing, listens=nothing, get=get, options=get, now=lambda: machine.now,
        monotonic=lambda: cloud.time.now, sleep=machine.sleep,
        token=lambda length: f"{cloud.chance.getrandbits(16):04x}",
        hex_token=lambda length: f"{cloud.chance.getrandbits(length * 4) or 1:0{length}x}",
        holder=lambda environ: Holder(machine.process, f"somebody at {machine.process}"),
        is_gone=lambda process: process in machine.ended_here,
        environ={"CLOUD_RUN_EMULATOR_HOST": _EMULATOR}, cwd=_folder(),
    )  # fmt: skip


def _image_in_store(build: int, command: Command) -> Finished:
    """The engine has an image of the source; each build of it has a digest of its own."""
    labels = {SOURCE_LABEL: command.argv[-1].rpartition("src-")[2]}
    image = {
        "Id": f"sha256:{build:064x}",
        "Os": "linux",
        "Architecture": "amd64",
        "Config": {"Labels": labels},
    }
    output = json.dumps([image]) if "inspect" in command.argv else ""
    return Finished(command.argv, 0, output, "")


@cache
def _folder() -> Path:
    """Holds the sources of all runs of this process, and goes with it."""
    return Path(_kept().name)


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def _config(steps: tuple[int, ...], step_time: float, watch: float, jobs: int) -> Config:
    """Each has a folder of its own: what is in a source decides how revisions are called."""
    folder = _folder() / f"{len(steps)}-{step_time:g}-{watch:g}-{jobs}"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    file = folder / "pipeline.yaml"
    text = _CONFIG.format(steps=list(steps), step_time=step_time, watch=watch)
    file.write_text(text + (_JOBS if jobs else ""))
    return load_config(file, {})
