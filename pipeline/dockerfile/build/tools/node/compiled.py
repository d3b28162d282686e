"""What the TypeScript compiler makes of a folder of sources: one file for each of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from pipeline.dockerfile.build.entries import ABSENT, UNKNOWN, Entry, Found, Presence
from pipeline.dockerfile.build.files import Files, View

_SOURCES = {
    ".js": (".ts", ".tsx", ".js", ".jsx"), ".mjs": (".mts", ".mjs"), ".cjs": (".cts", ".cjs"),
    ".json": (".json",),
}  # fmt: skip
_ON_REQUEST = re.compile(r"(?:\.d\.[mc]?ts|\.map|\.jsx|\.tsbuildinfo)\Z")


@dataclass(frozen=True)
class Compiled(View):
    """The output of a compiler that read the sources below ``root``; ``made`` is its folder."""

    root: str
    made: Entry

    def lookup(self, path: str) -> Found:
        return self.within(path, 0, count(1))

    def within(self, path: str, depth: int, visits: Iterator[int]) -> Found:
        stem, ending = posixpath.splitext(path)
        if path.strip("/") == "":
            return Found(Presence.PRESENT, self.made)
        if ending and ending not in _SOURCES:
            source = View.within(self, self._source(path), depth, visits)
            return ABSENT if source.absent and not _ON_REQUEST.search(path) else UNKNOWN
        names = [stem + one for one in _SOURCES[ending]] if ending else [path]
        found = [View.within(self, self._source(one), depth, visits) for one in names]
        if any(one.present for one in found):
            return Found(Presence.PRESENT, self._entry(path, directory=not ending))
        return ABSENT if all(one.absent for one in found) else UNKNOWN

    def inside(self, path: str, depth: int, visits: Iterator[int]) -> Iterator[str]:
        for one in View.inside(self, self._source(path), depth, visits):
            stem, ending = posixpath.splitext(one)
            made = next((to for to, sources in _SOURCES.items() if ending in sources), None)
            if made is not None and not stem.endswith(".d"):
                yield "/" + posixpath.relpath(stem + made, self.root)

    def _source(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.root, path.lstrip("/")))

    def _entry(self, path: str, *, directory: bool) -> Entry:
        made = self.made
        whole = posixpath.join(made.path, path.lstrip("/"))
        return Entry(whole, directory, made.maker, made.stage, made.place, owner=made.owner)


def compile_into(files: Files, root: str, made: Entry, step: int) -> None:
    """``made`` now holds what is compiled from the sources below ``root``."""
    files.mount(made.path, Compiled(files, step, root, made), "/")
    files.make(made)
