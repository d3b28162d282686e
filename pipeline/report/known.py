"""What a failure was recognised as, and where it is to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import PipelineError, Seen
from pipeline.model import Diagnosis, Mark
from pipeline.report.harmless import clean_lines
from pipeline.report.keys import keyless
from pipeline.report.masking import NO_SECRETS, Secrets

IN_FULL = 3
"""Diagnoses that are told in full; of further ones only the id and the title."""

LAST = 10
"""Lines that are shown where nothing is recognised."""

_MOST_OF_A_BUILD = 40  # lines
_END = 250  # characters of a long line, from its begin and from its end


@dataclass(frozen=True)
class Known:
    """What was recognised, of ``searched`` known failures; none were searched for where it is 0."""

    found: tuple[Diagnosis, ...] = ()
    searched: int = 0
    marks: tuple[Mark, ...] = ()
    left_out: str = ""
    """What was not searched for, and why."""

    def told(self) -> tuple[str, ...]:
        """One line for each, for where there is no room for more."""
        return tuple(f"{one.id}: {one.title}. {one.fix}" for one in self.found[:IN_FULL])


UNKNOWN = Known()


def nothing_known(searched: int) -> str:
    return f"none of the {searched} known failures fits"


def evidence_of(error: PipelineError) -> Sequence[str]:
    """Its lines; of a build only the last, for what went well before tells nothing."""
    lines = keyless(error.lines)
    if error.shows is not Seen.BUILD or len(lines) <= _MOST_OF_A_BUILD:
        return lines
    left_out = f"… ({len(lines) - _MOST_OF_A_BUILD} lines left out) …"
    return (left_out, *lines[-_MOST_OF_A_BUILD:])


def last_of(lines: Sequence[str], secrets: Secrets = NO_SECRETS) -> list[str]:
    """The last lines that say anything, without credentials, and of long ones both ends."""
    last = clean_lines(keyless(lines)[-10 * LAST :], secrets)
    return [_short(line) for line in last if line.strip()][-LAST:]


def _short(line: str) -> str:
    more = len(line) - 2 * _END
    if more <= 0:
        return line
    return f"{line[:_END]} … ({more} characters left out) … {line[-_END:]}"
