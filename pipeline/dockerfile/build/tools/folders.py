"""Files and folders made, moved, linked and removed."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.dockerfile.build.files import View
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.tools.paths import (
    braces,
    is_folder,
    make_folder,
    named,
    owner,
)
from pipeline.dockerfile.build.tools.rights import octal
from pipeline.dockerfile.patterns import has_wildcard

_COPY = frozenset({"-t", "--target-directory", "-S", "--suffix"})
_INSTALL = _COPY | {"-o", "--owner", "-g", "--group", "-m", "--mode"}


def mkdir(call: Call) -> None:
    given = options(call.words, frozenset({"-m", "--mode"}))
    mode = octal(given.last("-m", "--mode"))
    for path in named(call, given.operands):
        make_folder(call, path, "mkdir", mode=mode)


def touch(call: Call) -> None:
    given = options(call.words, frozenset({"-d", "--date", "-r", "--reference", "-t"}))
    for path in named(call, given.operands):
        if not call.machine.files.lookup(path).present:
            call.make(path, "touch", owner=owner(call), mode=0o644)


def remove(call: Call) -> None:
    """What is certainly gone; ``folder/*`` stands for all in it that is known."""
    if not call.executed.certain:
        return
    given = options(call.words, frozenset())
    for operand in given.operands:
        for path in named(call, [operand]):
            call.machine.files.remove(path)


def copy(call: Call) -> None:
    for source, target in _pairs(call, options(call.words, _COPY).operands):
        _copy(call, source, target)


def move(call: Call) -> None:
    for source, target in _pairs(call, options(call.words, _COPY).operands):
        _copy(call, source, target)
        if call.executed.certain:
            call.machine.files.remove(source)


def install(call: Call) -> None:
    """``install``: folders with ``-d``, else copies with an owner and a mode."""
    given = options(call.words, _INSTALL)
    of, mode = (
        given.last("-o", "--owner") or owner(call),
        octal(given.last("-m", "--mode")) or 0o755,
    )
    if given.has("-d", "--directory"):
        for path in named(call, given.operands):
            call.make(path, "install", directory=True, owner=of, mode=mode)
        return
    target = given.last("-t", "--target-directory")
    operands = (*given.operands, target) if target else given.operands
    for source, path in _pairs(call, operands, into=target is not None):
        _copy(call, source, path)
        call.machine.files.own(path, of, recursive=True)
        call.machine.files.chmod(path, mode, recursive=True)


def link(call: Call) -> None:
    given = options(call.words, frozenset({"-t", "--target-directory", "-S", "--suffix"}))
    operands = given.operands
    if len(operands) == 1:
        operands = (*operands, ".")
    target = call.path(operands[-1]) if operands else None
    if target is None:
        return
    plain = given.has("-n", "--no-dereference", "-T", "--no-target-directory")
    folder = _is_given_as_folder(operands) or (not plain and is_folder(call, target))
    for source in operands[:-1]:
        path = posixpath.join(target, posixpath.basename(source)) if folder else target
        _link(call, source, path, symbolic=given.has("-s", "--symbolic"))


def _link(call: Call, source: str, path: str, *, symbolic: bool) -> None:
    if "$" in source or "`" in source:
        call.make(path, "ln", owner=owner(call))
    elif symbolic:
        leads = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
        call.make(path, "ln", owner=owner(call), link=leads)
    elif (origin := call.path(source)) is not None:
        _copy(call, origin, path)


def _pairs(call: Call, operands: Sequence[str], *, into: bool = False) -> list[tuple[str, str]]:
    """Each source with where it ends up; unknown targets and sources are left out."""
    words = [word for operand in operands for word in braces(operand)]
    target = call.path(words[-1]) if len(words) > 1 else None
    if target is None:
        return []
    folder = into or _is_given_as_folder(words) or is_folder(call, target) is True
    return [pair for source in words[:-1] for pair in _ends(call, source, target, folder=folder)]


def _is_given_as_folder(words: Sequence[str]) -> bool:
    return len(words) > 2 or words[-1] == "." or words[-1].endswith(("/", "/."))


def _ends(call: Call, source: str, target: str, *, folder: bool) -> list[tuple[str, str]]:
    path = call.path(source)
    if path is None:
        call.machine.files.blur(target)
        return []
    if source.endswith("/.") or (source == "." and folder):
        return [(path, target)]
    if posixpath.basename(path) == "*":
        # The content of a folder is known as a whole, hidden files aside.
        return [(posixpath.dirname(path), target)]
    if has_wildcard(path):
        found = list(named(call, [source]))
        if not found:
            call.machine.files.blur(target)
        return [(one, posixpath.join(target, posixpath.basename(one))) for one in found]
    return [(path, posixpath.join(target, posixpath.basename(path)) if folder else target)]


def _copy(call: Call, source: str, target: str) -> None:
    """A copy belongs to who makes it, and keeps what is known of where it came from."""
    files = call.machine.files
    found = files.lookup(source)
    if found.entry is not None and not found.entry.directory:
        files.make(replace(found.entry, path=target, owner=owner(call)))
    elif found.entry is not None:
        make_folder(call, target, call.executed.name)
        files.mount(target, View(files, call.step.number), source, owner(call))
    elif is_folder(call, source) is False:
        call.make(target, call.executed.name, owner=owner(call))
    else:
        files.blur(target)


TOOLS: dict[str, Callable[[Call], None]] = {
    "mkdir": mkdir, "touch": touch, "rm": remove, "rmdir": remove, "unlink": remove, "cp": copy,
    "mv": move, "install": install, "ln": link,
}  # fmt: skip
