"""``.dockerignore``: which files of a context the engine gets to see."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Ignore:
    """The rules of one ``.dockerignore``, in order: (excludes, pattern, fixed folders)."""

    rules: tuple[tuple[bool, re.Pattern[str], str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Ignore:
        return cls(tuple(_rules(text.removeprefix("\ufeff").splitlines())))

    def excludes(self, path: str) -> bool:
        """Whether ``path`` (relative, with slashes) is left out; the last rule that matches wins.

        A rule that matches a folder holds for what is in it.
        """
        excluded = False
        for excludes, pattern, _ in self.rules:
            if excluded != excludes and pattern.match(path):
                excluded = excludes
        return excluded

    @property
    def has_exceptions(self) -> bool:
        """Whether something inside an excluded folder may be let in again."""
        return any(not excludes for excludes, _, _ in self.rules)

    def may_admit(self, folder: str) -> bool:
        """Whether something inside ``folder``, which is left out, may be let in again."""
        for excludes, pattern, stem in reversed(self.rules):
            if excludes and pattern.match(folder):
                return False
            if not excludes and _related(stem, folder):
                return True
        return False


def _related(stem: str, folder: str) -> bool:
    return not stem or f"{stem}/".startswith(f"{folder}/") or folder.startswith(f"{stem}/")


def _rules(lines: Iterable[str]) -> Iterable[tuple[bool, re.Pattern[str], str]]:
    for raw in lines:
        if raw.startswith("#"):
            continue
        line = raw.strip()
        excludes = not line.startswith("!")
        glob = _clean(line.removeprefix("!").strip())
        # A malformed pattern matches nothing here; the engine refuses it by name.
        with suppress(re.error):
            stem = _WILDCARD.split(glob, maxsplit=1)[0]
            stem = stem if stem == glob else stem.rpartition("/")[0]
            yield excludes, re.compile(regex_of(glob) + r"(?:/.*)?\Z", re.DOTALL), stem


def _clean(glob: str) -> str:
    """The path without detours; the context's own folder (``.``) matches none of its files."""
    return posixpath.normpath(glob).lstrip("/")


_WILDCARD = re.compile(r"[*?\[\\]")
_SET_SIGNS = re.compile(r"\\.|([\[&~|]|-(?=-))", re.DOTALL)  # the group: to Python alone
_TOKEN = re.compile(r"\*\*/?|\*|\?|\\.|\[\^?[^\]]+\]|.", re.DOTALL)


def regex_of(glob: str) -> str:
    """A pattern of ``.dockerignore`` as a regular expression. Raises re.error.

    Leftmost is as good as any other place for what has another star behind: no backtracking.

    ``whole`` ends before the last double star, ``chunk`` before the last star.
    """
    whole = chunk = part = ""
    loose = 0
    for sign in _TOKEN.findall(glob):
        if sign == "*":
            chunk += f"(?>{part})" if chunk else part or "(?:)"
            part = "[^/]*?"
        elif sign == "**/" and part == _FOLDERS:
            continue
        elif sign in ("**", "**/"):
            kept = sign == "**" or part.endswith("/") or not whole + chunk + part
            loose += not kept
            whole += f"(?>{chunk}{part})" if kept else chunk + part
            chunk, part = "", ".*?" if sign == "**" else _FOLDERS
        else:
            part += _translate(sign)
    if loose > _LOOSE:
        raise re.error("too many double stars inside names")
    return whole + chunk + part


_FOLDERS = "(?:.*?/)??"
_LOOSE = 2


def _translate(sign: str) -> str:
    if sign == "?":
        return "[^/]"
    if sign.startswith("[") and len(sign) > 1:
        return "[" + _SET_SIGNS.sub(lambda found: "\\" * bool(found[1]) + found[0], sign[1:])
    return re.escape(sign[1:] if sign.startswith("\\") and len(sign) > 1 else sign)
