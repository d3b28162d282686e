"""What a script runs: each simple command with the state of the shell it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Value = str | None
"""A string, or None where it cannot be known."""


@dataclass(frozen=True)
class Shell:
    """The state of a shell: its folder (None unknown), variables, exported names, options."""

    cwd: Value
    variables: Mapping[str, Value] = field(default_factory=dict)
    arguments: tuple[str, ...] | None = None  # $@, where known
    errexit: bool = False
    script: str = ""  # the absolute path of the script that runs ($0); empty where unknown
    open: bool = False  # variables that are not named here may be set: unknown, not empty

    def inside(self, cwd: Value) -> Shell:
        return replace(self, cwd=cwd)


@dataclass(frozen=True)
class Argument:
    """One word of a command after expansion.

    ``value`` is None where it cannot be known; ``text`` is the best that can be said of it: known
    parts expanded, unknown ones as written. ``start`` and ``end`` are offsets in the script.
    """

    value: Value
    text: str
    start: int
    end: int
    raw: str = ""


@dataclass(frozen=True)
class Executed:
    """A simple command that the script runs, and what held before it.

    ``certain``: it runs whenever the script does, unless something before it fails (not inside a
    condition, loop, case or function that is only maybe called, not after ``||``). ``tolerated``:
    its failure does not end the script (``|| true``, in a test, before ``;`` without ``set -e``).
    ``feeds`` is the next command of the pipeline (``curl … | bash``: feeds is the bash).
    ``replaces``: run through ``exec``. ``output`` is (path as expanded, appended) where its output
    goes to a file. ``file``: the sourced file in which it stands (a function's body), which
    ``start`` and ``end`` count in; empty: the script itself.
    """

    argv: tuple[Argument, ...]
    shell: Shell
    certain: bool = True
    tolerated: bool = False
    background: bool = False
    replaces: bool = False
    feeds: Executed | None = None
    input: str | None = None  # a heredoc's or a here string's text
    output: tuple[Value, bool] | None = None
    start: int = 0
    end: int = 0
    file: str = ""

    @property
    def name(self) -> str:
        """The program's name without its folder; empty where unknown."""
        value = self.argv[0].value if self.argv else None
        return value.rsplit("/", 1)[-1] if value else ""

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments' texts, the program included."""
        return tuple(argument.text for argument in self.argv)
