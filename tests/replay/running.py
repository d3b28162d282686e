"""A failure through the whole pipeline, on a service that good users are on."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.adapters.google import Google
from pipeline.adapters.logging import Logs
from pipeline.adapters.refusals import EMULATOR
from pipeline.adapters.web import Answer
from pipeline.adapters.world import World, real_world
from tests.end_to_end.conftest import ROOT, SERVICES, Project, Ran
from tests.replay.acts import candidate_of
from tests.replay.cases import BASE, CANDIDATE, STAGES, STEP, STEP_TIME, Case, merged
from tests.replay.users import Met, Users, is_well, met, revision_of, users

_NAMED = re.compile(r"^  (?:also    )?([A-Z]\d\d)  |^(?:error|warning)\[([SD]\d\d)\]", re.MULTILINE)
STARTUP_LIMIT = 8.0
"""Seconds that a container has to listen, in place of Cloud Run's 240."""

_CHANCE = 25
"""Percentage points by which the share of few requests may be off."""

_SLACK = 20.0
"""Seconds that reading the log, judging and undoing may take beside a step's own time."""


@dataclass
class Lane(Project):
    """A service of its own with a revision that is well, on which failures are tried in turn."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    good: str = ""

    @classmethod
    def at(cls, address: str, folder: Path, service: str) -> Lane:
        """On the local Cloud Run at HOST:PORT, with its first revision verified and open to all."""
        world = real_world()
        environ = {k: v for k, v in world.environ.items() if not k.startswith("PIPELINE_")}
        environ |= {EMULATOR: address, "PYTHONPATH": str(ROOT)}
        lane = cls(folder, environ, service=service)
        lane.passes(*STAGES)
        (lane.good,) = lane.split()
        return lane

    @property
    def world(self) -> World:
        return replace(real_world(), environ=self.environ)

    @property
    def logs(self) -> Logs:
        google = Google.from_environ(self.environ)
        return Logs(google, BASE["project"], BASE["region"], self.service)

    def write(self) -> Path:
        path = self.folder / "pipeline.yaml"
        own = {"service": self.service, "source": str(SERVICES / self.source)}
        path.write_text(json.dumps(merged({**BASE, **own}, self.settings)))
        return path

    def mend(self) -> None:
        """Back to the good revision, whatever the last failure left behind."""
        observed = self.observed()
        asked = {one.get("revision"): one.get("percent", 0) for one in observed["traffic"]}
        if asked.get(self.good) != 100 or self.split() != {self.good: 100}:
            self.passes(f"rollback --to {self.good}")


@dataclass(frozen=True)
class Released:
    """How far a release came: the stage that stopped it, or none, and what was printed there."""

    case: Case
    stopped: str
    output: str
    seconds: float
    split: Mapping[str, int]

    @property
    def named(self) -> Sequence[str]:
        """The ids that were named when it was stopped, the most specific first."""
        found = (one.group(1) or one.group(2) for one in _NAMED.finditer(self.output))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Replayed:
    """A release and what users met meanwhile, with all that is not as it must be."""

    released: Released
    met: Met
    wrong: Sequence[str]


def replay(lane: Lane, case: Case) -> Replayed:
    """One failure, with users on the service all the time."""
    with attended(lane) as seen:
        began = lane.world.now()
        released = release(lane, case)
        lane.mend()
        last = seen.last()
    found = met(seen.seen, lane.logs.requests(began), {lane.good})
    wrong = [*of_release(released), *_of_split(released, lane.good), *_of_users(case, found)]
    return Replayed(released, found, [*wrong, *of_last(last, lane.good)])


def attended(lane: Lane) -> AbstractContextManager[Users]:
    return users(lane.world, f"{lane.url()}/")


def release(lane: Lane, case: Case) -> Released:
    """Stage after stage until one stops it."""
    lane.source, lane.settings = case.service, case.settings
    began = time.monotonic()
    stopped, output = _run(lane, case)
    if "" in case.acts:
        case.acts[""](lane)
    return Released(case, stopped, output, time.monotonic() - began, lane.split())


def _run(lane: Lane, case: Case) -> tuple[str, str]:
    """The stage that stopped it, or none, and what the last one printed."""
    ran = Ran(0, "")
    for stage in case.stages:
        name, *options = stage.split()
        if name in case.acts:
            case.acts[name](lane)
        ran = lane.run(name, *(candidate_of(lane) if one == CANDIDATE else one for one in options))
        if ran.code:
            return name, ran.output
    return "", ran.output


def of_release(released: Released) -> Iterator[str]:
    """What is wrong with how far it came."""
    case = released.case
    order = [stage.split()[0] for stage in case.stages]
    if not case.stage:
        if released.stopped:
            yield f"{released.stopped} stopped it, and it is well"
        return
    if not released.stopped:
        yield "nothing stopped it"
    elif order.index(released.stopped) > order.index(case.stage):
        yield f"{released.stopped} stopped it, {case.stage} must"
    if case.id not in released.named:
        yield f"{case.id} was not named"


def of_last(last: Sequence[Answer], good: str) -> Iterator[str]:
    """What is wrong with the last answers to users."""
    if not last:
        yield "no request was answered in the end"
    if not all(is_well(one) and revision_of(one) == good for one in last):
        yield "in the end users were not well with the good revision"


def _of_split(released: Released, good: str) -> Iterator[str]:
    """``rollback`` does as it is told and says that it was wrong; all else undoes itself."""
    if released.split != {good: 100} and released.case.stage != "rollback":
        yield f"it serves {dict(released.split)} in the end"


def _of_users(case: Case, found: Met) -> Iterator[str]:
    if not found.requests:
        yield "no user came"
    if found.failed_elsewhere:
        yield f"{found.failed_elsewhere} requests failed that the bad revision did not answer"
    if not case.serves:
        if found.failed:
            yield f"{found.failed} requests failed"
        if found.by_bad:
            yield f"the bad revision answered {found.by_bad} requests"
        return
    most = 100 if case.stage == "rollback" else STEP + _CHANCE
    if found.by_bad and found.share > most:
        yield f"the bad revision had {found.share:.0f} % of the requests"
    if found.seconds > 2 * STEP_TIME + _SLACK:
        yield f"users met the bad revision for {found.seconds:.0f} s"
