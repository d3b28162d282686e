"""One run: what a plan says, then the next person who comes, and what was found broken."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.checks.revision import RELEASE_LABEL
from pipeline.release.rejected import digest_of
from tests.simulation.cloud import Cloud, percents, serving
from tests.simulation.history import History
from tests.simulation.invariants import Watcher
from tests.simulation.machine import Machine
from tests.simulation.mending import SOUND, NextPerson, give
from tests.simulation.notes import candidate_on, rejected_on
from tests.simulation.people import act
from tests.simulation.plan import LATE, WAY, Nature, Plan, Session, Start
from tests.simulation.prepared import prepared
from tests.simulation.stages import Ended
from tests.simulation.timeline import Timeline
from tests.simulation.virtual import HERE, virtual_time


@dataclass(frozen=True)
class Run:
    plan: Plan
    broken: tuple[str, ...]
    known: tuple[str, ...]
    history: Sequence[str]


def simulate(plan: Plan) -> Run:
    """The same plan gives the same run, to the last event."""
    held = prepared(plan.start)
    time = Timeline(held.now)
    history = History(time)
    cloud = Cloud(plan, time, history, random.Random(plan.chance), state=held.state)
    cloud.front.log.entries = {name: list(lines) for name, lines in held.entries.items()}
    cloud.begin()
    watcher = Watcher(cloud)
    noted = candidate_on(cloud.service)
    if cloud.service:
        watcher.trusted |= cloud.service.revisions.keys()
    if noted:
        watcher.before[noted.revision] = dict(noted.before)
    cloud.watch, cloud.written, cloud.deleting = watcher.look, watcher.written, watcher.deleting
    watcher.look()
    with virtual_time():
        _Play(cloud, watcher).play()
    return Run(plan, tuple(history.broken), tuple(history.known), history.told())


@dataclass
class _Play:
    cloud: Cloud
    watcher: Watcher
    _under_way: int = 0
    _ended: set[str] = field(default_factory=lambda: {"here before1"})  # processes

    def play(self) -> None:
        time, plan = self.cloud.time, self.cloud.plan
        before, (first, *others) = self.cloud.service, plan.sessions
        for number, deed in enumerate(plan.deeds):
            time.after(deed.at, partial(act, self.cloud, self.watcher, deed.act, number))
        for name, session in zip("BCD", others, strict=False):
            self._under_way += 1
            time.start(session.begins, partial(self._session_beside, name, session))
        ended = self._session("A", "here", first)
        while self._under_way and not time.is_endless:
            HERE.machine = self._machine("idle", "here", Session(()))
            time.sleep(1)
        if first.commands == WAY and (plan.is_quiet or plan.is_passing):
            self._judge_quiet(ended, dict(percents(before)) if before else {})
        self._next_person()
        self._judge_jobs()

    def _session_beside(self, name: str, session: Session) -> None:
        self._session(name, "there", session)
        self._under_way -= 1

    def _session(self, name: str, host: str, session: Session) -> Ended:
        return give(self._machine(name, host, session), self.watcher, session.commands)

    def _machine(self, name: str, host: str, session: Session) -> Machine:
        machine = Machine(name, self.cloud, session, host, ended=self._ended)
        self.watcher.machines[name] = HERE.machine = machine
        return machine

    def _judge_quiet(self, ended: Ended, before: dict[str, int]) -> None:
        """Nothing stops it: a sound revision is released, any other leaves all as it was."""
        plan, now = self.cloud.plan, self.cloud.service
        nature = _nature(plan)
        stopped = plan.jobs and plan.job_fails
        if nature in SOUND and not stopped:
            if ended.error or now is None or len(serving(now)) != 1:
                self.watcher.breaks(f"3: a sound release was stopped: {ended.error!r}")
        elif ended.error is None or (before and now and percents(now) != before):
            self.watcher.breaks(f"3: a release that {nature} was not stopped and undone")
        elif nature in LATE and not stopped and before:
            noted = candidate_on(now)
            if noted is None or digest_of(noted.image) not in [
                one.digest for one in rejected_on(now)
            ]:
                self.watcher.breaks(f"3: a release that {nature} is not rejected")
        if nature not in SOUND and not before and self.cloud.front.is_open:
            self.watcher.breaks(f"1: a first release that {nature} is left open")
        sent = self.watcher.machines["A"].sent_in_all
        most = 4 + len(plan.steps) - 1 + plan.jobs + (not before) + int(plan.watch / 300)
        most += 2 if ended.error else 0  # to undo it, and to close what was opened
        if plan.is_quiet and sent > most:
            self.watcher.breaks(f"5: a release sent {sent} writes, {most} are allowed")

    def _judge_jobs(self) -> None:
        """A migration succeeds once for a release, not twice."""
        for job in self.cloud.state.jobs.values():
            done = [one for one in job.executions.values() if one.succeeded]
            releases = Counter(
                one.template.get("labels", {}).get(RELEASE_LABEL, "") for one in done
            )
            for release, times in releases.items():
                if times > 1:
                    self.watcher.breaks(f"3: a job ran {times} times for {release}")

    def _next_person(self) -> None:
        plan = self.cloud.plan
        self.cloud.time.sleep(plan.patience)
        self.cloud.calm_down()
        build = plan.sessions[0].build + (2 if plan.is_mended else 0)
        host = "elsewhere" if plan.is_elsewhere else "here"
        machine = self._machine("next", host, Session((), apart=True, build=build))
        NextPerson(machine, self.watcher).come()


def _nature(plan: Plan) -> Nature:
    """Of the first revision that is released; a candidate that is held is gone on with."""
    if plan.start is Start.HELD and plan.sessions[0].build == 0:
        return Nature.WELL
    return next(iter(plan.natures), Nature.WELL)
