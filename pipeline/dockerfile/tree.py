"""The entries of a folder, on disk or in memory, with ``.dockerignore`` applied."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.dockerfile.ignore import Ignore

ENTRY_LIMIT = 200_000


@dataclass(frozen=True)
class ContextFile:
    """A file or a symbolic link (``link``: where to); ``mode`` holds the permission bits alone."""

    path: str
    size: int
    mode: int
    link: str | None = None


Listing = Callable[[str], Iterable[tuple[ContextFile, bool]]]
"""The entries of a folder, each with whether it is a folder. Raises OSError where unreadable."""


@dataclass
class Tree:
    """What a walk has seen."""

    files: dict[str, ContextFile] = field(default_factory=dict)
    folders: frozenset[str] = frozenset({""})
    ignored: dict[str, ContextFile] = field(default_factory=dict)
    truncated: bool = False
    unreadable: tuple[str, ...] = ()


def walk(listing: Listing, ignore: Ignore, limit: int = ENTRY_LIMIT) -> Tree:
    """Everything from the top down; folders left out as a whole are not entered."""
    tree = Tree()
    folders = {""}
    waiting = deque([""])
    unreadable = []
    seen = 0
    while waiting and not tree.truncated:
        folder = waiting.popleft()
        try:
            for entry, is_folder in listing(folder):
                seen += 1
                if seen > limit:
                    tree.truncated = True
                    break
                out = ignore.excludes(entry.path)
                if is_folder and out and not ignore.may_admit(entry.path):
                    tree.ignored[f"{entry.path}/"] = entry
                elif is_folder:
                    waiting.append(entry.path)
                    folders.update(() if out else (entry.path,))
                else:
                    (tree.ignored if out else tree.files)[entry.path] = entry
        except OSError:
            unreadable.append(folder)
    tree.unreadable = tuple(unreadable)
    tree.folders = frozenset(folders | _parents(tree.files))
    tree.files = dict(sorted(tree.files.items()))
    tree.ignored = dict(sorted(tree.ignored.items()))
    return tree


def _parents(paths: Iterable[str]) -> set[str]:
    """The folders above; one that is left out itself comes with a file that is let in again."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def disk(root: Path) -> Listing:
    """The entries of folders below ``root``. Pipes, sockets and devices are passed over."""

    def listing(folder: str) -> Iterator[tuple[ContextFile, bool]]:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                status = entry.stat(follow_symlinks=False)
                link = os.readlink(entry.path) if entry.is_symlink() else None
                if link is not None or stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
                    mode = stat.S_IMODE(status.st_mode)
                    yield (
                        ContextFile(path, status.st_size, mode, link),
                        stat.S_ISDIR(status.st_mode),
                    )

    return listing


def reader(root: Path) -> Callable[[str, int], bytes | None]:
    """Reads the first bytes of files below ``root``."""

    def read(path: str, limit: int) -> bytes | None:
        try:
            with (root / path).open("rb") as file:
                return file.read(limit)
        except (OSError, ValueError):
            return None

    return read


def memory(
    contents: Mapping[str, bytes], modes: Mapping[str, int], links: Mapping[str, str]
) -> Listing:
    """The entries of a tree in memory; a path that ends with a slash is an empty folder."""
    files = [
        ContextFile(path, len(data), modes.get(path, 0o644))
        for path, data in contents.items()
        if not path.endswith("/")
    ]
    files += [ContextFile(path, len(to), 0o777, to) for path, to in links.items()]
    folders = _parents([*contents, *links]) - {""}
    children: dict[str, list[tuple[ContextFile, bool]]] = {}
    for entry in files:
        children.setdefault(entry.path.rpartition("/")[0], []).append((entry, False))
    for folder in folders:
        entry = ContextFile(folder, 0, modes.get(folder, 0o755))
        children.setdefault(folder.rpartition("/")[0], []).append((entry, True))
    return lambda folder: children.get(folder, ())
