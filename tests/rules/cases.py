"""Cases of the rules: each a small context in one text file, with what must be found in it.

The first lines say what the case is about, each after a ``#``; ``# expect: S01 Dockerfile:7`` names
a finding (rule, file, line). ``-- PATH --`` begins a file, ``-- PATH (755) --`` an executable one,
``-- PATH (crlf) --`` one with CRLF line ends, ``-- PATH -> TARGET --`` is a symbolic link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.dockerfile.context import BuildContext

_FILE = re.compile(r"-- (\S+)(?: \((\w+)\))?(?: -> (\S+))? --")
_EXPECT = re.compile(r"# expect: (\w+) (\S+):(\d+)")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """``bad``: every expected finding is made; else: none of its rule, and no error of any."""

    path: Path
    files: dict[str, str]
    modes: dict[str, int]
    links: dict[str, str]
    expected: frozenset[tuple[str, str, int]]

    @property
    def rule(self) -> str:
        return self.path.parent.name

    @property
    def bad(self) -> bool:
        return self.path.name.startswith("bad-")

    @property
    def context(self) -> BuildContext:
        return BuildContext.of(self.files, self.modes, self.links)

    def __str__(self) -> str:
        return f"{self.rule}/{self.path.stem}"


def cases() -> Iterator[Case]:
    """Every case there is, in order."""
    return (read_case(path) for path in sorted(HERE.glob("[SD][0-9][0-9]/*.txt")))


def read_case(path: Path) -> Case:
    """Read one case."""
    files: dict[str, list[str]] = {}
    modes, links, expected = {}, {}, set()
    crlf: set[str] = set()
    current: list[str] | None = None
    for line in path.read_text("utf-8").splitlines():
        begins = _FILE.fullmatch(line)
        if begins:
            name, mark, link = begins.groups()
            if link:
                links[name], current = link, []
                continue
            current = files.setdefault(name, [])
            if mark == "crlf":
                crlf.add(name)
            elif mark:
                modes[name] = int(mark, 8)
        elif current is not None:
            current.append(line)
        elif found := _EXPECT.fullmatch(line):
            expected.add((found[1], found[2], int(found[3])))
        else:
            assert line.startswith("#"), f"{path}: {line!r} before the first file"
    texts = {
        name: "".join(line + ("\r\n" if name in crlf else "\n") for line in lines)
        for name, lines in files.items()
    }
    return Case(path, texts, modes, links, frozenset(expected))
