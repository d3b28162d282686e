"""What must hold after every event, whoever did it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.local_cloud_run.state.resources import Service
from pipeline.model import Outcome
from tests.simulation import limits, writes
from tests.simulation.cloud import Cloud, percents, serving
from tests.simulation.machine import Machine
from tests.simulation.notes import candidate_on
from tests.simulation.plan import FROM_THE_START, Act

_MOVES = (Act.MOVE, Act.PROMOTE, Act.LATEST)


@dataclass(frozen=True)
class Touch:
    """Somebody's change of the service; ``split`` is what is asked for since, if it is another."""

    at: float
    who: str
    split: Mapping[str, int] | None


@dataclass
class Watcher:
    """Looks at the cloud after every event, and at every write that was accepted.

    ``trusted`` are the revisions that were verified, or that a person put where users are.
    ``before`` is the split that each candidate found, which an undo goes back to.
    """

    cloud: Cloud
    trusted: set[str] = field(default_factory=set)
    before: dict[str, Mapping[str, int]] = field(default_factory=dict)
    touches: list[Touch] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)

    def look(self) -> None:
        service = self.cloud.service
        if service is None:
            return
        self._heed_verdict(service)
        split = serving(service)
        unready = [name for name in split if not service.revisions[name].is_ready]
        if split and (sum(split.values()) != 100 or unready):
            self.breaks(f"2: percentages sum to 100 on ready revisions: {split}")
        for name in split if self.cloud.front.is_open else ():
            if name not in self.trusted:
                self.breaks(f"1: users meet {name}, which nobody verified")

    def _heed_verdict(self, service: Service) -> None:
        noted = candidate_on(service)
        if noted is None or noted.verdict != Outcome.PASS or noted.revision in self.trusted:
            return
        self.trusted.add(noted.revision)
        nature = self.cloud.front.revisions.nature(noted.revision)
        if nature in FROM_THE_START:
            self.breaks(f"1: {noted.revision} was verified, and {nature}")
        if self.cloud.plan.jobs and not noted.jobs:
            self.breaks(f"1: {noted.revision} was verified before its jobs ran")

    def person_did(self, act: Act, before: Service) -> None:
        """A person answers for what they put where users are."""
        service = self.cloud.held()
        if act in _MOVES:
            self.trusted |= percents(service).keys()
        if act in (Act.DEPLOY, Act.LATEST):
            self.trusted.add(service.latest_created)
        split = percents(service) if percents(service) != percents(before) else None
        self.touches.append(Touch(self.cloud.time.now, writes.PERSON, split))
        self.look()

    def written(self, who: str, before: Service | None) -> None:
        """A write of the pipeline was accepted."""
        after, machine = self.cloud.held(), self.machines[who]
        for broken in writes.judge(self, machine, before, after):
            self.breaks(broken)
        noted, held = candidate_on(after), candidate_on(before)
        if noted is not None and (held is None or held.revision != noted.revision):
            self.before[noted.revision] = percents(after)
        split = percents(after) if before and percents(before) != percents(after) else None
        machine.moved = machine.moved or split is not None
        self.touches.append(Touch(self.cloud.time.now, who, split))

    def deleting(self, who: str, revision: str) -> None:
        for broken in writes.judge_deletion(self.cloud, revision):
            self.breaks(f"{broken}: by {self.machines[who].stage}")

    def touched_by_others(self, machine: Machine) -> bool:
        """Whether anybody else changed the service since this machine's stage began."""
        since = machine.stage_began
        return any(one.at >= since and one.who != machine.name for one in self.touches)

    def moved_by_people(self) -> bool:
        return any(one.who == writes.PERSON and one.split is not None for one in self.touches)

    def breaks(self, what: str) -> None:
        limit = limits.limit_of(what, self.cloud.plan)
        if limit is None:
            self.cloud.history.breaks(what)
        else:
            self.cloud.history.known.append(limit.broken)
