"""COPY and ADD: which paths they bring, and where to."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.bases import base_of
from pipeline.dockerfile.build.bench import Bench
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.files import Files, View
from pipeline.dockerfile.build.images.programs import named
from pipeline.dockerfile.build.system import System
from pipeline.dockerfile.build.trees import ContextTree, Tree, Unknown
from pipeline.dockerfile.build.values import Copied
from pipeline.dockerfile.syntax.expansion import expand_heredoc
from pipeline.dockerfile.syntax.nodes import Heredoc, Instruction

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
_GLOB = frozenset("*?[")
_PROGRAMS = named(
    "uv uvx tini tini-static dumb-init gosu su-exec dockerize gomplate lambda-adapter migrate "
    "goose grpc_health_probe litestream busybox kubectl helm yq jq caddy"
)
"""Programs that images hold in their root."""
_BINARIES = frozenset({"bin", "sbin"})
_OF_PROGRAMS = _BINARIES | {"release", "debug"}


@dataclass(frozen=True)
class _Origin:
    """Where an instruction copies from: the context, a stage, or another image."""

    tree: Tree
    stage: int | None = None
    image: str = ""

    @property
    def is_context(self) -> bool:
        return self.stage is None and not self.image


def copy(bench: Bench, instruction: Instruction) -> None:
    """Interpret one COPY or ADD."""
    words = [bench.known(word) for word in _words(instruction)]
    if not words:
        bench.note(instruction)
        return
    origin = origin_of(bench, instruction)
    sources, target = words[:-1], _absolute(bench, words[-1])
    folder = words[-1].endswith("/") or words[-1] in {".", ".."} or len(words) > 2
    found = tuple(
        one
        for source in sources
        if not source.startswith("<<")
        for one in _copied(bench, origin, source, target, folder=folder)
    )
    bench.note(instruction, copied=found)
    owner = _owner(bench, instruction)
    for one in found:
        _bring(bench, instruction, origin, one, owner)
    for heredoc in instruction.heredocs:
        _write(bench, heredoc, target, owner, folder=folder)
    mode = instruction.flag("chmod")
    if mode is not None and target is not None:
        number = int(mode, 8) if mode.isascii() and mode.isdigit() and len(mode) < 5 else None
        for one in found:
            bench.machine.files.chmod(one.target, number, recursive=True)
        if instruction.heredocs:
            bench.machine.files.chmod(target, number, recursive=True)


def _words(instruction: Instruction) -> list[str]:
    if instruction.exec is not None:
        return list(instruction.exec)
    return [word.value for word in instruction.words]


def origin_of(bench: Bench, instruction: Instruction, name: str | None = None) -> _Origin:
    """What ``--from`` (or a mount's ``from``) names; the context where there is none."""
    name = instruction.flag("from") if name is None else name
    if not name:
        return _Origin(ContextTree(bench.context, bench.machine.stage, bench.place(instruction)))
    reference = bench.value(name)
    stage = bench.stage_named(reference) if reference else None
    if stage is not None and stage.index < bench.stage.index:
        bench.needs(stage)
        return _Origin(stage.machine.files.view(), stage.index)
    base = base_of(reference)
    tree: Tree = View(Files(-1, System(base, ())), None) if base.known else Unknown()
    return _Origin(tree, image=reference or name)


def _absolute(bench: Bench, path: str) -> str | None:
    if "$" in path:
        return None
    if path.startswith("/"):
        return posixpath.normpath(path)
    workdir = bench.machine.workdir
    return posixpath.normpath(posixpath.join(workdir, path)) if workdir else None


def _copied(
    bench: Bench, origin: _Origin, source: str, target: str | None, *, folder: bool
) -> Iterator[Copied]:
    """What one source word stands for. An unknown target is the empty string."""
    if _is_remote(source):
        name = posixpath.basename(source.split("?")[0].rstrip("/"))
        where = _into(target, name, folder=folder)
        yield Copied(source, where, image="remote", found=None)
        return
    there = target or ""
    if "$" in source:
        yield Copied(source, there, origin.stage, origin.image, None, directory=True)
        return
    matches = _matches(bench, origin, source)
    folder = folder or len(matches) > 1 or _is_folder(bench, target)
    for path in matches:
        found = origin.tree.lookup("/" + path.lstrip("/"))
        directory = _looks_like_folder(
            origin, path, found.entry is not None and found.entry.directory
        )
        where = there if directory else _into(target, posixpath.basename(path), folder=folder)
        certain = None if found.presence is Presence.UNKNOWN else found.present
        yield Copied(path, where, origin.stage, origin.image, certain, directory)
    if not matches:
        complete = bench.context.complete or not origin.is_context
        yield Copied(source, there, origin.stage, origin.image, False if complete else None)


def _matches(bench: Bench, origin: _Origin, source: str) -> list[str]:
    clean = posixpath.normpath(source).lstrip("/") or "."
    if clean == ".":
        return ["."]
    if not _GLOB & set(clean):
        return [clean]
    if origin.is_context:
        return bench.context.matching(clean)
    folder = posixpath.dirname(clean)
    if _GLOB & set(folder):
        return [clean]
    below = {
        posixpath.relpath(one, "/" + folder).split("/")[0]
        for one in origin.tree.below("/" + folder)
    }
    pattern = posixpath.basename(clean)
    found = sorted(
        posixpath.join(folder, one) for one in below if fnmatch.fnmatchcase(one, pattern)
    )
    return found or [clean]


def _looks_like_folder(origin: _Origin, path: str, known: bool) -> bool:  # noqa: FBT001
    """Where nothing is known of the source, a name with an extension is taken for a file."""
    if known or path == ".":
        return True
    if origin.is_context or origin.tree.lookup("/" + path.lstrip("/")).entry is not None:
        return False
    if next(origin.tree.below("/" + path.lstrip("/")), None) is not None:
        return True
    parts = path.strip("/").split("/")
    if origin.image and parts[-1] in _PROGRAMS:
        return False
    return "." not in parts[-1].lstrip(".") and not _OF_PROGRAMS & set(parts[:-1])


def _is_folder(bench: Bench, target: str | None) -> bool:
    found = bench.machine.files.lookup(target) if target else None
    if found is None or found.entry is not None:
        return found is not None and found.entry is not None and found.entry.directory
    # Of what the base image has by itself, programs are no folders.
    return found.present and posixpath.basename(posixpath.dirname(target or "/")) not in _BINARIES


def _into(target: str | None, name: str, *, folder: bool) -> str:
    if target is None:
        return ""
    return posixpath.join(target, name) if folder else target


def _is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://", "git@", "ssh://", "git://"))


def _owner(bench: Bench, instruction: Instruction) -> str | None:
    """Copies belong to root unless ``--chown`` says otherwise; None where it cannot be known."""
    flag = instruction.flag("chown")
    if not flag:
        return "root"
    value = bench.value(flag)
    return value.partition(":")[0] or "root" if value is not None else None


def _bring(
    bench: Bench, instruction: Instruction, origin: _Origin, one: Copied, owner: str | None
) -> None:
    files = bench.machine.files
    if not one.target:
        files.blur("/")
        return
    if one.found is False:
        return
    place = bench.place(instruction)
    add = instruction.name == "ADD"
    if add and (_is_remote(one.source) or one.source.lower().endswith(_ARCHIVES)):
        files.blur(posixpath.dirname(one.target) or "/")
        return
    above = one.target if one.directory else posixpath.dirname(one.target)
    if not files.lookup(above).present:
        bench.machine.make(above, "copy", place, directory=True, owner=owner)
    uncertain = (
        "$" in one.source or instruction.flag("exclude") is not None or _GLOB & set(one.source)
    )
    tree: Tree = Unknown() if uncertain else origin.tree
    keep_parents = instruction.flag("parents") is not None
    target = posixpath.join(one.target, one.source) if keep_parents else one.target
    before = files.lookup(target) if one.directory and instruction.flag("link") is None else None
    files.mount(target, tree, "/" + one.source.lstrip("/"), owner)
    if before is not None and before.present:  # a folder that was there keeps owner and mode
        files.own(target, before.entry.owner if before.entry else None, recursive=False)
        files.chmod(target, before.entry.mode if before.entry else None, recursive=False)


def _write(
    bench: Bench, heredoc: Heredoc, target: str | None, owner: str | None, *, folder: bool
) -> None:
    if target is None:
        return
    path = posixpath.join(target, heredoc.name) if folder else target
    body = heredoc.body.value
    text = expand_heredoc(body, bench.variables) if heredoc.expand else body
    place = bench.text_place(heredoc.body)
    bench.machine.make(path, "copy", place, owner=owner, text=text, mode=0o644)
