"""Programs that are scripts: what the kernel makes of their first line, mode and line ends."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Executed

_MOST_LINKS = 8
_BREAKING = re.compile(r"^\s*(?:set\s+[-+]\S+|then|do|fi|done|esac|else|\}|\w+\(\)\s*\{)\r$", re.M)


@dataclass(frozen=True)
class Program:
    """A script that a command runs. ``mode`` is None where it is not known."""

    path: str
    text: str
    file: str
    line: int
    mode: int | None
    from_context: bool

    @property
    def first(self) -> str:
        return self.text.split("\n", 1)[0]

    @property
    def shebang(self) -> bool:
        return self.text.startswith("#!")

    @property
    def words(self) -> list[str]:
        """The first line's words after ``#!``."""
        return self.first[2:].split()

    @property
    def interpreter(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def returns(self) -> bool:
        """Whether its lines end with CRLF."""
        return self.first.endswith("\r")

    @property
    def breaks_with_returns(self) -> bool:
        """Whether a shell certainly stumbles over the CRLF."""
        return _BREAKING.search(self.text) is not None

    @property
    def copied(self) -> str:
        return ", as in the context" if self.from_context else ""

    def place(self) -> Place:
        return Place(self.file, self.line)


def program_of(
    machine: Machine, executed: Executed, at: int | None, name: str | None = None
) -> Program | None:
    """The script that stands behind a command's first word (or ``name``), where it is known.

    ``at`` is the number of the step that runs it; what was there before that step counts.
    """
    name = name or (executed.argv[0].value if executed.argv else None)
    if not name:
        return None
    if "/" in name or executed.name != name:
        path = absolute(executed.shell.cwd, name)
        found = machine.files.lookup(path, at) if path else None
    else:
        search = executed.shell.variables.get("PATH")
        found = which(machine, name, tuple(search.split(":")), at) if search else None
    entry = found.entry if found else None
    for _ in range(_MOST_LINKS):
        if entry is None or entry.link is None:
            break
        target = posixpath.join(posixpath.dirname(entry.path), entry.link)
        entry = machine.files.lookup(target, at).entry
    if entry is None or entry.directory:
        return None
    text = entry.text if entry.text is not None else _text(machine, entry.source)
    if not text:
        return None
    origin = read(machine, entry.path) if entry.text is not None else None
    file = entry.source or (origin.file if origin else entry.place.file)
    line = entry.place.line if entry.text is not None and entry.source is None else 1
    shown = name if name.startswith("/") else posixpath.normpath(name)
    return Program(shown, text, file, line, entry.mode, entry.source is not None)


def _text(machine: Machine, source: str | None) -> str | None:
    return machine.context.text(source) if source is not None else None


def runs_without(
    machine: Machine, program: Program, executed: Executed, at: int | None
) -> str | None:
    """The interpreter of the script that the machine certainly does not have."""
    words = program.words
    if not words:
        return None
    if machine.files.lookup(words[0], at).unbrought:
        return words[0]
    if posixpath.basename(words[0]) != "env":
        return None
    names = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    search = executed.shell.variables.get("PATH")
    if not names or not search or "/" in names[0]:
        return None
    return names[0] if which(machine, names[0], tuple(search.split(":")), at).unbrought else None
