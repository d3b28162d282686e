"""What a stage leaves at its end must be what it says."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import Paused, PipelineError, ShiftFailed, TrafficUnknown
from pipeline.local_cloud_run.state.resources import Service
from pipeline.model import step
from pipeline.release.candidate import Candidate
from pipeline.release.rejected import digest_of
from tests.simulation.cloud import percents
from tests.simulation.invariants import Watcher
from tests.simulation.machine import Machine
from tests.simulation.notes import candidate_on, lease_on, rejected_on, releases_on
from tests.simulation.timeline import Killed

_TRIES = 5  # of a write that was not applied
_UNDO = 5 * _TRIES  # writes of an undo that is tried again and again
_LEAVES = 10.0  # seconds that a stage may take that was interrupted
_ANSWERS = 1.0  # seconds that calls take beside their limits


@dataclass(frozen=True)
class Found:
    """The service when a stage began."""

    service: Service | None

    @property
    def split(self) -> Mapping[str, int]:
        return _split(self.service)


def judge(
    machine: Machine, watcher: Watcher, found: Found, error: BaseException | None,
    said: Sequence[str],
) -> None:  # fmt: skip
    if error is None:
        broken = _success(machine, watcher, found)
    elif isinstance(error, Killed):
        broken = _death(machine)
    else:
        broken = _failure(machine, watcher, found, error, said)
    for one in (*broken, *_writes(machine, error), *_haste(machine, error)):
        watcher.breaks(one)


def _success(machine: Machine, watcher: Watcher, found: Found) -> Iterator[str]:
    service, options = machine.cloud.service, machine.options
    if watcher.touched_by_others(machine):
        return
    now, left, noted = _split(service), candidate_on(service), candidate_on(found.service)
    if machine.stage == "shift" and options.abort:
        if noted and noted.is_first:  # which has nothing to go back to
            if machine.cloud.front.is_open:
                yield "3: shift says it is aborted, and anybody may come"
        elif left or (noted and noted.revision in now):
            yield f"3: shift says it is aborted, and serves {now}"
    elif machine.stage == "shift" and not options.pause:
        last = 100 if noted is None or noted.is_first else machine.steps[-1]
        is_at = noted is not None and now.get(noted.revision) == last
        if not is_at or (left and last == 100):
            yield f"3: shift says it is done, and serves {now}"
    if machine.stage == "rollback" and (len(now) != 1 or left):
        yield f"3: rollback says it is done, and serves {now}"
    if machine.stage in ("shift", "rollback") and lease_on(service):
        yield f"3: {machine.stage} is done, and its lease is still there"


def _death(machine: Machine) -> Iterator[str]:
    if machine.cloud.time.is_endless or not machine.is_dead:
        yield f"3: {machine.stage} finds no end"


def _failure(
    machine: Machine, watcher: Watcher, found: Found, error: BaseException, said: Sequence[str]
) -> Iterator[str]:
    if not isinstance(error, PipelineError | KeyboardInterrupt):
        told = traceback.format_exception(error)
        yield f"3: {machine.stage} crashed: {told[-1].strip()}\n{''.join(told[-4:-1])}"
        return
    is_said = any("stopped during the undo" in text for text in said)
    if is_said or isinstance(error, TrafficUnknown) or watcher.touched_by_others(machine):
        return
    if not found.split or isinstance(error, Paused):
        return
    machine.has_undone = machine.stage in ("deploy", "shift")
    service = machine.cloud.service
    noted = candidate_on(found.service)
    if machine.stage == "deploy" and candidate_on(service) != noted:
        yield "3: deploy was not undone: its candidate is still noted"
    now, may_be = _split(service), _may_be_left(machine, watcher, found)
    if machine.moved and now not in may_be and machine.stage != "rollback":
        yield f"3: {machine.stage} was not undone: {found.split} before, {now} now"
    if isinstance(error, ShiftFailed) and noted and not watcher.moved_by_people():
        is_excused = _is_excused(found, noted, error)
        if not is_excused and not _is_rejected(service, noted.image):
            yield "3: shift failed, and the image is not rejected"


def _is_rejected(service: Service | None, image: str) -> bool:
    return digest_of(image) in {one.digest for one in rejected_on(service)}


def _is_excused(found: Found, noted: Candidate, error: ShiftFailed) -> bool:
    """What served well before, and what Cloud Run did not do, is not the image's fault.

    Nor is it certainly that of a first one that does not answer when everybody was let in.
    """
    served = {digest_of(one.image) for one in releases_on(found.service)}
    has_served = digest_of(noted.image) in served
    return has_served or noted.is_first or error.what.startswith("asked for")


def _may_be_left(machine: Machine, watcher: Watcher, found: Found) -> Iterator[Mapping[str, int]]:
    """The splits that are as good as if a stage that failed had never been."""
    noted = candidate_on(found.service)
    before = watcher.before.get(noted.revision) if noted else None
    if not machine.moved or not before or watcher.moved_by_people():
        yield found.split
    if noted and before:
        yield before
    if noted and machine.stage == "shift":  # what came after the last step has nothing to undo
        yield step(before or noted.before, noted.revision, machine.steps[-1])


def writes_of(machine: Machine) -> int:
    """Writes to the service that a stage makes when nothing disturbs it, at most."""
    plan = machine.cloud.plan
    renewals = int(plan.watch / 300)
    of_stage = {"jobs": plan.jobs, "shift": len(plan.steps) + 2 + renewals, "status": 0}
    return of_stage.get(machine.stage, 1)


def _writes(machine: Machine, error: BaseException | None) -> Iterator[str]:
    usual = writes_of(machine)
    most = usual if machine.cloud.plan.is_quiet and error is None else usual * _TRIES + _UNDO
    most = most if usual else 0
    if machine.sent > most:
        yield f"5: {machine.stage} sent {machine.sent} writes, {most} are allowed"


def _haste(machine: Machine, error: BaseException | None) -> Iterator[str]:
    """Who is interrupted leaves soon; a CI kills ten seconds after its signal."""
    since = machine.interrupted
    if since is None or isinstance(error, Killed):
        return
    took = machine.cloud.time.now - since
    if took > _LEAVES + _ANSWERS:
        yield f"3: {machine.stage} was interrupted, and left {took:.0f} s later"


def _split(service: Service | None) -> Mapping[str, int]:
    return {name: n for name, n in percents(service).items() if name} if service else {}
