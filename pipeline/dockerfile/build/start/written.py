"""A file or folder that a call writes, before it is known which path that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipeline.dockerfile.projects.values import UNKNOWN, Call, Value


class Kind(Enum):
    FILE = "file"  # its folder has to be there
    FOLDER = "folder"  # it is made, and those above it
    ONE_FOLDER = "one folder"  # it is made, and the one above it has to be there
    BOTH = "both"  # its folder is made if it is absent

    @property
    def makes(self) -> bool:
        """Whether the path itself is a folder that is made."""
        return self in {Kind.FOLDER, Kind.ONE_FOLDER}


@dataclass(frozen=True)
class Target:
    """``lazy``: not at the call, but later."""

    value: Value
    kind: Kind = Kind.FILE
    lazy: bool = False


def first(call: Call, *names: str) -> Value:
    """The keyword of one of these names, else the first argument."""
    named = (call.keywords[name] for name in names if name in call.keywords)
    return next(named, call.arguments[0] if call.arguments else UNKNOWN)
