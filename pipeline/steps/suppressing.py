"""Suppressions: comments and ``lint.ignore``; what they cover, and which of them are stale."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.dockerfile import ids
from pipeline.dockerfile.suppressions import Suppression, read_suppressions
from pipeline.model import Finding
from pipeline.steps.linting import Seen
from pipeline.steps.targets import shown

if TYPE_CHECKING:
    from pipeline.config import Config

RULE = "ignore"
"""The rule that a suppression breaks that has no reason, or nothing to suppress."""


class Suppressions:
    """All that hold for a run. It remembers which of them were needed."""

    def __init__(self, seen: Iterable[Seen], config: Config | None) -> None:
        self._comments: dict[str, list[Suppression]] = {}
        self._entries = config.lint.ignore if config else ()
        self._folder = config.folder if config else Path()
        self._places = list(_places(config)) if config else []
        self._used: set[tuple[str, int, str]] = set()
        for one in seen:
            spans = [(each.line, each.end_line) for each in one.dockerfile.instructions]
            for file, lines in one.sources.items():
                own = spans if file == one.file else ()
                self._comments[file] = read_suppressions(lines, own)

    def cover(self, finding: Finding) -> bool:
        """Whether the finding is suppressed."""
        keys = [
            (finding.file, one.line, finding.rule)
            for one in self._comments.get(finding.file, ())
            if one.covers(finding.rule, finding.line, finding.end_line)
        ]
        keys += [("", at, finding.rule) for at in self._entries_for(finding)]
        self._used.update(keys)
        return bool(keys)

    def _entries_for(self, finding: Finding) -> Iterator[int]:
        for at, entry in enumerate(self._entries):
            if entry.rule == finding.rule and self._is_in(finding.file, entry.path):
                yield at

    def _is_in(self, file: str, pattern: str | None) -> bool:
        seen = os.path.relpath(file, self._folder)
        return pattern is None or fnmatchcase(seen, os.path.normpath(pattern))

    def complaints(self, blind: Collection[str], *, whole: bool) -> Iterator[Finding]:
        """What is wrong with the suppressions themselves.

        Of the ``blind`` files hadolint said nothing, so that its rules may be needed there all the
        same; so may entries of the configuration where not the ``whole`` of it was linted.
        """
        for file, comments in self._comments.items():
            for one in comments:
                for message, fix in self._wrong(file, one, is_blind=file in blind):
                    yield _complaint(file, one.line, message, fix)
        for at, entry in enumerate(self._entries):
            for message, fix in self._wrong_entry(at, entry.rule, entry.reason, blind, whole=whole):
                yield _complaint(*self._places[at], message, fix)

    def _wrong(self, file: str, one: Suppression, *, is_blind: bool) -> Iterator[tuple[str, str]]:
        if not one.rules:
            yield "the comment names no rule, so it suppresses nothing", "write ignore=S05 reason"
        elif not one.reason:
            yield "the comment gives no reason", "write why, after the ids"
        for rule in one.rules:
            if not ids.is_own(rule) and not ids.is_theirs(rule):
                yield f"there is no rule {rule}, so nothing is suppressed", ids.meant(rule)
            elif (file, one.line, rule) not in self._used and not (
                is_blind and ids.is_theirs(rule)
            ):
                yield f"{rule} is not found here, so nothing is suppressed", f"remove {rule}"

    def _wrong_entry(
        self, at: int, rule: str, reason: str, blind: Collection[str], *, whole: bool
    ) -> Iterator[tuple[str, str]]:
        if not reason.strip():
            yield f"lint.ignore gives no reason for {rule}", "add reason: and why"
        if whole and ("", at, rule) not in self._used and not (blind and ids.is_theirs(rule)):
            yield f"{rule} is not found, so lint.ignore suppresses nothing", "remove the entry"


def _places(config: Config) -> Iterator[tuple[str, int]]:
    for at in range(len(config.lint.ignore)):
        yield shown(config.file), config.lines.get(f"lint.ignore[{at}]", 1)


def _complaint(file: str, line: int, message: str, fix: str) -> Finding:
    return Finding(RULE, "warning", file, line, line, 1, message, fix)
