"""What is shown of all that was found, by our rules and by hadolint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import NotLinted
from pipeline.model import Finding
from pipeline.steps.hadolint import CANNOT_PARSE, Hadolint, contradiction
from pipeline.steps.linting import Change, Seen
from pipeline.steps.suppressing import Suppressions
from pipeline.steps.targets import shown

if TYPE_CHECKING:
    from pipeline.config import Config


@dataclass(frozen=True)
class Judged:
    """``findings`` in order, ``sources`` the lines of their files, ``notes`` what else to say.

    ``failure`` is why there is nothing of hadolint among them.
    """

    findings: tuple[Finding, ...]
    sources: Mapping[str, Sequence[str]]
    notes: tuple[str, ...] = ()
    failure: NotLinted | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "error")


def judge(
    seen: Sequence[Seen], hadolint: Hadolint, config: Config | None, *, whole: bool
) -> Judged:
    """Suppressions applied, contradictions and duplicates taken out."""
    theirs, blind, failure = _of_hadolint(hadolint, seen)
    suppressions = Suppressions(seen, config)
    ours = [finding for one in seen for finding, _ in one.findings]
    kept = [one for one in ours + theirs if not suppressions.cover(one)]
    dockerfiles = {one.file: one.dockerfile for one in seen}
    notes = {}
    for one in kept:
        if reason := contradiction(one, dockerfiles.get(one.file)):
            notes[one] = f"{one.rule} at {one.file}:{one.line} is left out: {reason}"
    told = {one for one in kept if one not in notes}
    told.update(suppressions.complaints(blind, whole=whole))
    sources = {file: lines for one in seen for file, lines in one.sources.items()}
    return Judged(
        tuple(sorted(told, key=_order)),
        sources | _lines_of(config),
        (*(one.note for one in seen if one.note), *notes.values()),
        failure,
    )


def _of_hadolint(
    hadolint: Hadolint, seen: Sequence[Seen]
) -> tuple[list[Finding], frozenset[str], NotLinted | None]:
    """Its findings, the files that it did not look at, and why if it looked at none."""
    try:
        found = hadolint.findings()
    except NotLinted as failure:
        return [], frozenset(one.file for one in seen), failure
    return found, frozenset(one.file for one in found if one.rule == CANNOT_PARSE), None


def _lines_of(config: Config | None) -> dict[str, list[str]]:
    """The configuration's own lines, for what is wrong with ``lint.ignore``."""
    if config is None or not config.lint.ignore:
        return {}
    return {shown(config.file): config.file.read_text("utf-8-sig").split("\n")}


def _order(one: Finding) -> tuple[str, int, int, str, str]:
    return one.file, one.line, one.column, one.rule, one.message


def certain_changes(seen: Sequence[Seen], config: Config | None) -> list[Change]:
    """The changes for what was found and is not suppressed."""
    suppressions = Suppressions(seen, config)
    pairs = (pair for one in seen for pair in one.findings)
    return [change for finding, change in pairs if change and not suppressions.cover(finding)]
