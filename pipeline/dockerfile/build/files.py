"""The file system of a stage as far as the build tells: a log of what each step did to which path.

Looking a path up reads the log backwards: the newest event that says something of the path or of a
folder above it decides. Copies are kept as references to where they came from, so that provenance
(who made this file, in which stage) survives any number of ``COPY --from``.
"""

from __future__ import annotations

import heapq
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice

from pipeline.dockerfile.build.entries import (
    ABSENT,
    PRESENT,
    UNKNOWN,
    Entry,
    Found,
    Presence,
    ancestors,
    clean,
    vaguer,
)
from pipeline.dockerfile.build.trees import System, Tree

_DEPTH = 64
_TREES = 1_000


@dataclass(frozen=True)
class _Event:
    step: int
    what: str  # made, implied, mounted, removed, blurred, owned, mode
    entry: Entry | None = None
    tree: Tree | None = None
    origin: str = ""  # where in the tree the mounted path begins
    owner: str | None = None
    mode: int | None = None
    alone: bool = False
    vague: str = ""
    order: int = 0
    until: int | None = None  # a bind mount: the last step that sees it


@dataclass
class Files:
    """The files of one stage. ``system`` says what the base image holds; it is asked last."""

    stage: int
    system: System
    now: int = 0
    _events: dict[str, list[_Event]] = field(default_factory=dict)
    _count: int = 0
    _removed: int = 0  # the order of the newest removal

    def make(self, entry: Entry) -> None:
        """A file or folder is there from now on, and so are the folders above it."""
        path = clean(entry.path)
        self._log(path, _Event(self.now, "made", replace(entry, path=path)))
        for folder in ancestors(posixpath.dirname(path)):
            found = self.lookup(folder)
            if found.present:
                break
            above = replace(
                entry, path=folder, directory=True, source=None, text=None, mode=None, details="",
                link=None, owner=entry.owner if found.absent else None,
            )  # fmt: skip
            self._log(folder, _Event(self.now, "implied", above))

    def mount(self, path: str, tree: Tree, origin: str, owner: str | None = None) -> None:
        """What ``origin`` names in ``tree`` is at ``path`` from now on, over what is there.

        ``owner`` None keeps the owners that the tree has.
        """
        self._log(clean(path), _Event(self.now, "mounted", tree=tree, origin=origin, owner=owner))

    def unbind(self, path: str) -> None:
        """The newest mount at ``path`` was for one instruction, and that is over."""
        events = self._events[clean(path)]
        at = max(index for index, event in enumerate(events) if event.what == "mounted")
        events[at] = replace(events[at], until=self.now)

    def remove(self, path: str) -> None:
        self._log(clean(path), _Event(self.now, "removed"))
        self._removed = self._count

    def blur(self, path: str, *, vague: str = "") -> None:
        """Anything may have been made at and below ``path``; nothing there was removed for sure."""
        before = next(reversed(self._events.get(clean(path), ())), None)
        said = before is not None and before.what == "blurred" and before.order > self._removed
        if not (said and before is not None and before.vague in {"", vague}):
            self._log(clean(path), _Event(self.now, "blurred", vague=vague))

    def own(self, path: str, owner: str | None, *, recursive: bool) -> None:
        self._log(clean(path), _Event(self.now, "owned", owner=owner, alone=not recursive))

    def chmod(self, path: str, mode: int | None, *, recursive: bool) -> None:
        self._log(clean(path), _Event(self.now, "mode", mode=mode, alone=not recursive))

    def _log(self, path: str, event: _Event) -> None:
        self._count += 1
        self._events.setdefault(path, []).append(replace(event, order=self._count))

    def lookup(self, path: str, at: int | None = None) -> Found:
        """What is at ``path``; ``at`` a step's number: before that step ran."""
        return self._lookup(clean(path), at, 0, count(1))

    def _lookup(self, path: str, at: int | None, depth: int, visits: Iterator[int]) -> Found:
        if depth > _DEPTH or next(visits) > _TREES:
            return UNKNOWN
        owners: list[str | None] = []
        modes: list[int | None] = []
        maybe: Found | None = None
        for event, below in self._history(path, at):
            if event.what == "owned" and not (below and event.alone):
                owners.append(event.owner)
            elif event.what == "mode" and not (below and event.alone):
                modes.append(event.mode)
            found = self._said(event, below, depth, visits)
            if found is None:
                continue
            if found.presence is Presence.UNKNOWN:
                maybe = vaguer(maybe, found)
            elif found.absent and maybe:
                return maybe
            else:
                return _as_changed(found, owners, modes)
        found = self.system.lookup(path, at)
        return maybe if maybe and found.absent else _as_changed(found, owners, modes)

    def given_to(self, path: str) -> tuple[str | None] | None:
        """Whom a step gave the path to, by itself or with what is above it; None: no step did."""
        for event, below in islice(self._history(clean(path), None), _TREES):
            if event.what == "owned" and not (below and event.alone):
                return (event.owner,)
            if isinstance(event.tree, View) and event.tree.at is None and event.origin == "/":
                return event.tree.files.given_to(f"/{below}")
        return None

    def _history(self, path: str, at: int | None) -> Iterator[tuple[_Event, str]]:
        """Events on the path and above it, newest first, each with what lies below its own path."""
        logs = (
            _newest_first(self._events[folder], path[len(folder) :].lstrip("/"))
            for folder in ancestors(path)
            if folder in self._events
        )
        for event, below in heapq.merge(*logs, key=lambda one: -one[0].order):
            if _holds(event, at):
                yield event, below

    def _said(self, event: _Event, below: str, depth: int, visits: Iterator[int]) -> Found | None:
        """What one event says of a path ``below`` its own; None where it says nothing."""
        if event.what in {"made", "implied"}:
            return None if below else Found(Presence.PRESENT, event.entry)
        if event.tree is not None:
            inner = posixpath.join(event.origin, below) if below else event.origin
            if isinstance(event.tree, View):
                found = event.tree.within(inner, depth + 1, visits)
            else:
                found = event.tree.lookup(inner)
            if found.absent:
                return None
            if not below and found.presence is Presence.UNKNOWN:
                return PRESENT  # or the build would have ended at the copy
            if found.entry and event.owner is not None:
                return Found(found.presence, replace(found.entry, owner=event.owner))
            return found
        if event.what == "blurred":
            return Found(Presence.UNKNOWN, vague=event.vague)
        return ABSENT if event.what == "removed" else None

    def made_by(self, makers: frozenset[str]) -> Iterator[tuple[int, Entry]]:
        """What these made here, though it may be gone since; each with the step's number."""
        for events in self._events.values():
            for event in events:
                if event.what == "made" and event.entry and event.entry.maker in makers:
                    yield event.step, event.entry

    def below(self, path: str) -> Iterator[str]:
        """Paths known to lie below a folder, removed ones too; not those of the base image."""
        return self._below(clean(path), None, 0, count(1))

    def _below(self, path: str, at: int | None, depth: int, visits: Iterator[int]) -> Iterator[str]:
        """``visits`` counts the trees that are gone through: copies of copies come to an end."""
        prefix = path.rstrip("/") + "/"
        own = [one for one in self._events if one.startswith(prefix)]
        yield from own
        for folder in [*ancestors(path), *own]:
            for event in [*self._events.get(folder, ())]:
                if event.tree is None or not _holds(event, at):
                    continue
                if depth > _DEPTH or next(visits) > _TREES:
                    return
                if folder.startswith(prefix):
                    inner, here = event.origin, folder
                else:
                    inner = posixpath.join(event.origin, path[len(folder) :].lstrip("/"))
                    here = path
                tree = event.tree
                if isinstance(tree, View):
                    found = tree.inside(inner, depth + 1, visits)
                else:
                    found = tree.below(inner)
                for one in found:
                    yield posixpath.join(here, posixpath.relpath(one, inner))

    def view(self) -> View:
        """The files as they are now, for another stage to copy from."""
        return View(self, None)


@dataclass(frozen=True)
class View:
    """A stage's files at a moment (``at`` None: at its end)."""

    files: Files
    at: int | None

    def lookup(self, path: str) -> Found:
        return self.files.lookup(path, self.at)

    def within(self, path: str, depth: int, visits: Iterator[int]) -> Found:
        return self.files._lookup(clean(path), self.at, depth, visits)

    def below(self, path: str) -> Iterator[str]:
        return self.inside(path, 0, count(1))

    def inside(self, path: str, depth: int, visits: Iterator[int]) -> Iterator[str]:
        return self.files._below(clean(path), self.at, depth, visits)


def _holds(event: _Event, at: int | None) -> bool:
    if event.until is not None and (at is None or at > event.until):
        return False
    return at is None or event.step < at


def _newest_first(events: list[_Event], below: str) -> Iterator[tuple[_Event, str]]:
    return ((event, below) for event in reversed(events))


def _as_changed(found: Found, owners: list[str | None], modes: list[int | None]) -> Found:
    """The entry with the newest of later changes of owner and mode applied."""
    if found.entry is None or not (owners or modes):
        return found
    entry = found.entry
    changed = replace(
        entry,
        owner=owners[0] if owners else entry.owner,
        mode=modes[0] if modes else entry.mode,
    )
    return Found(found.presence, changed)
