"""A bad day as a plan: which faults, how often or how long, and by which chance. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any

_LONGEST = 3600.0  # seconds
_CHANCES = 1 << 56


class Fault(StrEnum):
    QUOTA = "quota"
    CONFLICT = "conflict"
    LOST_REPLY = "lost-reply"
    TRAFFIC = "traffic"
    STUCK = "stuck"
    SLOW = "slow"
    LOG_LAG = "log-lag"
    START_DELAY = "start-delay"


SHARES = {
    Fault.QUOTA: "share of writes that are refused with 429",
    Fault.CONFLICT: "share of writes with an etag before which the resource's version moves on",
    Fault.LOST_REPLY: "share of writes that are applied, and never answered",
    Fault.TRAFFIC: "share of traffic updates that fail",
    Fault.STUCK: "share of changes that never end, unless the fault is switched off",
}
SECONDS = {
    Fault.SLOW: "seconds that a change takes to have its effect",
    Fault.LOG_LAG: "seconds after which log entries can be read",
    Fault.START_DELAY: "seconds before an instance starts",
}
KNOWN: Mapping[Fault, str] = {**SHARES, **SECONDS}
_ALL = ", ".join((*(f"{name}=SHARE" for name in SHARES), *(f"{name}=SECONDS" for name in SECONDS)))


class WrongFaultError(ValueError):
    """A name or a value that there is none of; the text says which there are."""


@dataclass(frozen=True)
class Plan:
    """``values`` are shares of 0 to 1, or seconds; a fault that is not in it never strikes."""

    seed: int = 0
    values: Mapping[Fault, float] = field(default_factory=dict)

    def value(self, fault: Fault) -> float:
        return self.values.get(fault, 0.0)

    def strikes(self, fault: Fault, number: int) -> bool:
        """Whether a fault strikes at its ``number``-th chance; the same seed says the same."""
        drawn = blake2b(f"{self.seed}/{fault}/{number}".encode(), digest_size=7).digest()
        return int.from_bytes(drawn) < self.value(fault) * _CHANCES


def from_words(seed: int, words: Iterable[str]) -> Plan:
    """A plan of ``NAME=VALUE`` words. Raises WrongFaultError."""
    values = {}
    for word in words:
        name, equals, text = word.partition("=")
        try:
            values[name] = float(text) if equals else math.nan
        except ValueError:
            values[name] = math.nan
    return checked(seed, values)


def checked(seed: Any, values: Mapping[str, Any]) -> Plan:
    """A plan of what somebody asked for. Raises WrongFaultError."""
    if not isinstance(seed, int) or isinstance(seed, bool) or abs(seed) >= 1 << 63:
        raise WrongFaultError("the seed is not a whole number of 64 bits")
    return Plan(seed, {_known(name): _value(_known(name), asked) for name, asked in values.items()})


def _known(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise WrongFaultError(f"there is no fault {name[:40]!r}; there are {_ALL}") from None


def _value(fault: Fault, asked: Any) -> float:
    most = 1.0 if fault in SHARES else _LONGEST
    is_number = isinstance(asked, int | float) and not isinstance(asked, bool)
    if not is_number or not 0 <= asked <= most:
        unit = "a share" if fault in SHARES else "seconds"
        raise WrongFaultError(f"{fault} takes {unit} from 0 to {most:g}; there are {_ALL}")
    return float(asked)
