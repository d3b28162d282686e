"""Required and forbidden lines in what a container wrote, and lines that must be rare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.adapters.logging import Entry
from pipeline.model import Outcome, Verdict

CHECK = "log lines"
RATES = "log rates"

_SHOWN = 20  # lines of evidence


def written(entries: Iterable[Entry]) -> list[str]:
    """What containers wrote, of the entries of a log."""
    return [entry.text for entry in entries if entry.log in ("stdout", "stderr")]


def judge_lines(
    lines: Sequence[str],
    required: Sequence[re.Pattern[str]],
    forbidden: Sequence[re.Pattern[str]],
) -> Verdict:
    """Patterns are searched line by line.

    A forbidden line fails at once. A required line that is absent is inconclusive: it may come.
    """
    bad = [line for line in lines if any(pattern.search(line) for pattern in forbidden)]
    if bad:
        return Verdict(
            CHECK,
            Outcome.FAIL,
            f"{_count(bad)} that must not be there",
            len(lines),
            tuple(bad[:_SHOWN]),
        )
    absent = [pattern for pattern in required if not any(pattern.search(line) for line in lines)]
    if absent:
        quoted = ", ".join(repr(pattern.pattern) for pattern in absent)
        return Verdict(CHECK, Outcome.INCONCLUSIVE, f"no line matches {quoted}", len(lines))
    return Verdict(
        CHECK, Outcome.PASS, f"{len(required)} required found, none forbidden", len(lines)
    )


@dataclass(frozen=True)
class Matches:
    """How many lines matched a pattern so far, and the first of them."""

    pattern: re.Pattern[str]
    per_minute: float  # how many are borne
    count: int = 0
    lines: tuple[str, ...] = ()

    def and_of(self, lines: Sequence[str]) -> Matches:
        found = [line for line in lines if self.pattern.search(line)]
        first = (*self.lines, *found)[:_SHOWN]
        return replace(self, count=self.count + len(found), lines=first)


def judge_rates(matches: Sequence[Matches], seconds: float, read: int) -> Verdict:
    """Judge how often lines were written in so many seconds, of ``read`` lines.

    Less than a minute counts as one: a single line in two seconds is not thirty a minute.
    """
    minutes = max(seconds / 60, 1.0)
    often = [one for one in matches if one.count / minutes > one.per_minute]
    if often:
        faults = "; ".join(_too_often(one, minutes) for one in often)
        lines = tuple(line for one in often for line in one.lines)
        return Verdict(RATES, Outcome.FAIL, faults, read, lines[:_SHOWN])
    if not read:
        return Verdict(RATES, Outcome.INCONCLUSIVE, "it wrote nothing yet", 0)
    counts = sum(one.count for one in matches)
    return Verdict(RATES, Outcome.PASS, f"{counts} of {read} lines match, no more than borne", read)


def _too_often(one: Matches, minutes: float) -> str:
    borne = "none is" if one.per_minute == 0 else f"{one.per_minute:g} a minute are"
    times = "1 line matches" if one.count == 1 else f"{one.count} lines match"
    often = f", {one.count / minutes:.3g} a minute" if one.per_minute else ""
    return f"{times} {one.pattern.pattern!r}{often}: {borne} borne"


def _count(lines: Sequence[str]) -> str:
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"
