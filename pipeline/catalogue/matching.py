"""Which entries the symptoms of a failure fit. Pure, and linear in what is looked at."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from pipeline.catalogue.buildkit import unfinished
from pipeline.catalogue.entry import ANY, Entry, Pattern
from pipeline.model import Diagnosis

SHOWN = 4
"""Lines of evidence that are told of one entry."""

_LONGEST = 1000  # characters of a line that are looked at
_HEAD, _TAIL = 100_000, 300_000  # characters of a place, from its begin and from its end
_MOST_HITS = 200  # of one expression
_ESCAPE = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")


@dataclass(frozen=True)
class Symptoms:
    """What a failure showed: lines by where they were seen (``errors.Seen``, and ``config``)."""

    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)


def recognise(entries: Iterable[Entry], symptoms: Symptoms) -> tuple[Diagnosis, ...]:
    """The entries that fit, the most specific first.

    A line is explained once: an entry is left out whose lines more specific ones have explained,
    and a fallback where there is any other.
    """
    seen = _Seen(symptoms)
    explained: set[str] = set()
    found: list[Diagnosis] = []
    for entry in sorted(entries, key=lambda one: one.fallback):
        if entry.fallback and found:
            break
        lines = dict.fromkeys(line for one in entry.patterns for line in seen.evidence(one))
        if lines.keys() - explained:
            explained |= lines.keys()
            found.append(_diagnosis(entry, tuple(lines)))
    return tuple(found)


def _diagnosis(entry: Entry, lines: tuple[str, ...]) -> Diagnosis:
    return Diagnosis(
        id=entry.id, title=entry.title, stage=entry.stage, cause=entry.cause, fix=entry.fix,
        prevention=entry.prevention, evidence=lines[:SHOWN],
    )  # fmt: skip


class _Seen:
    """The texts of all places; lines that are in two of them are searched once."""

    def __init__(self, symptoms: Symptoms) -> None:
        by_lines: dict[int, _Text] = {}
        self._texts = {
            place: by_lines.setdefault(id(lines), _Text(lines))
            for place, lines in symptoms.lines.items()
        }
        self._hits: dict[tuple[str, int], list[str]] = {}

    def evidence(self, pattern: Pattern) -> list[str]:
        """The lines that fit; none at all unless every expression is found."""
        evidence: list[str] = []
        for place, expressions in pattern.items():
            for expression in expressions:
                lines = self._found(expression, place)
                if not lines:
                    return []
                evidence += lines
        return evidence

    def _found(self, expression: re.Pattern[str], place: str) -> list[str]:
        texts = self._texts.values() if place == ANY else [self._texts.get(place, _NOTHING)]
        distinct = {id(text): text for text in texts}.values()
        return [line for text in distinct for line in self._in_text(expression, text)]

    def _in_text(self, expression: re.Pattern[str], text: _Text) -> list[str]:
        key = (expression.pattern, id(text))
        if key not in self._hits:
            self._hits[key] = text.lines_with(expression)
        return self._hits[key]


class _Text:
    """Lines as one text without escapes: the begin and the end of what is long."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._given = lines

    @cached_property
    def _lines(self) -> list[str]:
        given = unfinished(self._given)
        head = _within(given, _HEAD)
        tail = _within(given[len(head) :][::-1], _TAIL)
        return [_ESCAPE.sub("", line) for line in (*head, *reversed(tail))]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self._lines)]

    @cached_property
    def _whole(self) -> str:
        return "\n".join(self._lines)

    def lines_with(self, expression: re.Pattern[str]) -> list[str]:
        found: dict[int, None] = {}
        for hit, _ in zip(expression.finditer(self._whole), range(_MOST_HITS), strict=False):
            found[bisect_right(self._starts, hit.start()) - 1] = None
        return [self._lines[index].strip() for index in found if index < len(self._lines)]


_NOTHING = _Text(())


def _within(lines: Iterable[str], room: int) -> list[str]:
    """As many of the first lines as there is room for, each cut where it is long."""
    taken = []
    for line in lines:
        cut = line[:_LONGEST].replace("\n", " ")
        room -= len(cut) + 1
        if room < 0:
            break
        taken.append(cut)
    return taken
