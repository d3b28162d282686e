"""Scripts that a command runs: which file it is, its text, and where each line of it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.dockerfile.build.build import Origin, read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Argument, Executed, Shell
from pipeline.dockerfile.syntax.nodes import Text

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_SHEBANG_LENGTH = 200


@dataclass(frozen=True)
class Script:
    """A script's text and where it stands: in the Dockerfile, or in a file of the context."""

    text: Text
    file: str

    def place(self, start: int, end: int) -> Place:
        """Where the characters from ``start`` up to ``end`` stand."""
        first, last = self.text.point(start), self.text.point(max(end - 1, start))
        return Place(self.file, first.line, first.column, last.line, last.column)


@dataclass(frozen=True)
class Called:
    """A script that a command runs. ``path`` is where the machine has it."""

    script: Script
    path: str
    arguments: tuple[str, ...] | None
    interpreter: str  # the shebang's program without its folder; empty where there is none

    def shell(self, executed: Executed) -> Shell:
        """The shell that runs it; a sourced file runs in that of the script that sources it."""
        shell = replace(executed.shell, arguments=self.arguments)
        return shell if executed.name in {".", "source"} else replace(shell, script=self.path)


def called(machine: Machine, executed: Executed) -> Called | None:
    """The script that this command runs, where its text is known.

    ``sh FILE``, ``. FILE``, or a program that is itself a text.
    """
    if not executed.argv or executed.argv[0].value is None:
        return None
    words = executed.argv
    if executed.name in SHELLS or executed.name in {".", "source"}:
        rest = _operands(words[1:])
        return _at(machine, executed.shell, _here(rest[0]), rest[1:], "sh") if rest else None
    return _at(machine, executed.shell, words[0], words[1:], "")


@dataclass(frozen=True)
class Given:
    """What a shell is given to run as an argument: ``sh -c TEXT [NAME [ARGUMENT…]]``."""

    text: str
    arguments: tuple[str, ...]


def commands_given(executed: Executed) -> Given | None:
    """The commands that a shell is given with ``-c``; None for anything else."""
    if executed.name not in SHELLS:
        return None
    words = executed.argv[1:]
    at = next((index for index, word in enumerate(words) if _is_dash_c(word)), None)
    if at is None or at + 1 >= len(words):
        return None
    return Given(words[at + 1].text, tuple(word.text for word in words[at + 3 :]))


def _is_dash_c(word: Argument) -> bool:
    return word.text.startswith("-") and not word.text.startswith("--") and "c" in word.text


def _operands(words: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """What follows a shell's options; nothing where it is given commands or options alone."""
    for at, word in enumerate(words):
        if not word.text.startswith(("-", "+")):
            return words[at:]
        if _is_dash_c(word):
            return ()
    return ()


def _here(file: Argument) -> Argument:
    """A shell looks for its script in the working folder before PATH."""
    value = file.value
    return replace(file, value=f"./{value}") if value and "/" not in value else file


def _at(
    machine: Machine, shell: Shell, name: Argument, rest: tuple[Argument, ...], interpreter: str
) -> Called | None:
    if name.value is None:
        return None
    path = resolved(machine, shell, name.value)
    origin = read(machine, path) if path else None
    if path is None or origin is None:
        return None
    values = tuple(word.value for word in rest)
    known = None if None in values else tuple(value for value in values if value is not None)
    return Called(script_at(origin), path, known, shebang(origin.text) or interpreter)


def resolved(machine: Machine, shell: Shell, name: str) -> str | None:
    """The absolute path of a program or script as the command names it; None where unknown."""
    if name.startswith("/"):
        return name
    if "/" in name:
        return f"{shell.cwd.rstrip('/')}/{name}" if shell.cwd is not None else None
    for folder in (shell.variables.get("PATH") or "").split(":"):
        path = f"{folder.rstrip('/')}/{name}"
        found = machine.files.lookup(path)
        if found.present:
            return path if found.entry is not None else None
    return None


def script_at(origin: Origin) -> Script:
    """A file's text with its places."""
    return Script(Text(origin.text, _lines(origin)), origin.file)


def _lines(origin: Origin) -> tuple[tuple[int, int, int], ...]:
    pieces, offset = [], 0
    for number, line in enumerate(origin.text.split("\n")):
        pieces.append((offset, origin.line + number, 1))
        offset += len(line) + 1
    return tuple(pieces)


def shebang(text: str) -> str:
    """The program that a script's first line names; empty where it names none."""
    first = text[:_SHEBANG_LENGTH].split("\n", 1)[0]
    if not first.startswith("#!"):
        return ""
    words = first[2:].split()
    if not words:
        return ""
    if words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-")] or [""]
    return words[0].rsplit("/", 1)[-1]


def sources(machine: Machine) -> Callable[[str], str | None]:
    """How a script's shell finds the text of a file that it sources."""

    def text(path: str) -> str | None:
        origin = read(machine, path)
        return origin.text if origin else None

    return text
