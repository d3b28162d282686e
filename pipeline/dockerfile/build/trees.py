"""What files are copied from or lie over: other trees, the build context, the base image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.dockerfile.build.entries import ABSENT, UNKNOWN, Entry, Found, Presence
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place


class Tree(Protocol):
    """Something that can be copied from: a stage's files at a moment, or the build context."""

    def lookup(self, path: str) -> Found: ...

    def below(self, path: str) -> Iterator[str]: ...


class System(Protocol):
    """What the base image holds; ``at`` as in ``Files.lookup``."""

    def lookup(self, path: str, at: int | None = None) -> Found: ...


@dataclass(frozen=True)
class ContextTree:
    """The build context as something to copy from. Paths are absolute within it."""

    context: BuildContext
    stage: int
    place: Place

    def lookup(self, path: str) -> Found:
        inner = posixpath.normpath(path).lstrip("/")
        if inner in {"", "."} or self.context.is_dir(inner):
            return Found(Presence.PRESENT, self._entry(path, directory=True))
        file = self.context.files.get(inner)
        if file is None:
            return ABSENT if self.context.complete else UNKNOWN
        return Found(
            Presence.PRESENT,
            replace(self._entry(path, directory=False), mode=file.mode, source=inner),
        )

    def below(self, path: str) -> Iterator[str]:
        inner = posixpath.normpath(path).lstrip("/")
        return ("/" + one for one in self.context.under("" if inner == "." else inner))

    def _entry(self, path: str, *, directory: bool) -> Entry:
        return Entry(path, directory, "copy", self.stage, self.place, source=path.lstrip("/"))


@dataclass(frozen=True)
class Unknown:
    """A tree of which nothing is known: another image, a URL, a named context."""

    def lookup(self, _path: str) -> Found:
        return UNKNOWN

    def below(self, _path: str) -> Iterator[str]:
        return iter(())
