"""A service whose releases may be killed at any call; users are on it, and must not notice."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from pipeline.adapters.refusals import EMULATOR
from pipeline.release.candidate import CANDIDATE
from pipeline.release.notes import read
from tests.end_to_end import warm
from tests.end_to_end.asking import User, asking
from tests.end_to_end.conftest import ROOT, Project
from tests.end_to_end.counting import Call, Counting, counting

QUICK = {
    "PIPELINE_HEALTH_SETTLE": "0s",
    "PIPELINE_HEALTH_PROBES": "1",
    "PIPELINE_TRAFFIC_WATCH": "200ms",
    "PIPELINE_TRAFFIC_KEEP": "1",
}
"""Settings with which a release takes less than three seconds."""


@dataclass(frozen=True)
class Point:
    """Where a release is killed: at the ``nth`` of its calls, or of its reads or writes alone.

    ``answered``: Cloud Run has done what was asked, but the pipeline does not hear of it.
    """

    kind: str  # call, read, write
    nth: int
    answered: bool

    def __str__(self) -> str:
        return f"{'after' if self.answered else 'before'} {self.kind} {self.nth}"

    def is_at(self, call: Call, answered: bool) -> bool:
        kinds = {"call": True, "read": not call.is_write, "write": call.is_write}
        nth = call.number if self.kind == "call" else call.nth
        return kinds[self.kind] and nth == self.nth and answered == self.answered


@dataclass
class Lane:
    """A service, what of it was ``verified``, and what users met that they must not.

    A service that has nothing verified yet has no ``user`` who asks it all the time.
    """

    project: Project
    proxy: Counting
    verified: set[str] = field(default_factory=set)
    user: User | None = None

    def run(self, *stages: str, kill: Point | None = None) -> tuple[warm.Run, Call | None]:
        """Run stages to their end, or to where they are killed; with the call that this was at."""
        started, at = threading.Event(), list[Call]()

        def hook(call: Call, answered: bool) -> bool:
            self._note(call)
            if kill is not None and not at and kill.is_at(call, answered):
                at.append(call)
                started.wait()
                run.send(signal.SIGKILL)
            return bool(at)

        self.proxy.forget()
        self.proxy.hook = hook
        run = warm.start(self.project, *stages)
        started.set()
        run.ended()
        return run, at[0] if at else None

    def _note(self, call: Call) -> None:
        """Note a verdict that is about to be written."""
        if call.is_write and call.body:
            notes = json.loads(call.body).get("annotations", {})
            candidate = read(notes.get(CANDIDATE, "")) or {}
            if candidate.get("verdict") == "pass":
                self.verified.add(candidate["revision"])

    def release(self) -> None:
        run, _ = self.run(*warm.RELEASE)
        assert run.process.exitcode == 0, run.output

    def notes(self) -> dict[str, str]:
        return self.project.observed().get("annotations", {})

    def candidate(self) -> dict[str, object]:
        """The note of the release under way; empty where there is none."""
        return read(self.notes().get(CANDIDATE, "")) or {}

    def is_open(self) -> bool:
        """Whether anybody may call it who has no token."""
        return bool(self.project.split()) and requests.get(self.project.url(), timeout=5).ok


@contextmanager
def a_lane(address: str, folder: Path, service: str, **more: str) -> Iterator[Lane]:
    """On the local Cloud Run at HOST:PORT, with nothing but an image."""
    folder.mkdir(exist_ok=True)
    environ = warm.on_its_own(os.environ) | {EMULATOR: address, "PYTHONPATH": str(ROOT)}
    project = Project(folder, environ, service=service, source="steady", more={**QUICK, **more})
    with counting(address) as proxy:
        project.more[EMULATOR] = proxy.address
        project.passes("build")
        yield Lane(project, proxy)


@contextmanager
def attended(lane: Lane) -> Iterator[Lane]:
    """With its first revision released, and a user on it."""
    lane.release()
    with asking(f"{lane.project.url()}/", lane.verified) as lane.user:
        yield lane
