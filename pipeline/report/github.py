"""GitHub's workflow commands: annotations, written with sys.stdout."""

from __future__ import annotations

import os
from collections.abc import Callable

from pipeline.model import Finding, Mark
from pipeline.report.harmless import harmless

Safe = Callable[[str], str]
END_OF_GROUP = "::endgroup::"
_LEVELS = {"error": "error", "warning": "warning"}


def annotation(finding: Finding, safe: Safe = str) -> str:
    """A finding at its place; ``safe`` takes out what must not be shown."""
    level = _LEVELS.get(finding.severity, "notice")
    place = (
        f"file={_property(safe(in_repository(finding.file)))},line={finding.line},endLine={finding.end_line},"
        f"col={finding.column},title={_property(finding.rule)}"
    )
    text = f"{finding.message}\nFix: {finding.fix}" if finding.fix else finding.message
    return f"::{level} {place}::{_data(safe(text))}"


def error(title: str, text: str, mark: Mark | None = None, safe: Safe = str) -> str:
    """An error, at its line where there is one."""
    where = f"file={_property(safe(in_repository(mark.file)))},line={mark.line}," if mark else ""
    return f"::error {where}title={_property(title)}::{_data(safe(text))}"


def in_repository(file: str) -> str:
    """The path from the top of its checkout, wherever that lies; without one, as it is."""
    folder = path = os.path.abspath(file)
    while folder != (folder := os.path.dirname(folder)):
        if os.path.exists(os.path.join(folder, ".git")):
            return os.path.relpath(path, folder)
    return file


def group(title: str) -> str:
    """Opens a group of the log, until the next one or ``END_OF_GROUP``."""
    return f"::group::{_data(title)}"


def warning(text: str) -> str:
    return f"::warning::{_data(text)}"


def _data(text: str) -> str:
    return "%0A".join(harmless(line).replace("%", "%25") for line in text.splitlines())


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
