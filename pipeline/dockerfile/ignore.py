"""``.dockerignore``: which files of a context the engine gets to see."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Ignore:
    """The rules of one ``.dockerignore``, in order: (excludes, pattern)."""

    rules: tuple[tuple[bool, re.Pattern[str]], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Ignore:
        return cls(tuple(_rules(text.removeprefix("\ufeff").splitlines())))

    def excludes(self, path: str) -> bool:
        """Whether ``path`` (relative, with slashes) is left out; the last rule that matches wins.

        A rule that matches a folder holds for what is in it.
        """
        excluded = False
        for excludes, pattern in self.rules:
            if excluded != excludes and pattern.match(path):
                excluded = excludes
        return excluded

    @property
    def has_exceptions(self) -> bool:
        """Whether something inside an excluded folder may be let in again."""
        return any(not excludes for excludes, _ in self.rules)


def _rules(lines: Iterable[str]) -> Iterable[tuple[bool, re.Pattern[str]]]:
    for raw in lines:
        if raw.startswith("#"):
            continue
        line = raw.strip()
        excludes = not line.startswith("!")
        glob = _clean(line.removeprefix("!").strip())
        # A malformed pattern matches nothing here; the engine refuses it by name.
        with suppress(re.error):
            yield excludes, re.compile(_regex(glob) + r"(?:/.*)?\Z", re.DOTALL)


def _clean(glob: str) -> str:
    """The path without detours; the context's own folder (``.``) matches none of its files."""
    return posixpath.normpath(glob).lstrip("/")


_SET_SIGNS = re.compile(r"[\[&~|]|-(?=-)")  # they mean something to Python alone
_TOKEN = re.compile(r"\*\*/?|\*|\?|\\.|\[\^?[^\]]+\]|.", re.DOTALL)


def _regex(glob: str) -> str:
    def translate(token: str) -> str:
        match token:
            case "**/":
                return "(?:.*/)?"
            case "**":
                return ".*"
            case "*":
                return "[^/]*"
            case "?":
                return "[^/]"
        if token.startswith("[") and len(token) > 1:
            return "[" + _SET_SIGNS.sub(r"\\\g<0>", token[1:])
        return re.escape(token[1:] if token.startswith("\\") and len(token) > 1 else token)

    return "".join(translate(token) for token in _TOKEN.findall(glob))
