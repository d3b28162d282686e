"""What a rule is: a small pure function over the build, and how it explains itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.place import Patch, Place


class Severity(StrEnum):
    ERROR = "error"  # certain to fail
    WARNING = "warning"  # likely to fail
    INFO = "info"  # a hint: an opinion, or the model cannot tell


@dataclass(frozen=True)
class Fault:
    """One place where a rule is broken. ``severity`` only where it differs from the rule's."""

    place: Place
    message: str  # what is wrong here, one sentence with the names and paths
    fix: str = ""  # what to write instead; empty: the rule's
    patch: Patch | None = None  # only where the change is certain
    severity: Severity | None = None


@dataclass(frozen=True)
class Rule:
    """A rule. ``bad`` and ``good`` are whole small contexts: path to text, the Dockerfile first."""

    id: str
    title: str  # a noun phrase or short clause, for lists
    severity: Severity
    why: str  # one sentence: what happens to the user
    met: str  # the message that people met, as the tools print it
    fix: str
    bad: dict[str, str]
    good: dict[str, str]
    find: Callable[[Build], Iterable[Fault]]
