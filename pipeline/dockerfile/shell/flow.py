"""Under which conditions a part of a script runs, and which paths through it are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from pipeline.dockerfile.shell.executed import Executed, Value
from pipeline.dockerfile.shell.state import State, join

Outcome = bool | None
"""Whether a command succeeds; None where that cannot be known."""


class Level(IntEnum):
    """How far a ``continue``, ``break``, ``return`` or ``exit`` leaves what it stands in."""

    NONE = 0
    CONTINUE = 1
    BREAK = 2
    RETURN = 3
    EXIT = 4


@dataclass(frozen=True)
class Origin:
    """Where a script's text stands: shifted, or (an argument's text) all at one place.

    ``file`` is the sourced file that it stands in; empty: the script itself.
    """

    shift: int = 0
    fixed: tuple[int, int] | None = None
    file: str = ""

    def place(self, start: int, end: int) -> tuple[int, int]:
        return self.fixed or (start + self.shift, end + self.shift)

    def inner(self, offset: int) -> Origin:
        """The origin of a text that begins at ``offset`` of this one."""
        return replace(self, shift=self.shift + offset)


@dataclass(frozen=True)
class Context:
    """What holds for a command by where it stands.

    ``ignored``: set -e has no power here (a test, left of ``||``). ``final``: its status is the
    script's. ``matters``: set -e that ends this subshell ends the script as well. ``failed``: it
    runs because something failed. ``aside``: a command substitution's, it feeds no pipeline.
    """

    certain: bool = True
    ignored: bool = False
    final: bool = True
    matters: bool = True
    failed: bool = False
    background: bool = False
    aside: bool = False
    feeds: Executed | None = None
    output: tuple[Value, bool] | None = None
    origin: Origin = Origin()

    def tolerates(self, state: State) -> bool:
        """Whether a failure here lets the script go on."""
        ends = state.shell.errexit and self.matters and not self.ignored
        return not (ends or self.final)


@dataclass(frozen=True)
class Path:
    """One way through a script so far.

    ``ended``: it is left, how far. ``failing``: with a status that is a failure. ``doubt``: it may
    have been left already, so that what follows is not certain.
    """

    state: State
    ended: Level = Level.NONE
    failing: bool = False
    doubt: Level = Level.NONE


def merge(paths: Sequence[Path]) -> Path:
    """What holds whichever of these paths is taken."""
    alive = [path for path in paths if not path.ended]
    doubt = max(path.doubt for path in paths)
    if not alive:
        first = min(paths, key=lambda path: path.ended)
        failing = all(path.failing for path in paths)
        return Path(first.state, first.ended, failing, doubt)
    left = [path.ended for path in paths if path.ended and not path.failing]
    return Path(join([path.state for path in alive]), doubt=max([doubt, *left]))
