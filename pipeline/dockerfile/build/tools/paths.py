"""What the operands of a command name: paths, with braces and patterns expanded."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.patterns import has_wildcard, segment_matcher

_BRACES = re.compile(r"(?<!\$)\{([^{},]*(?:,[^{},]*)+)\}")
_MOST_WORDS = 256
_MOST_FILES = 2_000
_MOST_LOOKS = 20_000  # in a stage; beyond that, patterns are not followed


def braces(word: str) -> list[str]:
    """``a/{b,c}`` as a shell that knows braces reads it."""
    todo = [word]
    done: list[str] = []
    while todo and len(todo) + len(done) <= _MOST_WORDS:
        one = todo.pop()
        found = _BRACES.search(one)
        if found is None:
            done.append(one)
        else:
            choices = reversed(found[1].split(",")[: _MOST_WORDS + 1])
            todo += [one[: found.start()] + choice + one[found.end() :] for choice in choices]
    return [word] if todo else list(dict.fromkeys(done))


def named(call: Call, operands: Iterable[str]) -> Iterator[str]:
    """The paths that operands name; those that cannot be known are left out."""
    for operand in operands:
        for word in braces(operand):
            path = call.path(word)
            if path is None:
                continue
            if has_wildcard(path):
                yield from matching(call, path)
            else:
                yield path


def matching(call: Call, pattern: str) -> Iterator[str]:
    """Files and folders made so far that match a pattern in its last segment; no hidden ones."""
    folder, _, last = pattern.rpartition("/")
    matches = segment_matcher(last)
    if matches is None or has_wildcard(folder):
        return
    for path in children(call, folder or "/"):
        name = posixpath.basename(path)
        hidden = name.startswith(".") and not last.startswith(".")
        if not hidden and matches(name) and call.machine.files.lookup(path).present:
            yield path


def children(call: Call, folder: str) -> list[str]:
    """What is known to be directly in a folder."""
    prefix = folder.rstrip("/") + "/"
    names = {path[len(prefix) :].partition("/")[0] for path in below(call, folder)}
    return [prefix + name for name in sorted(names)]


def below(call: Call, folder: str) -> list[str]:
    """What is known to be below a folder, not too much of it."""
    machine = call.machine
    if machine.looked_at > _MOST_LOOKS:
        return []
    found = list(islice(machine.files.below(folder), _MOST_FILES))
    machine.looked_at += 20 + len(found)
    return found


def owner(call: Call) -> str | None:
    """Whom a file belongs to that the command makes."""
    return "root" if "sudo" in call.step.wrappers else call.machine.user or None


def is_folder(call: Call, path: str) -> bool | None:
    """Whether a folder is there; None where that cannot be known."""
    found = call.machine.files.lookup(path)
    if found.entry is not None:
        return found.entry.directory
    if found.present:  # by the base image, which knows its programs and folders
        return posixpath.basename(posixpath.dirname(path)) not in {"bin", "sbin"}
    return False if found.absent else None


def make_folder(
    call: Call, path: str, maker: str, *, of: str | None = None, mode: int | None = None
) -> None:
    """A folder is there now; one that was there before stays whose it is."""
    if not call.machine.files.lookup(path).present:
        call.make(path, maker, directory=True, owner=of or owner(call), mode=mode)


def instead(call: Call, *words: str) -> Call:
    """Another command in the place of this one."""
    executed = call.executed
    argv = tuple(replace(executed.argv[0], value=word, text=word, raw=word) for word in words)
    return replace(call, executed=replace(executed, argv=argv, feeds=None, output=None))
