"""Lint: is the Dockerfile sound as a build, before anything is built?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.adapters.world import World
from pipeline.errors import LintFoundErrors, NotLinted
from pipeline.report import github
from pipeline.report.findings import as_json, count
from pipeline.report.sarif import as_sarif
from pipeline.report.terminal import Report
from pipeline.steps.fixing import fix
from pipeline.steps.hadolint import Hadolint
from pipeline.steps.judging import Judged, certain_changes, judge
from pipeline.steps.linting import look_at
from pipeline.steps.rules import explanation, help_for
from pipeline.steps.targets import Gap, Target, find_targets

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.context import Context


_MOST_NOTES = 20


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line. No paths: what the configuration builds."""

    paths: Sequence[Path] = ()
    format: str = "text"
    fix: bool = False
    explain: str = ""


def lint(context: Context) -> None:
    """Lint the Dockerfile of the configuration."""
    run(context.world, context.report, Asked(format=context.options.format), context.config)


def run(world: World, report: Report, asked: Asked, config: Config | None) -> None:
    """Lint what was asked for; errors fail, the rest is shown."""
    if asked.explain:
        report.raw(explanation(asked.explain))
        return
    targets, gaps = find_targets(asked.paths, config)
    if targets:
        report.stage("lint", _named(targets))
    if asked.fix:
        _fix(report, targets, config)
    hadolint = Hadolint(world, [target.file for target in targets])
    seen, more = look_at(targets)
    if targets:
        report.command(hadolint.command)
    judged = judge(seen, hadolint, config, whole=not asked.paths)
    _show(report, asked.format, judged)
    _must_be_linted([*gaps, *more], judged.failure)
    _must_be_sound(judged)


def _named(targets: Sequence[Target]) -> str:
    return targets[0].file if len(targets) == 1 else f"{len(targets)} Dockerfiles"


def _fix(report: Report, targets: Sequence[Target], config: Config | None) -> None:
    fixed = fix(certain_changes(look_at(targets)[0], config))
    report.diff(fixed.diff)
    for sentence in fixed.left:
        report.warn(sentence)
    report.step(f"files fixed: {fixed.files}" if fixed.files else "nothing to fix")


def _show(report: Report, form: str, judged: Judged) -> None:
    findings = judged.findings
    if form == "json":
        report.raw(as_json(findings))
    elif form == "sarif":
        report.raw(as_sarif(findings, help_for(findings)))
    elif form == "github":
        report.raw("\n".join(github.annotation(one) for one in findings))
    else:
        report.findings(findings, judged.sources)
    for note in judged.notes[:_MOST_NOTES]:
        report.note(note)
    if len(judged.notes) > _MOST_NOTES:
        report.note(f"… and {len(judged.notes) - _MOST_NOTES} more such notes")
    if findings:
        report.note(count(findings))
    elif judged.sources:
        report.step(count(findings))


def _must_be_linted(gaps: Sequence[Gap], failure: NotLinted | None) -> None:
    if gaps:
        error = NotLinted(
            str(gaps[0]),
            where=gaps[0].path,
            remedy="name a Dockerfile, or a folder with one",
            lines=[str(gap) for gap in gaps[1:]],
        )
        if failure:
            error.add_note(failure.what)
        raise error
    if failure:
        raise failure


def _must_be_sound(judged: Judged) -> None:
    if judged.errors:
        first, number = judged.errors[0], len(judged.errors)
        raise LintFoundErrors(
            f"{number} error{'s' if number > 1 else ''}",
            where=f"{first.file}:{first.line}:{first.column}",
            remedy="mend what is named above, then `nox -s lint` again; "
            f"`python -m pipeline lint --explain {first.rule}` tells more",
        )
