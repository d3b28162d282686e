"""``.gcloudignore``: what stays out of an upload, as gcloud reads it.

That is git's syntax, and not quite what git makes of it. A slash within a pattern does not tie it
to the root; one in front does, and so do ``**`` and a star that is the whole first name. What ends
with ``/**`` names the folder too. Seen with ``gcloud meta list-files-for-upload`` of SDK 528.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate

from pipeline.dockerfile.ignore import regex_of

_INCLUDE = re.compile(r"#\s*!include:(.*)", re.DOTALL)
_WITHIN_A_NAME = re.compile(r"(?<=[^/])\*{2,}|\*{2,}(?=[^/])")
_AGAIN = re.compile(r"(?:\*\*/)+(?=\*\*)")
_TRAILING_SPACE = re.compile(r"(?<!\\)\s+$")
_BELOW = "(?:/.*)?"


@dataclass(frozen=True)
class _Rule:
    excludes: bool
    pattern: re.Pattern[str]
    folders_only: bool


@dataclass(frozen=True)
class GcloudIgnore:
    """The rules of one file, in order; the last one that fits wins."""

    rules: tuple[_Rule, ...] = ()
    _folders: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, included: Callable[[str], str]) -> GcloudIgnore:
        """``included`` gives the text of a file that ``#!include:`` names; one level deep."""
        return cls(tuple(_rules(_lines(text, included))))

    def excludes(self, path: str) -> bool:
        """Whether a file is left out; nothing in a folder that is left out comes in again."""
        folders = accumulate(path.split("/")[:-1], "{}/{}".format)
        return any(map(self._excludes_folder, folders)) or self._fits(path, is_folder=False)

    def _excludes_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            self._folders[folder] = self._fits(folder, is_folder=True)
        return self._folders[folder]

    def _fits(self, path: str, *, is_folder: bool) -> bool:
        fitting = (
            rule.excludes
            for rule in reversed(self.rules)
            if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path)
        )
        return next(fitting, False)


def _lines(text: str, included: Callable[[str], str]) -> Iterator[str]:
    for line in text.removeprefix("\ufeff").splitlines():
        if include := _INCLUDE.match(line):
            yield from included(include[1].strip()).splitlines()
        else:
            yield line


def _rules(lines: Iterable[str]) -> Iterator[_Rule]:
    for raw in lines:
        line = _TRAILING_SPACE.sub("", raw)
        if line.startswith("#"):
            continue
        glob = line.removeprefix("!")
        with suppress(re.error):  # a malformed pattern fits nothing
            if regex := _regex(glob.removesuffix("/")):
                pattern = re.compile(regex, re.DOTALL)
                yield _Rule(line == glob, pattern, glob.endswith("/"))


def _regex(glob: str) -> str:
    """What the pattern matches, from the root; nothing for one that names nothing."""
    plain = _WITHIN_A_NAME.sub("*", glob.replace("[!", "[^"))
    names = _AGAIN.sub("", plain.strip("/"))
    if not names:
        return ""
    above, _, last = names.rpartition("/")
    if last == "**":
        return f"{regex_of(above)}{_BELOW}" if above else ".*"
    if plain.startswith("/") or "**" in names.split("/") or names == "*":
        return regex_of(names)
    if names.startswith("*/"):
        return f"(?:[^/]*/)?{regex_of(names[2:])}"
    return regex_of(f"**/{names}")
