"""A finding as a good compiler tells it: the lines, a caret under the place, why, and the fix."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.model import Finding
from pipeline.report.harmless import harmless

_KEYS = ("rule", "severity", "file", "line", "end_line", "column", "message", "fix")
_STYLES = {"error": "bold red", "warning": "bold yellow"}
_MOST_LINES = 6  # that are shown of one finding
_ROOM = 100  # characters that are shown of a line
_LEFT = 30  # of them before the caret
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Told:
    """A line to print: its coloured lead, and text that may hold anything."""

    lead: str
    style: str = ""
    text: str = ""
    exact: bool = False


def as_json(findings: Sequence[Finding]) -> str:
    """One object per finding, with the keys that are promised."""
    rows = [{key: getattr(finding, key) for key in _KEYS} for finding in findings]
    return json.dumps(rows, indent=2)


def count(findings: Sequence[Finding]) -> str:
    """``2 errors, 1 hint in 2 files``."""
    if not findings:
        return "nothing found"
    kinds = Counter(one.severity if one.severity in _STYLES else "hint" for one in findings)
    told = ", ".join(number(kinds[kind], kind) for kind in (*_STYLES, "hint") if kinds[kind])
    files = len({one.file for one in findings})
    return told if files == 1 else f"{told} in {number(files, 'file')}"


def told(finding: Finding, source: Sequence[str] = ()) -> Iterator[Told]:
    """The finding in lines; ``source`` are the lines of its file."""
    style = _STYLES.get(finding.severity, "bold cyan")
    gutter = len(str(max(finding.line, finding.end_line)))
    place = f"{finding.file}:{finding.line}:{finding.column}"
    yield Told(f"{finding.severity}[{finding.rule}]: ", style, finding.message)
    yield Told(f"{'':{gutter}}--> ", "blue", place, exact=True)
    yield from _excerpts(finding, source, gutter, style)
    for name, text in (("why", finding.why), ("fix", finding.fix)):
        if text:
            yield Told(f"{'':{gutter}} {name}: ", "bold", text)
    yield Told("")


def _excerpts(finding: Finding, source: Sequence[str], gutter: int, style: str) -> Iterator[Told]:
    last = min(max(finding.line, finding.end_line), len(source))
    numbers = range(finding.line, last + 1)
    cut = _MOST_LINES - 2 if len(numbers) > _MOST_LINES else None
    for number in [*numbers[:cut], *([last] if cut else [])]:
        line = source[number - 1]
        text, indent, width = _excerpt(line, *_span(finding, number, last, line))
        if cut and number == last:
            yield Told(f"{'':{gutter}} ⋮", "blue")
        yield Told(f"{number:{gutter}} | ", "blue", text, exact=True)
        yield Told(f"{'':{gutter}} | {'':{indent}}{'^' * width}", style)


def _span(finding: Finding, number: int, last: int, line: str) -> tuple[int, int]:
    """Where the finding begins and ends in one of its lines, counted from 0, the end exclusive."""
    begin = finding.column - 1 if number == finding.line else len(line) - len(line.lstrip())
    end = len(line.rstrip())
    if number == finding.end_line == last and finding.end_column:
        end = finding.end_column
    elif finding.line == finding.end_line and (word := _WORD.match(line, begin)):
        end = word.end()
    begin = max(min(begin, len(line)), 0)
    return begin, max(min(end, len(line)), begin)


def _excerpt(line: str, begin: int, end: int) -> tuple[str, int, int]:
    """The line as it is shown, cut where it is long; the columns before and under the carets."""
    left = max(min(begin - _LEFT, len(line) - _ROOM), 0)
    right = left + _ROOM
    before = ("…" if left else "") + _shown(line[left:begin])
    under = _shown(line[begin : min(end, right)])
    after = _shown(line[min(end, right) : right]) + ("…" if right < len(line) else "")
    return before + under + after, _width(before), max(_width(under), 1)


def _shown(text: str) -> str:
    return harmless(text.rstrip("\r").replace("\t", "    "))


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(
        2 if unicodedata.east_asian_width(one) in "WF"
        else 0 if unicodedata.category(one) in {"Mn", "Me", "Cf"}
        else 1
        for one in text
    )  # fmt: skip


def number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
