"""A release that is killed at one of its calls, and run again; users are on the service meanwhile.

    python -m tests.end_to_end.killing [--all]

kills one at each write and at some reads; with --all at every call, with a job in it, and so the
first release of a service, too. Each before the call is passed on to Cloud Run, and after Cloud Run
answered it but before the pipeline heard.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console

from pipeline.release.candidate import CANDIDATE
from pipeline.release.lease import LEASE
from tests.end_to_end import warm
from tests.end_to_end.conftest import a_local_cloud_run
from tests.end_to_end.counting import Call
from tests.end_to_end.lane import Lane, Point, a_lane, attended

_JOB = {"PIPELINE_JOBS": "[{name: migrate, command: [python3, -c, pass]}]"}
_BOTH = (False, True)
_ID = re.compile(r"(?<=/)[0-9a-f-]{36}|(?<=-)[0-9a-f]{7}-[a-z0-9]{4}\b")
_WIDTH = 150
_READS = 6  # of those of a release, at which one is killed by default


@dataclass(frozen=True)
class Killed:
    """A release that was killed, what stood then, what the rerun did, and all that is wrong.

    ``call`` is empty where it ended before it came to the point.
    """

    point: Point
    call: str
    stood: str
    rerun: str
    seconds: float
    wrong: Sequence[str]


def killed(lane: Lane, point: Point) -> Killed:
    """Kill a release, have status say what stands, run it again, and look at what came of it."""
    began, before = time.monotonic(), lane.project.split()
    met = len(lane.user.wrong) if lane.user else 0
    _, at = lane.run(*warm.RELEASE, kill=point)
    if at is None:
        return Killed(point, "", "", "", time.monotonic() - began, [])
    stood, candidate = _standing(lane), lane.candidate()
    wrong = [*_of_standing(lane, candidate)]
    stages = _again(candidate, at)
    run, _ = lane.run(*stages)
    rerun = f"{_did(candidate, stages, run)}, {len(lane.proxy.writes)} writes"
    wrong += _of_rerun(lane, run, before)
    wrong += lane.user.wrong[met:] if lane.user else []
    return Killed(point, f"{at.number} {at.name}", stood, rerun, time.monotonic() - began, wrong)


def _standing(lane: Lane) -> str:
    candidate, split = lane.candidate(), lane.project.split()
    if not candidate:
        return f"no candidate, {len(split)} serving"
    share = split.get(str(candidate["revision"]), 0)
    settling = "reconciling, " if lane.project.observed().get("reconciling") else ""
    return f"{settling}candidate at {share} %, {candidate['verdict'] or 'not judged'}"


def _of_standing(lane: Lane, candidate: dict[str, object]) -> Iterator[str]:
    """Status must run, and name what stands."""
    if not lane.project.observed().get("name"):
        return  # the first release was killed before it made the service
    status, _ = lane.run("status")
    if status.process.exitcode:
        yield f"status ended with {status.process.exitcode}: {status.output}"
    for name in {*lane.project.split(), *([candidate["revision"]] if candidate else [])}:
        if str(name) not in status.output:
            yield f"status does not name {name}: {status.output}"
    if not lane.verified and lane.is_open():
        yield "anybody may call what nobody verified"


def _again(candidate: dict[str, object], at: Call) -> Sequence[str]:
    """Now and then only shift, where that can finish it."""
    return ["shift"] if candidate.get("verdict") == "pass" and at.number % 2 else warm.RELEASE


def _did(candidate: dict[str, object], stages: Sequence[str], run: warm.Run) -> str:
    if len(stages) == 1:
        return "shift finished it"
    if "gone on with" in run.output:
        return "went on with it"
    return "replaced it" if candidate else "began anew"


def _of_rerun(lane: Lane, run: warm.Run, before: dict[str, int]) -> Iterator[str]:
    if run.process.exitcode:
        yield f"the rerun ended with {run.process.exitcode}: {run.output}"
    split, observed, notes = lane.project.split(), lane.project.observed(), lane.notes()
    if list(split.values()) != [100] or split == before or not split.keys() <= lane.verified:
        yield f"it serves {split}, and served {before} before"
    asked = {one["revision"]: one["percent"] for one in observed["traffic"] if one.get("percent")}
    if asked != split:
        yield f"it asks for {asked} and serves {split}"
    if not lane.is_open():
        yield "it is still closed"
    yield from (f"{name} is left: {notes[name]}" for name in (LEASE, CANDIDATE) if name in notes)
    yield from (f"the tag {one['tag']} is left" for one in observed["traffic"] if one.get("tag"))


def some_points(lane: Lane) -> list[Point]:
    """All writes and some of the reads of a release as the next one will be."""
    lane.release()
    lane.release()  # the third is the first that has something to delete
    writes = len(lane.proxy.writes)
    reads = len(lane.proxy.calls) - writes
    some = sorted({1 + at * (reads - 1) // _READS for at in range(_READS)})
    each = [Point("write", nth, answered) for nth in range(1, writes + 1) for answered in _BOTH]
    return [*each, *(Point("read", nth, answered=bool(nth % 2)) for nth in some)]


def at_every_call(lane: Lane) -> Iterator[Killed]:
    """A release after the other, killed at the next call, until one is over before that."""
    for nth in count(1):
        found = [killed(lane, Point("call", nth, answered)) for answered in _BOTH]
        yield from found
        if not all(one.call for one in found):
            return


def firsts(address: str, folder: Path) -> Iterator[Killed]:
    """The first release of a service each, killed at the next call, until one is over before."""
    for nth in count(1):
        for answered in _BOTH:
            with a_lane(
                address, folder, f"first-{nth}-{'after' if answered else 'before'}"
            ) as lane:
                one = killed(lane, Point("call", nth, answered))
            yield one
            if not one.call:
                return


def main(arguments: Sequence[str]) -> int:
    began, found = time.monotonic(), list[Killed]()
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False, markup=False)
    with a_local_cloud_run() as address, tempfile.TemporaryDirectory() as name:
        folder, more = Path(name), _JOB if "--all" in arguments else {}
        with a_lane(address, folder, "killed", **more) as made, attended(made) as lane:
            each = at_every_call(lane) if more else (killed(lane, one) for one in some_points(lane))
            found += _shown(console, each)
            answers = lane.user.answers if lane.user else 0
        if more:
            console.print("the first release of a service")
            found += _shown(console, firsts(address, folder))
    wrong = sum(bool(one.wrong) for one in found)
    console.print(f"{len(found)} releases in {time.monotonic() - began:.0f} s, {wrong} went wrong; "
                  f"{answers} answers to users")  # fmt: skip
    return 1 if wrong else 0


def _shown(console: Console, each: Iterable[Killed]) -> Iterator[Killed]:
    for one in each:
        when = "after" if one.point.answered else "before"
        call = _ID.sub("…", one.call) or f"{one.point.nth} it was over"
        console.print(f"{when:6} {call:52.52} {one.stood:44} {one.rerun:28} {one.seconds:5.1f} s")
        for line in one.wrong:
            console.print(f"    {line}", style="red")
        yield one


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
