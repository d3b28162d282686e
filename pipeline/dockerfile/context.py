"""The build context: the folder as the engine sees it, with bounded reading."""

from __future__ import annotations

import codecs
import os
import posixpath
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from pipeline.dockerfile.ignore import Ignore
from pipeline.dockerfile.patterns import segment_matcher
from pipeline.dockerfile.tree import ContextFile, Listing, disk, memory, reader, walk

__all__ = ["BuildContext", "ContextFile", "open_context"]

TEXT_LIMIT = 1_000_000
_KEPT, _KEPT_SIZE = 1_000, 64_000  # how many texts stay in memory, and how large
_RULES = 256_000  # of a .dockerignore
_LINK_LIMIT = 40  # as Linux has it
_OF_TOOLS = frozenset({
    ".git", "node_modules", ".venv", "venv", "__pycache__", "target", "dist", "build", ".next",
    ".cache", ".terraform", "vendor", "coverage", ".tox", ".nox", ".mypy_cache", ".idea",
})  # fmt: skip

Read = Callable[[str, int], bytes | None]
"""The first bytes of a regular file, at most so many; None where it cannot be read."""


@dataclass(frozen=True)
class BuildContext:
    """What ``COPY`` can see, and what stays out.

    Paths are relative, with slashes; the root is the empty path. Folders that are left out as a
    whole stand in ``ignored`` with a slash at the end. Where ``complete`` is False (too many
    entries, or folders that cannot be read) a path that is not here may exist all the same.
    """

    files: Mapping[str, ContextFile]
    folders: frozenset[str] = frozenset({""})
    ignored: Mapping[str, ContextFile] = field(default_factory=dict)
    truncated: bool = False
    unreadable: tuple[str, ...] = ()
    ignore_file: str | None = None
    read: Read = field(default=lambda _path, _limit: None, repr=False, compare=False)
    listing: Listing = field(default=lambda _folder: (), repr=False, compare=False)

    @classmethod
    def of(
        cls,
        files: Mapping[str, str | bytes],
        modes: Mapping[str, int] | None = None,
        links: Mapping[str, str] | None = None,
        dockerfile: str = "Dockerfile",
    ) -> BuildContext:
        """A context in memory. A path that ends with a slash is an empty folder."""
        contents = {
            path.lstrip("/"): text.encode("utf-8", "surrogateescape")
            if isinstance(text, str)
            else text
            for path, text in files.items()
        }
        own = f"{dockerfile}.dockerignore"
        name = next((name for name in (own, ".dockerignore") if name in contents), None)
        rules = contents.get(name or "", b"")

        def read(path: str, limit: int) -> bytes | None:
            return contents[path][:limit] if path in contents else None

        return _seen(memory(contents, modes or {}, links or {}), read, name, rules)

    @property
    def complete(self) -> bool:
        """Whether what is not here is certainly absent."""
        return not self.truncated and not self.unreadable

    def resolve(self, path: str) -> str | None:
        """Where ``path`` really is, links followed; None where absent, outside or in a loop."""
        waiting = _segments(posixpath.normpath(f"/{path}"))
        done: list[str] = []
        links = 0
        while waiting:
            segment = waiting.pop()
            if segment == "..":
                if not done:
                    return None
                done.pop()
                continue
            here = "/".join([*done, segment])
            if link := self._link(here):
                links += 1
                if links > _LINK_LIMIT or link.startswith("/"):
                    return None
                waiting += _segments(link)
            elif here in self.folders or (here in self.files and not waiting):
                done.append(segment)
            else:
                return None
        return "/".join(done)

    def _link(self, path: str) -> str | None:
        file = self.files.get(path)
        return file.link if file else None

    def exists(self, path: str) -> bool:
        """Whether a file or folder is there, links followed."""
        return self.resolve(path) is not None

    def is_dir(self, path: str) -> bool:
        return self.resolve(path) in self.folders

    def under(self, folder: str) -> Iterator[str]:
        """The files in ``folder`` and below, in order; links to folders are not followed."""
        root = self.resolve(folder)
        if root not in self.folders:
            return
        prefix = f"{root}/" if root else ""
        for index in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[index].startswith(prefix):
                return
            yield self._sorted[index]

    def matching(self, pattern: str) -> list[str]:
        """Files and folders that match as in ``COPY``: ``*``, ``?``, ``[…]``, none over a slash."""
        found = [""]
        for segment in reversed(_segments(posixpath.normpath(f"/{pattern}"))):
            matches = segment_matcher(segment)
            found = [
                f"{folder}/{name}" if folder else name
                for folder in found
                for name in self._children.get(folder, ())
                if matches and matches(name)
            ]
        return sorted(found)

    def text(self, path: str) -> str | None:
        """The text of a file; None where absent, over 1 MB, binary or unreadable."""
        real = self.resolve(path)
        if real is None or real not in self.files or self.files[real].size > TEXT_LIMIT:
            return None
        if real in self._kept:
            return self._kept[real]
        text = _decode(self.read(real, TEXT_LIMIT + 1))
        if len(self._kept) < _KEPT and self.files[real].size <= _KEPT_SIZE:
            self._kept[real] = text
        return text

    def data(self, path: str, limit: int) -> bytes | None:
        """The first ``limit`` bytes of a file; None where absent or unreadable."""
        real = self.resolve(path)
        return self.read(real, limit) if real is not None and real in self.files else None

    def executable(self, path: str) -> bool:
        """Whether the file, links followed, has an execute bit."""
        real = self.resolve(path)
        return real is not None and real in self.files and bool(self.files[real].mode & 0o111)

    def left_out(self, limit: int) -> Iterator[ContextFile]:
        """Files that ``.dockerignore`` leaves out, of at most ``limit`` entries.

        What tools make and fetch (``.git``, ``node_modules`` …) is passed over.
        """
        waiting = [path[:-1] for path in self.ignored if path.endswith("/")]
        yield from (
            file for path, file in self.ignored.items() if path[-1:] != "/" and not file.link
        )
        while waiting and limit > 0:
            folder = waiting.pop(0)
            if folder.rpartition("/")[2] in _OF_TOOLS:
                continue
            with suppress(OSError):
                for entry, is_folder in islice(self.listing(folder), limit):
                    limit -= 1
                    if is_folder:
                        waiting.append(entry.path)
                    elif entry.link is None:
                        yield entry

    def any_text(self, path: str) -> str | None:
        """The text of a file, whether ``.dockerignore`` leaves it out or not."""
        return self.text(path) if path in self.files else _decode(self.read(path, TEXT_LIMIT + 1))

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.files)

    @cached_property
    def _kept(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        children: dict[str, list[str]] = {}
        for path in (*self.folders - {""}, *self.files):
            folder, _, name = path.rpartition("/")
            children.setdefault(folder, []).append(name)
        return children


def open_context(root: Path, dockerfile: Path | None = None) -> BuildContext:
    """Read the folder once. ``<Dockerfile>.dockerignore`` beside the Dockerfile wins."""
    dockerfile = dockerfile or root / "Dockerfile"
    own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    for rules in (own, root / ".dockerignore"):
        if rules.is_file():
            name = Path(os.path.relpath(rules, root)).as_posix()
            return _seen(disk(root), reader(root), name, reader(rules.parent)(rules.name, _RULES))
    return _seen(disk(root), reader(root), None, b"")


def _seen(
    listing: Listing, read: Read, ignore_file: str | None, rules: bytes | None
) -> BuildContext:
    known = rules is not None and len(rules) < _RULES
    ignore = Ignore.parse(rules.decode("utf-8", "replace")) if rules and known else Ignore()
    tree = walk(listing, ignore)
    unreadable = tree.unreadable if known else (*tree.unreadable, ignore_file or "")
    return BuildContext(
        tree.files, tree.folders, tree.ignored, tree.truncated, unreadable, ignore_file, read,
        listing,
    )  # fmt: skip


def _segments(path: str) -> list[str]:
    """The names on the way, the last first."""
    return [segment for segment in reversed(path.split("/")) if segment not in ("", ".")]


def _decode(data: bytes | None) -> str | None:
    if data is None or len(data) > TEXT_LIMIT:
        return None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return None if b"\0" in data else data.decode("utf-8", "replace")
