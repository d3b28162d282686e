"""Where something stands in a file of the build, and a change to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """``file`` is as a person is shown it. Lines and columns count from 1; ends are inclusive."""

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True)
class Edit:
    """Replace lines ``first`` to ``last``, from 1; ``last`` = ``first`` - 1 inserts before it."""

    first: int
    last: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Patch:
    """A certain change to one file. Edits do not overlap."""

    file: str
    edits: tuple[Edit, ...]
