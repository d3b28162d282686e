"""What npm, yarn, pnpm and bun run in turn: scripts of ``package.json``, programs of packages."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from pipeline.dockerfile.build.build import Origin, read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.scripts import Script
from pipeline.dockerfile.build.start.inner import Inner, given, quoted
from pipeline.dockerfile.build.tools.node.commands import (
    Command,
    command_of,
    first_operand,
    ignores_scripts,
    is_berry,
    without_development,
)
from pipeline.dockerfile.build.tools.node.packages import parsed, path_of_scripts
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.node import Package, script_line
from pipeline.dockerfile.shell.executed import Executed, Shell
from pipeline.dockerfile.syntax.nodes import Text

_SOURCES = frozenset({".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx"})
_LONGEST = 8_000  # characters of a script
_script_line = lru_cache(maxsize=256)(script_line)
_RUN = frozenset({"run", "run-script", "rum", "urn"})
_SHORT = {"start": "start", "test": "test", "t": "test", "tst": "test", "stop": "stop",
          "restart": "restart"}  # fmt: skip
_SEVERAL = frozenset({"-r", "--recursive", "--workspaces", "-ws", "--include-workspace-root"})
_NAMING = {"npm": ("-w", "--workspace"), "pnpm": ("--filter", "-F"), "bun": ("--filter",)}
_PATTERN = frozenset("*!{}^[]")
_MOST_FILES = 20_000
_AFTER_PACKAGES = frozenset({"prepublish", "preprepare", "prepare", "postprepare"})


def followed(machine: Machine, executed: Executed) -> tuple[Inner, ...] | None:
    """The scripts that one of the managers runs; None where that cannot be known."""
    command = command_of(executed)
    if command.folder is None:
        return None
    if command.installs and not command.is_global:
        return _on_install(machine, command, executed.shell)
    folder: str | None = command.folder
    if command.in_workspaces:
        folder = _workspace(machine, command)
    if folder is None:
        return None
    asked = _asked(command)
    if asked is None:
        return None if command.in_workspaces else ()
    return Project(machine, folder, executed.shell, command.tool).run(*asked)


def _workspace(machine: Machine, command: Command) -> str | None:
    """The folder of the one package that the command is about; None where there may be others."""
    names = command.given.all(*_NAMING.get(command.tool, ()))
    root = command.folder or "/"
    if len(names) != 1 or _SEVERAL & command.given.flags or set(names[0]) & _PATTERN:
        return None
    if "..." in names[0]:
        return None  # with what it depends on
    if names[0].startswith("."):
        return posixpath.normpath(posixpath.join(root, names[0]))
    for path in islice(machine.files.below(root), _MOST_FILES):
        if path.endswith("/package.json") and "/node_modules/" not in path:
            origin = read(machine, path)
            package = parsed(origin.text) if origin else None
            if package is not None and package.name == names[0]:
                return posixpath.dirname(path)
    return None


def _asked(command: Command) -> tuple[str, tuple[str, ...]] | None:
    """The script or program that is asked for, and its arguments."""
    tool, verb, rest = command.tool, command.verb, command.rest
    if verb in _RUN:
        at = first_operand(tool, rest)
        name, rest = "".join(rest[at : at + 1]), rest[at + 1 :]
    elif tool == "npm":
        name = _SHORT.get(verb, "")
    else:
        name = "" if command.is_own else {"t": "test", "tst": "test"}.get(verb, verb)
    return (name, _arguments(tool, rest)) if name else None


def _arguments(tool: str, rest: tuple[str, ...]) -> tuple[str, ...]:
    """What goes on to the script; npm keeps the options before ``--`` for itself."""
    if "--" not in rest:
        return tuple(word for word in rest if tool != "npm" or not word.startswith("-"))
    at = rest.index("--")
    return (*(word for word in rest[:at] if not word.startswith("-")), *rest[at + 1 :])


class Project:
    """A package's folder, and the shell that its scripts run in."""

    def __init__(self, machine: Machine, folder: str, shell: Shell, tool: str) -> None:
        self.machine, self.folder, self.tool = machine, folder, tool
        self.origin = read(machine, posixpath.join(folder, "package.json"))
        self.package = parsed(self.origin.text) if self.origin else None
        path = path_of_scripts(folder, shell.variables.get("PATH", ""))
        variables = {**shell.variables, "PATH": path}
        self.shell = replace(shell, cwd=folder, variables=variables, errexit=False, arguments=())

    @property
    def berry(self) -> bool:
        path = posixpath.join(self.folder, ".yarnrc.yml")
        configured = self.machine.files.lookup(path).present
        return self.tool == "yarn" and is_berry(self.package, configured=configured)

    def run(self, name: str, arguments: tuple[str, ...]) -> tuple[Inner, ...] | None:
        """The script with the ones before and after it, or else the program of that name."""
        if self.package is None or self.origin is None:
            return None
        if name in self.package.scripts:
            known = all(len(text) < _LONGEST for _, text in self.package.run(name))
            return tuple(self._scripts(self.origin, name, arguments)) if known else None
        if self.tool == "npm":
            return self._server() if name == "start" else ()
        if self.tool == "bun" and posixpath.splitext(name)[1] in _SOURCES:
            return ()  # bun runs it itself
        return (given(quoted((name, *arguments)), self.shell),)

    def _server(self) -> tuple[Inner, ...]:
        """``npm start`` without such a script."""
        found = self.machine.files.lookup(posixpath.join(self.folder, "server.js"))
        return (given("node server.js", self.shell),) if found.present else ()

    def _scripts(self, origin: Origin, name: str, arguments: tuple[str, ...]) -> Iterator[Inner]:
        package = self.package or Package()
        for one, text in package.run(name):
            own = one == name
            if own or not self.berry:
                more = f" {quoted(arguments)}" if own and arguments else ""
                script = self.script(origin, one, text + more)
                yield replace(script, certain=own or self.tool != "pnpm", stays=own)

    def script(self, origin: Origin, name: str, text: str) -> Inner:
        """One script, and the line of ``package.json`` that it stands on."""
        line = origin.line - 1 + _script_line(origin.text, name)
        place = Place(origin.file, line)
        return Inner(Script(Text(text), origin.file), self.shell, place)


def _on_install(machine: Machine, command: Command, shell: Shell) -> tuple[Inner, ...]:
    """The package's own scripts that an install runs after the packages are there."""
    project = Project(machine, command.folder or "/", shell, command.tool)
    if project.package is None or project.origin is None or command.added:
        return ()
    if ignores_scripts(command, shell.variables):
        return ()
    left_out: frozenset[str] = frozenset()
    if command.tool == "yarn" and (
        project.berry or without_development(command, shell.variables, berry=False)
    ):
        left_out = _AFTER_PACKAGES
    return tuple(
        project.script(project.origin, name, text)
        for name, text in project.package.on_install()
        if name not in left_out and len(text) < _LONGEST
    )


def _of_node(machine: Machine, executed: Executed) -> tuple[Inner, ...] | None:
    """``node --run NAME``; None for any other use of node."""
    argv = executed.words
    if "--run" not in argv[1:-1] or executed.shell.cwd is None:
        return None
    name = argv[argv.index("--run") + 1]
    project = Project(machine, executed.shell.cwd, executed.shell, "node")
    if project.package is None or project.origin is None:
        return None
    text = project.package.scripts.get(name, "")
    if len(text) >= _LONGEST:
        return None
    return (project.script(project.origin, name, text),) if text else ()


FOLLOWED: Mapping[str, Callable[[Machine, Executed], tuple[Inner, ...] | None]] = {
    "npm": followed, "yarn": followed, "pnpm": followed, "bun": followed, "node": _of_node,
}  # fmt: skip
