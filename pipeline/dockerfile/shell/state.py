"""The state of a shell between two commands: pure changes to it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from pipeline.dockerfile.shell.executed import Shell, Value
from pipeline.dockerfile.shell.expansion import UNSET, Variable, variable

_LONGEST_VALUE = 8_000
_MOST_VARIABLES = 1_000
_LASTING = frozenset({"HOME"})  # what a sourced file leaves alone


@dataclass(frozen=True)
class State:
    """A shell, the folders that ``pushd`` left, and ``set -o pipefail``."""

    shell: Shell
    folders: tuple[Value, ...] = ()
    pipefail: bool = False

    def assign(self, values: Iterable[tuple[str, Value]]) -> State:
        """These variables set; more than a script may have are forgotten."""
        variables = dict(self.shell.variables)
        for name, value in values:
            if name in variables or len(variables) < _MOST_VARIABLES:
                variables[name] = value if value is None or len(value) <= _LONGEST_VALUE else None
        full = len(variables) >= _MOST_VARIABLES
        shell = replace(self.shell, variables=variables, open=self.shell.open or full)
        return replace(self, shell=shell)

    def restore(self, name: str, before: Variable) -> State:
        """A variable as it was."""
        if before.set:
            return self.assign([(name, before.value)])
        variables = {key: value for key, value in self.shell.variables.items() if key != name}
        return replace(self, shell=replace(self.shell, variables=variables))

    def unset(self, names: Iterable[str]) -> State:
        """These variables gone: empty, and known to be."""
        state = self
        for name in names:
            state = state.assign([(name, "")]) if self.shell.open else state.restore(name, UNSET)
        return state

    def blur(self, names: Iterable[str]) -> State:
        """These variables unknown."""
        return self.assign((name, None) for name in names)

    def blur_all(self, *, lasting: bool = False) -> State:
        """Anything may have been set; ``lasting``: but not what is set already."""
        variables = dict(self.shell.variables)
        if not lasting:
            variables = {name: variables[name] if name in _LASTING else None for name in variables}
        return replace(self, shell=replace(self.shell, variables=variables, open=True))

    def move(self, target: Value) -> State:
        """In another folder."""
        shell = self.shell
        moved = replace(shell, cwd=resolved(shell.cwd, target))
        before = [("OLDPWD", shell.cwd)]
        if "PWD" in shell.variables:
            before.append(("PWD", moved.cwd))
        return replace(self, shell=moved).assign(before)

    def value(self, name: str) -> Value:
        found = variable(name, self.shell)
        return found.value if found.set else ""


def resolved(cwd: Value, path: Value) -> Value:
    """An absolute path; None where it cannot be known."""
    if path is None or (cwd is None and not path.startswith("/")):
        return None
    joined = posixpath.normpath(posixpath.join(cwd or "/", path))
    return "/" + joined.lstrip("/") if joined.startswith("/") else joined


def join(states: Sequence[State]) -> State:
    """What holds whichever of these states is the real one."""
    return reduce(_join, states)


def _join(one: State, other: State) -> State:
    if one == other:
        return one
    left, right = one.shell, other.shell
    variables = {
        name: _same(variable(name, left), variable(name, right))
        for name in {**left.variables, **right.variables}
    }
    shell = replace(
        left,
        cwd=left.cwd if left.cwd == right.cwd else None,
        variables=variables,
        arguments=left.arguments if left.arguments == right.arguments else None,
        errexit=left.errexit and right.errexit,
        open=left.open or right.open,
    )
    folders = one.folders if one.folders == other.folders else ()
    return State(shell, folders, one.pipefail and other.pipefail)


def _same(one: Variable, other: Variable) -> Value:
    return one.value if one == other and one.set else None
