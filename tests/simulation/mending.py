"""The next person who comes: looks with ``status``, and goes on until a release is through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.errors import (
    ChangedMeanwhile,
    ImageRejected,
    JobFailed,
    NothingToRollBackTo,
    NotVerified,
    Paused,
    ServiceBusy,
    ServiceMissing,
    ShiftFailed,
)
from pipeline.local_cloud_run.state.resources import Service
from pipeline.release.lease import Lease
from tests.simulation.cloud import is_latest_behind, percents, serving, tags
from tests.simulation.invariants import Watcher
from tests.simulation.machine import Machine
from tests.simulation.notes import candidate_on, lease_on
from tests.simulation.plan import WAY, Nature
from tests.simulation.stages import Ended, run_stage

SOUND = (Nature.WELL, Nature.SLOW_START)

_ROUNDS = 10  # of commands, until they give up
_PATIENCE = 700.0  # seconds for which a change may be under way


def give(machine: Machine, watcher: Watcher, commands: Sequence[str]) -> Ended:
    """Give the commands one after the other, until one fails; how the last one ended."""
    machine.begin_process()
    for number, command in enumerate(commands):
        if number and machine.session.apart:
            machine.begin_process()
        ended = run_stage(machine, watcher, command)
        if ended.error is not None:
            break
    machine.ended.add(machine.process)
    return ended


@dataclass
class NextPerson:
    machine: Machine
    watcher: Watcher
    _has_waited: bool = False
    _has_sent_back: bool = False
    _has_resumed: bool = False

    @property
    def _service(self) -> Service | None:
        return self.machine.cloud.service

    def come(self) -> None:
        self._look()
        ended = self._mend()
        self._look()
        service = self._service
        is_stuck = isinstance(ended.error, ShiftFailed | ImageRejected)
        if is_stuck and service and not self._is_sound(service):
            self.watcher.breaks(
                "3: a sick revision serves, and a shift by steps does not replace it"
            )
        elif ended.error is not None:
            self.watcher.breaks(f"3: the next person cannot mend it: {ended.stage}: {ended.error}")
        elif service and (len(serving(service)) != 1 or _candidates(service)):
            self.watcher.breaks(f"3: the next release leaves {percents(service)}, {tags(service)}")

    def _mend(self) -> Ended:
        """The commands that each failure names, until a release is through."""
        commands: Sequence[str] = WAY
        if self.machine.cloud.plan.rerun == "shift" and candidate_on(self._service):
            commands = ("shift",)
        for _ in range(_ROUNDS):
            ended = give(self.machine, self.watcher, commands)
            if ended.error is None:
                break
            commands = self._way_on(ended)
        return ended

    def _way_on(self, ended: Ended) -> Sequence[str]:
        match ended.error:
            case ServiceBusy():
                self._wait_or_send_back()
            case ShiftFailed() if not self._has_sent_back:
                # What serves may be sick itself, put there by somebody else.
                self._has_sent_back = True
                self._send_back()
            case ChangedMeanwhile() if self.machine.options.abort:
                self._send_back()
            case ImageRejected():
                session = self.machine.session
                self.machine.session = replace(session, build=session.build + 1)
            case NotVerified():
                return ("verify", "shift")
            case JobFailed() if ended.stage == "verify":
                return ("jobs", "verify", "shift")
            case Paused() if not self._has_resumed:
                self._has_resumed = True
                return ("shift --resume",)
            case Paused():
                return ("shift --abort", *WAY)
        return WAY

    def _wait_or_send_back(self) -> None:
        lease, time = self._lease(), self.machine.cloud.time
        if lease is not None:
            left = datetime.fromisoformat(lease.until) - self.machine.now
            time.sleep(left.total_seconds() + 1)
        elif not self._has_waited:
            self._has_waited = True
            time.sleep(_PATIENCE)
        else:
            self._send_back()

    def _lease(self) -> Lease | None:
        """Of somebody else who is at work, as far as this person can know."""
        lease = lease_on(self._service)
        if lease is None or lease.id in self.machine.ended_here:
            return None
        return lease if self.machine.now < datetime.fromisoformat(lease.until) else None

    def _send_back(self) -> None:
        """Roll back; where that finds no release, to a sound revision by its name."""
        ended = give(self.machine, self.watcher, ["rollback"])
        service = self._service
        if isinstance(ended.error, NothingToRollBackTo) and service:
            ready = [name for name, one in service.revisions.items() if one.is_ready]
            natures = self.machine.cloud.front.revisions
            sound = [one for one in ready if natures.nature(one) in SOUND]
            for name in (sound or ready)[-1:]:
                self.watcher.trusted.add(name)  # by a person's word
                give(self.machine, self.watcher, [f"rollback --to {name}"])

    def _is_sound(self, service: Service) -> bool:
        natures = self.machine.cloud.front.revisions
        return all(natures.nature(one) in SOUND for one in serving(service))

    def _look(self) -> None:
        """``status`` names what serves, the candidate, and what is not as it should be."""
        service = self._service
        ended = give(self.machine, self.watcher, ["status"])
        if service is not self._service:
            return  # it changed while it was looked at
        if service is None:
            if not isinstance(ended.error, ServiceMissing):
                self.watcher.breaks("3: status does not say that there is no service")
            return
        unsaid = [*self._unsaid(service, " ".join(ended.said))]
        if ended.error or unsaid:
            self.watcher.breaks(f"3: status does not explain {', '.join(unsaid) or ended.error}")

    def _unsaid(self, service: Service, said: str) -> Iterator[str]:
        noted, lease = candidate_on(service), self._lease()
        if noted and noted.revision not in said:
            yield "the candidate"
        if lease and lease.who not in said:
            yield "who is at work"
        elif noted and noted.paused and "paused" not in said:
            yield "that it is paused"
        if service.reconciling:  # what it says of traffic may be stale then (API facts §1.6)
            if "reconciling" not in said:
                yield "that it is reconciling"
        elif is_latest_behind(service):
            yield "LATEST"
        elif not all(name in said for name in serving(service)):
            yield "what serves"
        elif _disagrees(service) and "asks for" not in said:
            yield "what it asks for"


def _disagrees(service: Service) -> bool:
    return bool(service.latest_ready) and percents(service) != serving(service)


def _candidates(service: Service) -> set[str]:
    """Tags of candidates that nobody took away."""
    return {tag for tag in tags(service) if tag.startswith("c-")}
