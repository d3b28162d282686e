"""Findings as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os.path import isabs
from typing import Any
from urllib.parse import quote

from pipeline.model import Finding, RuleHelp

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning"}


def as_sarif(findings: Sequence[Finding], rules: Sequence[RuleHelp]) -> str:
    """One run; its rules are those given, and a bare one for every other id that was found."""
    known = {rule.id: rule for rule in rules}
    known |= {one.rule: RuleHelp(one.rule, one.rule) for one in findings if one.rule not in known}
    driver = {"name": "cloud-run-pipeline", "rules": [_rule(rule) for rule in known.values()]}
    index = {rule: at for at, rule in enumerate(known)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index) for finding in findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: RuleHelp) -> dict[str, Any]:
    found: dict[str, Any] = {"id": rule.id, "shortDescription": {"text": rule.title}}
    if rule.page:
        found["help"] = {"text": rule.page, "markdown": rule.page}
    if rule.link:
        found["helpUri"] = rule.link
    return found


def _result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": max(finding.line, finding.end_line),
    }
    if finding.end_column:
        region["endColumn"] = finding.end_column + 1
    place = {"artifactLocation": {"uri": _uri(finding.file)}, "region": region}
    parts = (finding.message, finding.why, f"Fix: {finding.fix}" if finding.fix else "")
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": "\n".join(part for part in parts if part)},
        "locations": [{"physicalLocation": place}],
    }


def _uri(file: str) -> str:
    path = quote(file.encode("utf-8", "surrogateescape"))
    return f"file://{path}" if isabs(file) else path
