"""Required and forbidden lines in what a container wrote, and lines that must be rare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pipeline.adapters.logging import Entry
from pipeline.model import Outcome, Verdict
from pipeline.payloads import told_by

CHECK = "log lines"
RATES = "log rates"

_SHOWN = 20  # lines of evidence


def written(entries: Iterable[Entry]) -> list[str]:
    """What containers wrote, of the entries of a log."""
    return [entry.text for entry in entries if entry.log in ("stdout", "stderr")]


def matches(pattern: re.Pattern[str], line: str) -> bool:
    """Whether a pattern is in what was written at once: in one of its lines.

    What is one JSON object is looked at as it is, and as what it says: a line break in it is no
    character of its own to whoever reads it.
    """
    return any(pattern.search(part) for part in _parts(line))


def folded(lines: Iterable[str]) -> list[str]:
    """The lines, where several the same in a row are one that says how often."""
    runs = ((line, sum(1 for _ in run)) for line, run in groupby(lines))
    return [line if count == 1 else f"{line} ({count} times)" for line, count in runs]


def judge_lines(
    lines: Sequence[str],
    required: Sequence[re.Pattern[str]],
    forbidden: Sequence[re.Pattern[str]],
) -> Verdict:
    """Patterns are searched line by line.

    A forbidden line fails at once. A required line that is absent is inconclusive: it may come.
    """
    bad = [line for line in lines if any(matches(pattern, line) for pattern in forbidden)]
    if bad:
        return Verdict(
            CHECK,
            Outcome.FAIL,
            f"{_count(bad)} that must not be there",
            len(lines),
            _distinct(bad),
        )
    absent = [one for one in required if not any(matches(one, line) for line in lines)]
    if absent:
        quoted = ", ".join(repr(pattern.pattern) for pattern in absent)
        return Verdict(CHECK, Outcome.INCONCLUSIVE, f"no line matches {quoted}", len(lines))
    found = f"{len(required)} required found, " if required else ""
    return Verdict(CHECK, Outcome.PASS, f"{found}none forbidden", len(lines))


@dataclass(frozen=True)
class Matches:
    """How many lines matched a pattern so far, and the first of them."""

    pattern: re.Pattern[str]
    per_minute: float  # how many are borne
    count: int = 0
    lines: tuple[str, ...] = ()  # each once

    def and_of(self, lines: Sequence[str]) -> Matches:
        found = [line for line in lines if matches(self.pattern, line)]
        first = _distinct((*self.lines, *found))
        return replace(self, count=self.count + len(found), lines=first)


def judge_rates(matches: Sequence[Matches], seconds: float, read: int) -> Verdict:
    """Judge how often lines were written in so many seconds, of ``read`` lines.

    Less than a minute counts as one: a single line in two seconds is not thirty a minute.
    """
    minutes = max(seconds / 60, 1.0)
    often = [one for one in matches if one.count / minutes > one.per_minute]
    if often:
        faults = "; ".join(_too_often(one, minutes) for one in often)
        lines = _distinct(line for one in often for line in one.lines)
        return Verdict(RATES, Outcome.FAIL, faults, read, lines)
    if not read:
        return Verdict(RATES, Outcome.INCONCLUSIVE, "it wrote nothing in this time", 0)
    counts = sum(one.count for one in matches)
    return Verdict(RATES, Outcome.PASS, f"{counts} of {read} lines match, no more than borne", read)


def _too_often(one: Matches, minutes: float) -> str:
    borne = "none is" if one.per_minute == 0 else f"{one.per_minute:g} a minute are"
    times = "1 line matches" if one.count == 1 else f"{one.count} lines match"
    often = f", {one.count / minutes:.3g} a minute" if one.per_minute else ""
    return f"{times} {one.pattern.pattern!r}{often}: {borne} borne"


def _parts(line: str) -> Iterator[str]:
    yield from line.split("\n")
    yield from told_by(line).split("\n")


def _distinct(lines: Iterable[str]) -> tuple[str, ...]:
    """The first of them, each once: how many there are is told in words."""
    return tuple(dict.fromkeys(lines))[:_SHOWN]


def _count(lines: Sequence[str]) -> str:
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"
