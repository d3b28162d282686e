"""``.gcloudignore``: git's rules for what stays out, as gcloud reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from pipeline.dockerfile.ignore import regex_of

_INCLUDE = "#!include:"
_WITHIN_A_NAME = re.compile(r"(?<=[^/])\*{2,}|\*{2,}(?=[^/])")
_TRAILING_SPACE = re.compile(r"(?<!\\)\s+$")


@dataclass(frozen=True)
class _Rule:
    excludes: bool
    pattern: re.Pattern[str]
    folders_only: bool


@dataclass(frozen=True)
class GitIgnore:
    """The rules of one file, in order; the last one that fits wins."""

    rules: tuple[_Rule, ...] = ()
    _folders: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, included: Callable[[str], str]) -> GitIgnore:
        """``included`` gives the text of a file that ``#!include:`` names; one level deep."""
        return cls(tuple(_rules(_lines(text, included))))

    def excludes(self, path: str) -> bool:
        """Whether a file is left out; nothing in a folder that is left out comes in again."""
        folder = path.rpartition("/")[0]
        return self._excludes_folder(folder) or self._fits(path, is_folder=False)

    def _excludes_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            above = folder.rpartition("/")[0]
            self._folders[folder] = bool(folder) and (
                self._excludes_folder(above) or self._fits(folder, is_folder=True)
            )
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
        if line.startswith(_INCLUDE):
            yield from included(line.removeprefix(_INCLUDE).strip()).splitlines()
        else:
            yield line


def _rules(lines: Iterable[str]) -> Iterator[_Rule]:
    for raw in lines:
        line = _TRAILING_SPACE.sub("", raw)
        excludes = not line.startswith("!")
        glob = line.removeprefix("!")
        bare = glob.strip("/")
        if not bare or line.startswith("#"):
            continue
        anchored = "/" in glob.rstrip("/")
        pattern = _WITHIN_A_NAME.sub("*", bare if anchored else f"**/{bare}")
        with suppress(re.error):  # a malformed pattern fits nothing, as in git
            regex = re.compile(regex_of(pattern.replace("[!", "[^")), re.DOTALL)
            yield _Rule(excludes, regex, glob.endswith("/"))
