"""Our own rules over Dockerfiles, as findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.dockerfile.context import BuildContext, open_context
from pipeline.dockerfile.lint import Found, examine
from pipeline.dockerfile.place import Patch
from pipeline.dockerfile.syntax.nodes import Dockerfile
from pipeline.dockerfile.syntax.parser import decode, parse
from pipeline.model import Finding
from pipeline.steps.targets import Gap, Target, find_context, shown


@dataclass(frozen=True)
class Change:
    """A certain change to the file at ``path``, which must stay inside ``within``."""

    path: Path
    within: Path
    patch: Patch


@dataclass(frozen=True)
class Seen:
    """A Dockerfile that our rules looked at.

    ``findings`` each come with their certain change, if there is one. ``sources`` are the lines of
    the Dockerfile and of the files it led to; ``note`` is what to say of its build context.
    """

    file: str
    dockerfile: Dockerfile
    findings: tuple[tuple[Finding, Change | None], ...]
    sources: Mapping[str, Sequence[str]]
    note: str = ""


def look_at(targets: Sequence[Target]) -> tuple[list[Seen], list[Gap]]:
    """Look at each. Those that cannot be read after all are gaps."""
    seen: list[Seen] = []
    gaps: list[Gap] = []
    opened = _opener()
    for target in targets:
        try:
            dockerfile = parse(decode(target.path.read_bytes()))
        except OSError as error:
            gaps.append(Gap(target.file, f"it cannot be read: {error.strerror}"))
        else:
            seen.append(_look(target, dockerfile, opened))
    return seen, gaps


def _opener() -> Callable[[Path, Path], BuildContext]:
    """Opens a context; Dockerfiles that follow each other in one folder share it."""
    last: list[tuple[tuple[Path, Path | None], BuildContext]] = []

    def opened(root: Path, dockerfile: Path) -> BuildContext:
        has_own = os.path.exists(f"{dockerfile}.dockerignore")
        key = (root, dockerfile if has_own else None)
        if not last or last[0][0] != key:
            last[:] = [(key, open_context(root, dockerfile))]
        return last[0][1]

    return opened


def _look(
    target: Target, dockerfile: Dockerfile, opened: Callable[[Path, Path], BuildContext]
) -> Seen:
    known, note = find_context(target, dockerfile)
    root = known or target.path.parent
    context = opened(root, target.path)
    if known is None:
        context = replace(context, truncated=True)  # what is not there may be there all the same
    examined = examine(dockerfile, context, file=target.file, settings=target.settings)

    def place(file: str) -> tuple[Path, Path]:
        """Where a file is that our rules name, and what it must stay inside."""
        here = (target.path, target.path.parent)
        return here if file == target.file else (root / file, root)

    def finding(found: Found) -> tuple[Finding, Change | None]:
        change = Change(*place(found.patch.file), found.patch) if found.patch else None
        return _finding(found, shown(place(found.place.file)[0])), change

    names = examined.followed | {one.place.file for one in examined.found}
    sources = {shown(place(name)[0]): lines for name, lines in _texts(context, names)}
    return Seen(
        target.file, dockerfile, tuple(finding(one) for one in examined.found),
        {**sources, target.file: dockerfile.lines}, note,
    )  # fmt: skip


def _texts(context: BuildContext, names: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    for name in names:
        text = context.text(name)
        if text is not None:
            yield name, text.split("\n")


def _finding(found: Found, file: str) -> Finding:
    place = found.place
    return Finding(
        found.rule, str(found.severity), file, place.line, max(place.line, place.end_line),
        place.column, found.message, found.fix, place.end_column, found.why,
    )  # fmt: skip
