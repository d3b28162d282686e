"""What is to happen in one run, as a value: drawn by its seed, or by hypothesis that shrinks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What strikes a call: errors of API facts §10, and what ends the process."""

    QUOTA = "429"
    INTERNAL = "500"
    UNAVAILABLE = "503"
    DEADLINE = "504"
    LOST = "connection lost"
    CONFLICT = "409"
    DENIED = "403"
    HANGS = "no answer within its deadline"
    STALE = "stale read"
    INTERRUPT = "SIGINT"
    KILL = "kill -9"


class When(StrEnum):
    """Of the call's effect; ``LATER``: the caller is told at once, and it is carried out after."""

    BEFORE = "before"
    AFTER = "after"
    LATER = "later"


_PASSING = frozenset(
    {Kind.QUOTA, Kind.INTERNAL, Kind.UNAVAILABLE, Kind.DEADLINE, Kind.LOST, Kind.CONFLICT,
     Kind.HANGS}
)  # fmt: skip


class Nature(StrEnum):
    """What a revision is like."""

    WELL = "well"
    SLOW_START = "starts after 200 s"
    FAILS = "does not start"
    STUCK = "starts for 600 s, then fails"
    SICK = "answers 503"
    UNHEALTHY = "its document says unhealthy"
    FORBIDDEN = "writes a traceback at its start"
    FLAPS = "answers 503 now and then"
    SLOW = "answers after 2.5 s"
    LATE_SICK = "answers 503 once users are on it"
    LATE_ERRORS = "fails users, not probes"
    LATE_LINES = "writes failures once users are on it"
    LATE_EXITS = "exits once users are on it"


FROM_THE_START = frozenset(
    {Nature.FAILS, Nature.STUCK, Nature.SICK, Nature.UNHEALTHY, Nature.FORBIDDEN}
)
"""What verify must always find, as nothing of it depends on chance or on users."""


class Routing(StrEnum):
    """How the router takes a split over."""

    PROMPT = "within 3 s"
    SLOW = "after 60 s"
    LATE = "after 400 s"
    FAILS = "refused"
    NEVER = "never"


class Act(StrEnum):
    """What a person does, with the console or another tool."""

    MOVE = "moves traffic back"
    PROMOTE = "gives the candidate all traffic"
    LATEST = "routes to the latest revision"
    TAG = "adds a tag"
    DEPLOY = "deploys a revision"
    DELETE = "deletes the candidate"
    ANNOTATE = "adds an annotation"


LATE = frozenset({Nature.LATE_SICK, Nature.LATE_ERRORS, Nature.LATE_LINES, Nature.LATE_EXITS})
"""What only a shift can find, and then rejects."""


class Start(StrEnum):
    """How the service stands when it begins."""

    NONE = "there is no service"
    RELEASED = "a release serves"
    FOREIGN = "what others deployed serves as the latest"
    SPLIT = "two revisions share the traffic"
    HELD = "a release serves, and a candidate is held"


@dataclass(frozen=True)
class Fault:
    """Strikes the call of that number, counted from 1, of a machine.

    ``of_writes``: only what writes is counted.
    """

    call: int
    kind: Kind
    when: When = When.BEFORE
    calls: int = 1  # that it strikes, one after the other
    of_writes: bool = False


@dataclass(frozen=True)
class Deed:
    """A person's act, so many seconds after the beginning."""

    at: float
    act: Act


@dataclass(frozen=True)
class Session:
    """The commands that somebody gives one after the other, until one fails, on one machine.

    A command is a stage and its options, such as ``shift --to 25``. ``ahead`` is how many seconds
    the machine's clock is ahead; at call ``jumps_at`` it jumps to be right. ``apart``: each command
    is a process of its own. ``build`` says which of several images it deploys.
    """

    commands: tuple[str, ...]
    begins: float = 0.0
    faults: tuple[Fault, ...] = ()
    ahead: float = 0.0
    jumps_at: int = 0
    apart: bool = False
    build: int = 0


@dataclass(frozen=True)
class Plan:
    """One run. ``chance`` seeds what is left to chance: delays, names, who answers whom."""

    sessions: tuple[Session, ...]
    start: Start = Start.RELEASED
    steps: tuple[int, ...] = (50, 100)
    step_time: float = 6.0  # seconds that each step before the last is watched
    watch: float = 8.0  # seconds that 100 % is watched
    jobs: int = 0
    deeds: tuple[Deed, ...] = ()
    natures: tuple[Nature, ...] = ()  # of the revisions that the pipeline makes, in order
    routing: tuple[Routing, ...] = ()  # of the splits that are asked for, in order
    job_fails: bool = False
    log_lag: float = 1.0  # seconds
    log_fails: bool = False
    rerun: str = "deploy"  # what the next person does: deploy or shift
    is_elsewhere: bool = False  # whether the next person is at another machine than the first
    is_mended: bool = False  # whether the next person deploys another image
    patience: float = 0.0  # seconds until the next person comes
    chance: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing and nobody disturbs it: then what it comes to is known."""
        return self.is_passing and not self.sessions[0].faults

    @property
    def is_passing(self) -> bool:
        """Whether all that disturbs it passes: then it comes to what it would come to anyhow."""
        first, *others = self.sessions
        if others or self.deeds or self.routing or self.log_fails or self.log_lag > 5:
            return False
        return all(
            one.of_writes and one.kind in _PASSING and one.calls == 1 and one.when is not When.LATER
            for one in first.faults
        )


WAY = ("deploy", "jobs", "verify", "shift")
"""The commands of a release."""
