"""Diagnose: what a failure is known as, by a saved log, a revision, a build, or an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.adapters.time_limit import TookTooLongError, time_limit
from pipeline.catalogue import (
    Clean,
    Entry,
    Symptoms,
    of_error,
    of_log,
    of_seen,
    own_entries,
    own_words,
    recognise,
    shows_anything,
    users_entries,
)
from pipeline.errors import ConfigError, NothingToDiagnose, PipelineError, Seen
from pipeline.model import Diagnosis, Verdict
from pipeline.report.harmless import clean_lines
from pipeline.report.known import UNKNOWN, Known
from pipeline.steps.placing import marks
from pipeline.steps.saved import STDIN, read_log

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.context import Context
    from pipeline.report.terminal import Report

_PATIENCE = 5  # seconds for a user's own expressions
_ID = re.compile(r"[A-Za-z0-9-]{1,100}")

Seeing = tuple[Symptoms, Sequence[str]]
"""What there is to go by, and the lines to show where nothing is recognised."""


@dataclass(frozen=True)
class Wanted:
    """What to look up: one of them is not empty."""

    revision: str = ""
    build: str = ""


def diagnose_log(report: Report, log: str, config: Config | None) -> None:
    """Say what a saved log shows."""
    report.stage("diagnose", "standard input" if log == STDIN else log)
    lines = read_log(log, report.clean)
    _say(report, (of_log(lines), lines), config)


def diagnose(context: Context, wanted: Wanted) -> None:
    """Say what a revision's log and condition show, or those of a build."""
    if wanted.revision:
        context.report.stage("diagnose", f"revision {wanted.revision}")
        seeing = _revision(context, wanted.revision)
    else:
        context.report.stage("diagnose", f"build {wanted.build}")
        seeing = _build(context, wanted.build)
    _say(context.report, seeing, context.config)


def known_of(
    error: PipelineError, config: Config | None, verdicts: Sequence[Verdict],
    clean: Clean = clean_lines,
) -> Known:  # fmt: skip
    """What a failure is known as: none perhaps, where the pipeline's own words say all of it.

    ``clean`` takes out of lines what must not be shown. A diagnosis that fails is noted on the
    error, and hides nothing of it.
    """
    try:
        return _known_of(error, config, verdicts, clean)
    except Exception as fault:  # noqa: BLE001 -- whatever it is, the failure must be told
        error.add_note(f"its diagnosis failed: {_told(fault)}")
        return UNKNOWN


def _known_of(
    error: PipelineError, config: Config | None, verdicts: Sequence[Verdict], clean: Clean
) -> Known:  # fmt: skip
    at = marks(error)
    if isinstance(error, ConfigError):
        return Known(marks=at)
    try:
        users = users_own(config)
    except ConfigError as fault:  # its file changed while the stage ran
        error.add_note(f"your own catalogue was left out: {_told(fault)}")
        users = ()
    settings = list(_settings(config)) if config else ()
    known = _known(users, of_error(error, verdicts, settings, clean))
    found = tuple(_beside(error, one, clean) for one in known.found)
    searched = known.searched if shows_anything(error) else 0
    return replace(known, found=found, searched=searched, marks=at)


def _told(fault: Exception) -> str:
    """In one line; of the faults of a catalogue the first."""
    if isinstance(fault, PipelineError):
        return ": ".join(filter(None, (fault.what, fault.where, *fault.lines[:1])))
    return f"{type(fault).__name__}: {fault}"


def users_own(config: Config | None) -> tuple[Entry, ...]:
    """The entries of a user's own catalogue. Raises ConfigError."""
    if config is None or config.catalogue is None:
        return ()
    return users_entries(config.folder / config.catalogue)


def _known(users: tuple[Entry, ...], symptoms: Symptoms) -> Known:
    """The user's own first; without them where their expressions come to no end."""
    own, left_out = own_entries(), ""
    try:
        with time_limit(_PATIENCE):
            recognise(users, symptoms)
    except TookTooLongError:
        users = ()
        left_out = (
            f"your own catalogue was left out: its expressions took more than {_PATIENCE} s; "
            "take out repeats of repeats, such as (a+)+"
        )
    entries = users + own
    return Known(recognise(entries, symptoms), len(entries), left_out=left_out)


def _beside(error: PipelineError, found: Diagnosis, clean: Clean) -> Diagnosis:
    """Without the error's own words as evidence: they are told right above."""
    words = of_seen({Seen.TOOL: [own_words(error)]}, clean).lines[Seen.TOOL]
    told = {line.strip() for line in words}
    return replace(found, evidence=tuple(one for one in found.evidence if one not in told))


def _say(report: Report, seeing: Seeing, config: Config | None) -> None:
    symptoms, lines = seeing
    report.known(_known(users_own(config), symptoms), lines)


def _settings(config: Config) -> Iterator[str]:
    yield f"health.path: {config.health.path}"
    for name, value in config.run.env.items():
        yield f"run.env.{name}: {value}"


def _revision(context: Context, name: str) -> Seeing:
    revision = context.cloud_run.revision(name) if _ID.fullmatch(name) else None
    if revision is None:
        raise NothingToDiagnose(
            f"there is no revision {name}",
            where=context.cloud_run.name,
            remedy="`nox -s status` names those that serve",
        )
    condition = "ready" if revision.ready else revision.message or "not ready, without a reason"
    context.report.note(condition)
    newest = context.logs.newest(name, revision.created)
    lines = [entry.text for entry in reversed(newest) if entry.log != "requests"]
    if not lines:
        context.report.note("its log is empty")
    seen: dict[str, Sequence[str]] = {Seen.API: [condition], Seen.OUTPUT: lines}
    return of_seen(seen, context.report.clean), lines


def _build(context: Context, build: str) -> Seeing:
    found = context.builds.find(build) if _ID.fullmatch(build) else None
    if found is None:
        raise NothingToDiagnose(
            f"Cloud Build knows no build {build}",
            where=f"project {context.config.project}, {context.builds.location} and global",
            remedy="a local Cloud Run knows its own builds only: unset CLOUD_RUN_EMULATOR_HOST"
            if context.google.emulator
            else "`gcloud builds list` names the builds of the project",
        )
    context.report.note(f"{found.status}; {found.detail}" if found.detail else found.status)
    seen: dict[str, Sequence[str]] = {Seen.API: [found.detail], Seen.BUILD: found.lines}
    return of_seen(seen, context.report.clean), found.lines
