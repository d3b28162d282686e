"""A fault of the configuration: where it is, which rule it breaks, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath

from pipeline.errors import ConfigError

Path = tuple[str | int, ...]
"""Where a value is in the document: keys, and positions in lists counted from 0."""


class RuleError(ValueError):
    """A rule that a value breaks. Neither sentence has its full stop, nor a value from ``env``."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True, order=True)
class Place:
    """A position in the file, counted from 1; ``line`` 0 is an environment variable."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Fault:
    place: Place
    path: Path
    rule: str
    remedy: str

    def __str__(self) -> str:
        """One line, whatever the keys and values in it are made of."""
        subject = f"{dotted(self.path)}: " if self.path else ""
        stop = "" if self.remedy.endswith("?") else "."
        text = f"{self.place}: {subject}{self.rule}. {self.remedy}{stop}"
        return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def dotted(path: Path) -> str:
    """``run.env.LOG_LEVEL``, ``jobs[0].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def config_error(faults: Iterable[Fault], file: FilePath) -> ConfigError:
    """All faults in one error: the file's in its order, then those of the environment."""
    ordered = sorted(faults, key=lambda fault: (not fault.place.line, fault.place, str(fault)))
    lines = tuple(dict.fromkeys(str(fault) for fault in ordered))
    count = "one mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    return ConfigError(
        f"the configuration has {count}",
        where=str(file),
        remedy="correct what each line names; docs/configuration.md lists every key",
        lines=lines,
    )
