"""Parser directives: ``# syntax=``, ``# escape=`` and ``# check=`` at the top of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.dockerfile.syntax.lexer import SPACES
from pipeline.dockerfile.syntax.lines import Source, without_end
from pipeline.dockerfile.syntax.nodes import Point, Problem

_NAMES = ("syntax", "escape", "check")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
_BLANKS = "\t\n\f\r "


@dataclass
class Directives:
    values: dict[str, str] = field(default_factory=dict)
    escape: str = "\\"
    problems: list[Problem] = field(default_factory=list)

    def add(self, name: str, value: str, point: Point) -> None:
        if name in self.values:
            self.problems.append(Problem(point, f"only one {name} parser directive can be used"))
        elif name == "escape" and value not in ("\\", "`"):
            self.problems.append(Problem(point, f"escape must be \\ or `, not {value}"))
        else:
            self.values[name] = value
            self.escape = self.values.get("escape", "\\")


def read_directives(source: Source) -> Directives:
    """Take the directives off the top of the file; anything else ends them."""
    directives = Directives()
    while source.at < len(source.raw):
        line = without_end(source.raw[source.at])
        found = _directive(line.lstrip(SPACES))
        if found is None:
            break
        source.take()
        directives.add(*found, Point(source.at, line.index("#") + 1))
    return directives


def _directive(line: str) -> tuple[str, str] | None:
    if not line.startswith("#"):
        return None
    name, sign, value = line[1:].lstrip(SPACES).partition("=")
    name, value = name.rstrip(_BLANKS), value.strip(_BLANKS)
    if not sign or not value or not _NAME.fullmatch(name) or name.lower() not in _NAMES:
        return None
    return name.lower(), value
