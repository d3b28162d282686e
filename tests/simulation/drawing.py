"""A plan by its seed: the same one on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from tests.simulation.plan import (
    WAY,
    Act,
    Deed,
    Fault,
    Kind,
    Nature,
    Plan,
    Routing,
    Session,
    Start,
    When,
)

T = TypeVar("T")

MOST_CALLS, MOST_WRITES = 150, 8
"""About as many as a whole release makes."""

_BEGINS: Sequence[tuple[str, ...]] = (
    *(WAY,) * 12,
    ("deploy", "shift"), ("shift",), ("verify", "shift"), ("rollback",), (*WAY, "rollback"),
    (*WAY[:3], "shift --to 25", "shift"), (*WAY, *WAY),
)  # fmt: skip
_ORDERS: Sequence[tuple[str, ...]] = (
    ("shift --pause",), ("shift --pause", "shift --resume"), ("shift --abort",),
    ("shift --to 25",), ("rollback",), ("shift",),
)  # fmt: skip
_AFTER = (
    Kind.INTERNAL, Kind.UNAVAILABLE, Kind.DEADLINE, Kind.LOST, Kind.HANGS, Kind.INTERRUPT,
    Kind.KILL,
)  # fmt: skip
_LATER = (
    Kind.UNAVAILABLE, Kind.DEADLINE, Kind.LOST, Kind.HANGS, Kind.INTERRUPT, Kind.KILL,
)  # fmt: skip
_LONG = (Kind.UNAVAILABLE, Kind.QUOTA, Kind.LOST, Kind.HANGS, Kind.INTERRUPT)


def whens(kind: Kind) -> Sequence[When]:
    """When a kind can strike: what was refused had no effect."""
    found = [When.BEFORE]
    found += [When.AFTER] if kind in _AFTER else []
    return [*found, When.LATER] if kind in _LATER else found


def plan_of(seed: int) -> Plan:
    return _Draw(random.Random(seed)).plan(seed)


class _Draw:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def plan(self, seed: int) -> Plan:
        return Plan(
            sessions=self._sessions(),
            start=self._one(list(Start), (2, 5, 2, 2, 2)),
            steps=self._one([(100,), (50, 100), (10, 50, 100)]),
            watch=self._one([8.0, 45.0, 1000.0], (40, 12, 1)),
            jobs=self._one([0, 1], (7, 1)),
            deeds=tuple(self._deed() for _ in range(self._one([0, 1, 2], (5, 2, 1)))),
            natures=tuple(self._nature() for _ in range(self._one([0, 1, 2], (3, 3, 1)))),
            routing=self._routing(),
            job_fails=self._rarely(8),
            log_lag=self._one([1.0, 12.0, 40.0, 90.0], (12, 2, 1, 1)),
            log_fails=self._rarely(20),
            rerun=self._one(["deploy", "shift"], (2, 1)),
            is_elsewhere=self._rarely(2),
            is_mended=self._rarely(2),
            patience=self._one([0.0, 20.0, 900.0]),
            chance=seed,
        )

    def _sessions(self) -> tuple[Session, ...]:
        first = self._session(0.0, self._one(_BEGINS))
        match self._one(["alone", "another release", "orders"], (4, 1, 1)):
            case "another release":
                begins = round(self._chance.uniform(0, 40), 1)
                return (first, self._session(begins, self._one(_BEGINS)))
            case "orders":
                begins = round(self._chance.uniform(5, 80), 1)
                return (first, self._session(begins, self._one(_ORDERS)))
            case _:
                return (first,)

    def _session(self, begins: float, commands: tuple[str, ...]) -> Session:
        faults = tuple(self._fault() for _ in range(self._one([0, 1, 2, 3], (2, 4, 2, 1))))
        ahead = self._one([0.0, 400.0, -400.0], (6, 1, 1))
        jumps = self._chance.randint(1, 100) if ahead and self._rarely(2) else 0
        return Session(
            commands, begins, faults, ahead, jumps, self._rarely(2), self._one([0, 1], (3, 1))
        )

    def _fault(self) -> Fault:
        kind = self._one(list(Kind))
        calls = self._chance.randint(2, 30) if kind in _LONG and self._rarely(4) else 1
        of_writes = kind is not Kind.STALE and self._rarely(2)
        call = self._chance.randint(1, MOST_WRITES if of_writes else MOST_CALLS)
        return Fault(call, kind, self._one(whens(kind)), calls, of_writes)

    def _deed(self) -> Deed:
        return Deed(round(self._chance.uniform(0, 60), 1), self._one(list(Act)))

    def _nature(self) -> Nature:
        return self._one(list(Nature), (6, *(1,) * (len(Nature) - 1)))

    def _routing(self) -> tuple[Routing, ...]:
        if not self._rarely(4):
            return ()
        return tuple(self._one(list(Routing), (3, 1, 1, 1, 1)) for _ in range(5))

    def _one(self, of: Sequence[T], weights: Sequence[int] | None = None) -> T:
        return self._chance.choices(of, weights)[0]

    def _rarely(self, one_in: int) -> bool:
        return self._chance.randrange(one_in) == 0
