"""One process that runs stages: each of its calls takes time, and may be struck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from pipeline.context import Options
from pipeline.local_cloud_run.state.rpc import ApiError
from tests.simulation.cloud import Cloud
from tests.simulation.faults import ENDS, error_of, refusal
from tests.simulation.plan import Fault, Kind, Session, When
from tests.simulation.timeline import Killed

T = TypeVar("T")

MOST_CALLS = 6000
"""Calls after which a session counts as endless."""

_LATER = 8.0  # seconds until what nobody answered for is carried out after all, at most


@dataclass
class Machine:
    """``calls`` counts what it does: calls of an API, requests, and sleeps; ``writes`` of those.

    ``process`` is who it is to others; of those that have ``ended`` it knows the ones of its host.
    """

    name: str
    cloud: Cloud
    session: Session
    host: str = "here"
    calls: int = 0
    writes: int = 0
    is_dead: bool = False
    process: str = ""
    ended: set[str] = field(default_factory=set)
    stage: str = ""
    stage_began: float = 0.0
    decided: float = 0.0  # when this stage last read the service before it wrote
    sent: int = 0  # writes to the service by this stage, accepted or not
    sent_in_all: int = 0
    interrupted: float | None = None  # when the stage was, first
    step_began: float = 0.0  # when the candidate got the share that it has, as this stage knows
    has_undone: bool = False  # what this stage did, or so it said at its end
    moved: bool = False  # whether this stage moved traffic
    options: Options = field(default_factory=Options)
    _processes: count[int] = field(default_factory=lambda: count(1))

    @property
    def ahead(self) -> float:
        """Seconds by which its clock is ahead."""
        is_right = 0 < self.session.jumps_at <= self.calls
        return 0.0 if is_right else self.session.ahead

    @property
    def now(self) -> datetime:
        return self.cloud.now + timedelta(seconds=self.ahead)

    @property
    def steps(self) -> Sequence[int]:
        """The percentages that this stage is to go through."""
        return (int(self.options.to),) if self.options.to else self.cloud.plan.steps

    def begin_stage(self, stage: str, options: Options) -> None:
        self.stage, self.options = stage, options
        self.stage_began = self.step_began = self.decided = self.cloud.time.now
        self.sent, self.interrupted = 0, None
        self.has_undone = self.moved = False

    @property
    def ended_here(self) -> set[str]:
        return {one for one in self.ended if one.startswith(f"{self.host} ")}

    def reads(self) -> None:
        if not self.sent:
            self.decided = self.cloud.time.now

    def sends(self) -> None:
        self.sent += 1
        self.sent_in_all += 1

    def begin_process(self) -> None:
        """The one before, if any, has ended."""
        self.ended.add(self.process)
        self.process = f"{self.host} {self.name}{next(self._processes)}"

    def call(
        self, what: str, effect: Callable[[], T], timeout: float, *,
        stale: Callable[[], T] | None = None, writes: bool = False,
    ) -> T:  # fmt: skip
        """One call over the network; ``stale`` is what an outdated replica would answer."""
        fault = self._struck(what, writes=writes)
        self._takes()
        if fault and fault.kind is Kind.HANGS and fault.when is not When.AFTER:
            self.cloud.time.sleep(timeout)
        if fault and fault.when is When.LATER:
            self.cloud.time.after(self.cloud.chance.uniform(0.1, _LATER), lambda: _try(effect))
        if fault and fault.kind is Kind.STALE:
            effect = stale or effect
        elif fault and fault.when is not When.AFTER:
            self._end(fault)
        try:
            result = effect()
        except ApiError as error:
            self.cloud.history.add(self.name, f"  refused: {error}")
            raise refusal(error) from None
        self._takes()
        if fault and fault.kind is Kind.HANGS:
            self.cloud.time.sleep(timeout)
        if fault and fault.kind is not Kind.STALE:
            self._end(fault)
        return result

    def sleep(self, seconds: float) -> None:
        fault = self._struck(f"sleep {seconds:.1f} s")
        part = seconds / 2 if fault and fault.kind in ENDS else seconds
        self.cloud.time.sleep(part)
        if fault and fault.kind in ENDS:
            self._end(fault)

    def struck_at(self, what: str, timeout: float) -> Kind | None:
        """What strikes a call that has errors of its own; raises what ends the process."""
        fault = self._struck(what)
        self._takes()
        if fault and fault.kind is Kind.HANGS:
            self.cloud.time.sleep(timeout)
        if fault and fault.kind in ENDS:
            self._end(fault)
        return fault.kind if fault else None

    def _struck(self, what: str, *, writes: bool = False) -> Fault | None:
        if self.is_dead or self.calls >= MOST_CALLS:
            raise Killed
        self.calls += 1
        self.writes += writes
        fault = next(self._due(writes=writes), None)
        note = f"  <- {fault.kind} {fault.when}" if fault else ""
        self.cloud.history.add(self.name, f"{self.calls:3} {what}{note}")
        return fault

    def _due(self, *, writes: bool) -> Iterator[Fault]:
        for fault in self.session.faults:
            number = self.writes if fault.of_writes else self.calls
            if fault.call <= number < fault.call + fault.calls and writes >= fault.of_writes:
                yield fault

    def _takes(self) -> None:
        self.cloud.time.sleep(self.cloud.chance.uniform(0.01, 0.15))

    def _end(self, fault: Fault) -> None:
        if fault.kind is Kind.KILL:
            self.is_dead = True
            raise Killed
        if fault.kind is Kind.INTERRUPT:
            if self.interrupted is None:
                self.interrupted = self.cloud.time.now
            raise KeyboardInterrupt
        raise error_of(fault.kind)


def _try(effect: Callable[[], object]) -> None:
    with suppress(ApiError):  # too late: something else was written in between
        effect()
