"""What a failure was recognised as, and where it is to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import PipelineError, Seen
from pipeline.model import Diagnosis, Mark

IN_FULL = 3
"""Diagnoses that are told in full; of further ones only the id and the title."""

LAST = 10
"""Lines that are shown where nothing is recognised."""

_MOST_OF_A_BUILD = 40  # lines


@dataclass(frozen=True)
class Known:
    """What was recognised, of ``searched`` known failures; none were searched for where it is 0."""

    found: tuple[Diagnosis, ...] = ()
    searched: int = 0
    marks: tuple[Mark, ...] = ()

    def told(self) -> tuple[str, ...]:
        """One line for each, for where there is no room for more."""
        return tuple(f"{one.id}: {one.title}. {one.fix}" for one in self.found[:IN_FULL])


UNKNOWN = Known()


def nothing_known(searched: int) -> str:
    return f"none of the {searched} known failures fits"


def evidence_of(error: PipelineError) -> Sequence[str]:
    """Its lines; of a build only the last, for what went well before tells nothing."""
    if error.shows is not Seen.BUILD or len(error.lines) <= _MOST_OF_A_BUILD:
        return error.lines
    left_out = f"… ({len(error.lines) - _MOST_OF_A_BUILD} lines left out) …"
    return (left_out, *error.lines[-_MOST_OF_A_BUILD:])


def last_of(lines: Sequence[str]) -> list[str]:
    """The last lines that say anything."""
    return [line for line in lines[-10 * LAST :] if line.strip()][-LAST:]
