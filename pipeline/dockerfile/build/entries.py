"""What can be known of a path: whether it is there, and how it was made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pipeline.dockerfile.place import Place

_PYTHON = re.compile(r"/python3\.\d+(?=/|$)")


class Presence(Enum):
    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Entry:
    """A file or folder as it was made.

    ``maker`` says by what: ``copy``, ``mkdir``, ``workdir``, ``pip``, ``prisma-python`` … ``stage``
    is the index of the stage that made it first. ``owner`` is a user's name or number; None
    unknown. ``source`` is its path in the context, ``text`` its content where that is known
    otherwise.
    """

    path: str
    directory: bool
    maker: str
    stage: int
    place: Place
    owner: str | None = "root"
    mode: int | None = None
    source: str | None = None
    text: str | None = None
    link: str | None = None
    details: str = ""


@dataclass(frozen=True)
class Found:
    """What is known of a path. ``entry`` only where it is present and its making was seen.

    ``vague`` says why it is unknown where that is no good reason to think that it is there:
    ``program`` (one of which nothing is known ran), ``packages`` (an installer brought what its
    packages need).
    """

    presence: Presence
    entry: Entry | None = None
    vague: str = ""

    @property
    def present(self) -> bool:
        return self.presence is Presence.PRESENT

    @property
    def absent(self) -> bool:
        return self.presence is Presence.ABSENT

    @property
    def unbrought(self) -> bool:
        """Absent, but for what installed packages may have brought along."""
        return self.absent or (self.presence is Presence.UNKNOWN and self.vague == "packages")

    @property
    def unlikely(self) -> bool:
        """Absent, but for what programs and packages may have made of which nothing is known."""
        return self.absent or (self.presence is Presence.UNKNOWN and self.vague != "")


ABSENT, UNKNOWN, PRESENT = (
    Found(Presence.ABSENT),
    Found(Presence.UNKNOWN),
    Found(Presence.PRESENT),
)
_VAGUENESS = ("packages", "program", "")  # from the weakest on


def clean(path: str) -> str:
    """An absolute path without detours; the interpreter's minor version is left out of it."""
    return _PYTHON.sub("/python3", posixpath.normpath("/" + path.lstrip("/")))


def ancestors(path: str) -> Iterator[str]:
    """The path itself, then each folder above it; the root is the last of an absolute path."""
    yield path
    while (above := posixpath.dirname(path)) != path:
        yield above
        path = above


def vaguer(one: Found | None, other: Found) -> Found:
    """Of two that are unknown the one with the better reason."""
    return max(one or other, other, key=lambda found: _VAGUENESS.index(found.vague))
