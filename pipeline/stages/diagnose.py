"""Diagnose: what a failure is known as, by a saved log, a revision, a build, or an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.catalogue import (
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
from pipeline.report.known import Known
from pipeline.steps.placing import marks
from pipeline.steps.saved import STDIN, read_log

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.context import Context
    from pipeline.report.terminal import Report

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
    lines = read_log(log)
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
    environ: Mapping[str, str],
) -> Known:  # fmt: skip
    """What a failure is known as: none perhaps, where the pipeline's own words say all of it."""
    at = marks(error, environ)
    if isinstance(error, ConfigError):
        return Known(marks=at)
    try:
        entries = entries_for(config)
    except ConfigError:  # its file changed while the stage ran
        entries = own_entries()
    symptoms = of_error(error, verdicts, list(_settings(config)) if config else ())
    found = tuple(_beside(error, one) for one in recognise(entries, symptoms))
    return Known(found, len(entries) if shows_anything(error) else 0, at)


def entries_for(config: Config | None) -> tuple[Entry, ...]:
    """All entries, the user's own first. Raises ConfigError for a catalogue of theirs."""
    if config is None or config.catalogue is None:
        return own_entries()
    return users_entries(config.folder / config.catalogue) + own_entries()


def _beside(error: PipelineError, found: Diagnosis) -> Diagnosis:
    """Without the error's own words as evidence: they are told right above."""
    words = own_words(error)
    return replace(found, evidence=tuple(one for one in found.evidence if one != words))


def _say(report: Report, seeing: Seeing, config: Config | None) -> None:
    entries, (symptoms, lines) = entries_for(config), seeing
    report.known(Known(recognise(entries, symptoms), len(entries)), lines)


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
    return of_seen({Seen.API: [condition], Seen.OUTPUT: lines}), lines


def _build(context: Context, build: str) -> Seeing:
    from pipeline.adapters.builds import Builds

    builds = Builds(context.google, context.config.project, context.config.region)
    found = builds.find(build) if _ID.fullmatch(build) else None
    if found is None:
        raise NothingToDiagnose(
            f"Cloud Build knows no build {build}",
            where=f"project {context.config.project}, {context.config.region} and global",
            remedy="a local Cloud Run has no Cloud Build: unset CLOUD_RUN_EMULATOR_HOST"
            if context.google.emulator
            else "`gcloud builds list` names the builds of the project",
        )
    context.report.note(f"{found.status}; {found.detail}" if found.detail else found.status)
    return of_seen({Seen.API: [found.detail], Seen.BUILD: found.lines}), found.lines
