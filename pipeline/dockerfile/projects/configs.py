"""Configuration that says what is started: Procfile, supervisor, gunicorn, Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.dockerfile.projects.python_calls import assignments
from pipeline.dockerfile.projects.values import Value

_PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(.*)")
_SECTION = re.compile(r"\[([^\]]*)\]")
_OPTION = re.compile(r"([\w.-]+)\s*[=:]\s*(.*)")
_VARIABLE = re.compile(r"""(?<!\w)(\w++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^,\s]*))""")
_PREFIX = "@-+"  # of a recipe's line: quiet, failures ignored, run even with -n


@dataclass(frozen=True)
class Process:
    """One line of a Procfile."""

    name: str
    command: str
    line: int


@dataclass(frozen=True)
class Section:
    """One section of a supervisor file: ``options`` are (value, line) by name."""

    kind: str
    name: str
    line: int
    options: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def get(self, option: str) -> str:
        """The option's value; empty where it is not set."""
        return self.options.get(option, ("", 0))[0]


@dataclass(frozen=True)
class Target:
    """A target of a Makefile: what it needs, and its recipe as (command, line)."""

    name: str
    needs: tuple[str, ...]
    recipe: tuple[tuple[str, int], ...]
    line: int


def procfile(text: str) -> tuple[Process, ...]:
    """The processes of a ``Procfile``."""
    lines = enumerate(text.removeprefix("\ufeff").splitlines(), 1)
    found = ((number, _PROCESS.fullmatch(line.strip())) for number, line in lines)
    return tuple(Process(one[1], one[2], number) for number, one in found if one and one[2])


def supervisor(text: str) -> tuple[Section, ...]:
    """The sections of a ``supervisord.conf``: ``program:web``, ``supervisord``, ``include`` …"""
    sections: list[tuple[str, str, int, dict[str, tuple[list[str], int]]]] = []
    name = ""
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = _uncommented(raw)
        section, option = _SECTION.match(line), _OPTION.fullmatch(line)
        if section:
            kind, _, title = section[1].partition(":")
            sections.append((kind.strip(), title.strip(), number, {}))
            name = ""
        elif line and raw[0] in " \t" and name:
            sections[-1][3][name][0].append(line)
        elif option and sections:
            name = option[1].lower()
            sections[-1][3][name] = ([option[2]], number)
    return tuple(
        Section(kind, title, line, _options(written)) for kind, title, line, written in sections
    )


def _options(written: dict[str, tuple[list[str], int]]) -> dict[str, tuple[str, int]]:
    return {name: ("\n".join(parts).strip(), at) for name, (parts, at) in written.items()}


def _uncommented(raw: str) -> str:
    if raw.startswith(("#", ";")):
        return ""
    return re.split(r"\s;", raw, maxsplit=1)[0].strip()


def programs(text: str) -> tuple[Section, ...]:
    """The programs of a supervisor file that it starts."""
    return tuple(section for section in supervisor(text) if section.kind == "program")


def environment(value: str) -> dict[str, str]:
    """The variables of supervisor's ``environment=A="1",B=2``."""
    found = _VARIABLE.findall(value)
    return {name: double or single or bare for name, double, single, bare in found}


def gunicorn(text: str, file: str | None = None) -> Mapping[str, tuple[Value, int]] | None:
    """The settings of a ``gunicorn.conf.py`` with their lines; None where it cannot be read."""
    return assignments(text, file)


def makefile(text: str) -> tuple[Target, ...]:
    """The targets of a Makefile. Variables and conditions are left as they are written."""
    found: list[tuple[list[str], str, list[tuple[str, int]], int]] = []
    inside = False
    for number, line in _joined(text.removeprefix("\ufeff")):
        if line.startswith("\t") and inside:
            found[-1][2].append((line, number))
            continue
        plain = line.partition("#")[0].strip()
        names, colon, needs = plain.partition(":")
        if colon and not (needs.startswith(("=", ":=")) or "=" in names):
            needs, _, command = needs.removeprefix(":").partition(";")
            found.append((names.split(), needs, [(command, number)], number))
            inside = True
        elif plain and not plain.startswith(("if", "else", "endif")):
            inside = False
    shared = (
        (names, tuple(needs.split()), _recipe(lines), line) for names, needs, lines, line in found
    )
    return tuple(
        Target(name, needs, recipe, line) for names, needs, recipe, line in shared for name in names
    )


def _recipe(lines: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    commands = ((line.strip().lstrip(_PREFIX).strip(), number) for line, number in lines)
    return tuple((command, number) for command, number in commands if command)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations, and where each starts."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if parts else number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        yield first, " ".join([*parts, line.strip() if parts else line])
        parts = []
    if parts:
        yield first, " ".join(parts)
