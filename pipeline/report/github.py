"""GitHub's workflow commands: annotations and groups, written with sys.stdout."""

from __future__ import annotations

from pipeline.model import Finding
from pipeline.report.harmless import harmless

_LEVELS = {"error": "error", "warning": "warning"}


def annotation(finding: Finding) -> str:
    level = _LEVELS.get(finding.severity, "notice")
    place = (
        f"file={_property(finding.file)},line={finding.line},endLine={finding.end_line},"
        f"col={finding.column},title={_property(finding.rule)}"
    )
    text = f"{finding.message}\nFix: {finding.fix}" if finding.fix else finding.message
    return f"::{level} {place}::{_data(text)}"


def error(title: str, text: str) -> str:
    return f"::error title={_property(title)}::{_data(text)}"


def warning(text: str) -> str:
    return f"::warning::{_data(text)}"


def _data(text: str) -> str:
    return "%0A".join(harmless(line).replace("%", "%25") for line in text.splitlines())


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
