"""Owners and modes: chown, chgrp, chmod."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.tools.paths import named
from pipeline.dockerfile.patterns import has_wildcard

_OCTAL = re.compile(r"0?[0-7]{1,4}", re.ASCII)
_CLAUSE = re.compile(r"([ugoa]*)([-+=])([rwxXst]*)", re.ASCII)
_WHO = {"u": 0o700, "g": 0o070, "o": 0o007, "a": 0o777}
_WHAT = {"r": 0o444, "w": 0o222, "x": 0o111, "X": 0o111}


def octal(text: str | None) -> int | None:
    return int(text, 8) if text and _OCTAL.fullmatch(text) else None


def chown(call: Call) -> None:
    given = options(call.words, frozenset({"--from", "--reference"}))
    recursive = given.has("-R", "--recursive")
    who, operands = "", given.operands
    if not given.has("--reference") and operands:
        who, operands = re.split(r"[:.]", operands[0], maxsplit=1)[0], operands[1:]
        if not who:
            return  # the group alone
    known = who if who and not set("$`") & set(who) else None
    for path, exact in _targets(call, operands):
        owner = known if exact else None
        _change(call, path, {"owner": owner})
        if recursive or not exact:
            call.machine.files.own(path, owner, recursive=True)


def chmod(call: Call) -> None:
    words = [word for word in call.words if not _takes_away(word)]
    given = options(words, frozenset({"--reference"}))
    recursive = given.has("-R", "--recursive")
    text, operands = "", given.operands
    if len(words) == len(call.words) and not given.has("--reference") and operands:
        text, operands = operands[0], operands[1:]
    for path, exact in _targets(call, operands):
        mode = _mode(call, path, text, recursive=recursive) if text and exact else None
        _change(call, path, {"mode": mode})
        if recursive or not exact:
            call.machine.files.chmod(path, mode, recursive=True)


def _change(call: Call, path: str, changes: dict[str, Any]) -> None:
    """A file or folder that is known is noted anew: what was before need not be looked through."""
    files = call.machine.files
    entry = files.lookup(path).entry
    if entry is not None:
        files.make(replace(entry, path=path, **changes))
    elif "owner" in changes:
        files.own(path, changes["owner"], recursive=False)
    else:
        files.chmod(path, changes["mode"], recursive=False)


def _takes_away(word: str) -> bool:
    """``chmod -x`` looks like an option and is none."""
    return re.fullmatch(r"-[rwxXst]+", word) is not None


def _mode(call: Call, path: str, text: str, *, recursive: bool) -> int | None:
    number = octal(text)
    if number is not None:
        return number & 0o777
    found = call.machine.files.lookup(path)
    entry = found.entry
    folder = entry is not None and entry.directory
    if recursive and not re.search(r"[+=][rwst]*x", text):
        return None  # each file below keeps part of its own
    mode = entry.mode if entry and entry.mode is not None else 0o755 if folder else 0o644
    for clause in text.split(","):
        changed = _clause(mode, clause, folder=folder)
        if changed is None:
            return None
        mode = changed
    return mode


def _clause(mode: int, clause: str, *, folder: bool) -> int | None:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return None
    who, how, what = found.groups()
    mask = 0
    for letter in who or "a":
        mask |= _WHO[letter]
    if not who and how == "+":
        mask &= ~0o022 if "w" in what else 0o777
    bits = 0
    for letter in what:
        if letter != "X" or folder or mode & 0o111:
            bits |= _WHAT.get(letter, 0)
    bits &= mask
    if how == "=":
        return mode & ~mask | bits
    return mode | bits if how == "+" else mode & ~bits


def _targets(call: Call, operands: tuple[str, ...]) -> list[tuple[str, bool]]:
    """The paths that are meant; with False: one or more in there, it cannot be known which."""
    targets = []
    for operand in operands or (call.cwd or "$",):
        found = [(path, True) for path in named(call, [operand])]
        if not found:
            folder = call.path(operand) or "/"
            while has_wildcard(folder):
                folder = folder.rpartition("/")[0] or "/"
            found = [(folder, False)]
        targets += found
    return targets


def chgrp(_call: Call) -> None:
    """Groups decide nothing that is asked here."""


TOOLS: dict[str, Callable[[Call], None]] = {"chown": chown, "chmod": chmod, "chgrp": chgrp}
