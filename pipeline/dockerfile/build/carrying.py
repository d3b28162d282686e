"""How a file of the context gets into the image: which copies bring it, from stage to stage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.entries import clean
from pipeline.dockerfile.build.values import Copied, Step

_MOST = 1_000  # copies, and places that are gone through


@dataclass(frozen=True)
class Carried:
    """``step`` is the copy out of the context, ``path`` where the image has the file."""

    step: Step
    path: str


def carried(build: Build, file: str) -> Iterator[Carried]:
    """The ways on which the image got this file of the context, and has it still."""
    ways = build.once(_ways)
    for stage, step, copied in ways.from_context:
        path = _target(copied, file)
        for end in sorted(_followed(ways, stage, path)) if path else ():
            entry = build.in_image(end).entry
            if entry is not None and entry.source == file and not entry.directory:
                yield Carried(step, end)


def copies(build: Build) -> Iterator[tuple[Stage, Step, Copied]]:
    """Everything that the stages of the image copy, in order."""
    for stage in build.used:
        for step in stage.steps:
            for copied in step.copied:
                yield stage, step, copied


def ends(build: Build, stage: int, path: str) -> set[str]:
    """The paths in the image that a path of a stage leads to."""
    return _followed(build.once(_ways), stage, clean(path))


@dataclass(frozen=True)
class _Ways:
    """The copies out of the context, and where what a stage holds goes on to."""

    from_context: tuple[tuple[int, Step, Copied], ...]
    onward: Mapping[int, list[tuple[int, Copied]]]
    children: Mapping[int, list[int]]
    last: frozenset[int]  # the stages that the image is the end of


def _ways(build: Build) -> _Ways:
    first: list[tuple[int, Step, Copied]] = []
    onward: dict[int, list[tuple[int, Copied]]] = {}
    children: dict[int, list[int]] = {}
    for stage in build.used:
        if stage.parent is not None:
            children.setdefault(stage.parent, []).append(stage.index)
    for stage, step, copied in copies(build):
        if copied.stage is not None:
            onward.setdefault(copied.stage, []).append((stage.index, copied))
        elif not copied.image:
            first.append((stage.index, step, copied))
    last = frozenset(stage.index for stage in build.lineage(build.final))
    return _Ways(tuple(first[-_MOST:]), onward, children, last)


def _target(copied: Copied, path: str) -> str | None:
    """Where a copy puts this path of its origin; None where it does not bring it."""
    if not copied.target:
        return None
    source, path = clean(copied.source), clean(path)
    if path == source:
        return clean(copied.target)
    prefix = source.rstrip("/") + "/"
    if not path.startswith(prefix):
        return None
    return clean(posixpath.join(copied.target, path[len(prefix) :]))


def _followed(ways: _Ways, stage: int, path: str) -> set[str]:
    seen: set[tuple[int, str]] = set()
    waiting = [(stage, path)]
    while waiting and len(seen) < _MOST:
        here, there = waiting.pop()
        if (here, there) in seen:
            continue
        seen.add((here, there))
        for other, copied in ways.onward.get(here, ()):
            target = _target(copied, there)
            if target:
                waiting.append((other, target))
        waiting += [(child, there) for child in ways.children.get(here, ())]
    return {end for index, end in seen if index in ways.last}
