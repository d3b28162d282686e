"""npm, yarn, pnpm and bun: what their installs leave behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.locks import note_lock
from pipeline.dockerfile.build.tools.node.commands import (
    MANAGERS,
    Command,
    command_of,
    is_berry,
    without_development,
)
from pipeline.dockerfile.build.tools.node.globally import (
    configure,
    install_globally,
    remove_globally,
)
from pipeline.dockerfile.build.tools.node.packages import (
    install_package,
    named,
    only_for_development,
    package_at,
    programs_of,
    words,
)
from pipeline.dockerfile.build.tools.node.prisma import generated_on_install
from pipeline.dockerfile.build.tools.node.scripts import followed
from pipeline.dockerfile.build.tools.node.workspaces import install_members
from pipeline.dockerfile.build.tools.unknown import unknown_program
from pipeline.dockerfile.projects.node import Package

_REMOVES = frozenset({"uninstall", "remove", "rm", "un", "unlink", "r"})
_WRITES = words("pack plugin patch patch-commit create init import link exec x dlx")
_HOISTED = re.compile(r"hoist|node-linker", re.IGNORECASE)


def manager(call: Call) -> None:
    """One of the four, told from the program's name."""
    note_lock(call)
    command = command_of(call.executed)
    if command.folder is None:
        unknown_program(call)
    elif command.is_global:
        (remove_globally if command.verb in _REMOVES else install_globally)(call, command)
    elif command.installs:
        _install(call, command, command.folder)
    elif command.is_own and command.verb in _VERBS:
        _VERBS[command.verb](call, command, command.folder)
    elif command.verb in _WRITES or followed(call.machine, call.executed) is None:
        call.machine.files.blur(command.folder)


def _install(call: Call, command: Command, folder: str) -> None:
    files = call.machine.files
    package = package_at(call.machine, folder)
    configured = files.lookup(f"{folder}/.yarnrc.yml").present
    berry = command.tool == "yarn" and is_berry(package, configured=configured)
    if berry and not _has_modules(call, folder):
        files.blur(folder)
        return
    modules = f"{folder}/node_modules"
    client = files.lookup(f"{modules}/.prisma/client").present
    if command.verb in {"ci", "clean-install", "install-clean", "ic"} and call.executed.certain:
        files.remove(modules)
        client = False
    call.make(modules, "npm", directory=True)
    lean = without_development(command, call.executed.shell.variables, berry=berry)
    wanted = _wanted(package, lean=lean) | _added(command)
    for name, version in wanted.items():
        install_package(call, name, modules, f"{modules}/.bin", version)
    files.blur(modules)
    if lean and package is not None and call.executed.certain:
        _leave_out(call, command, folder, package)
    install_members(call, command, folder, package, lean=lean)
    if package is not None and not package.workspaces and not client:
        complete = lean is not None
        generated_on_install(call, command, folder, wanted, complete=complete)


def _has_modules(call: Call, folder: str) -> bool:
    """Whether yarn 2 or newer is told to make node_modules."""
    origin = read(call.machine, f"{folder}/.yarnrc.yml")
    return origin is not None and bool(re.search(r"nodeLinker:\s*[\"']?node-modules", origin.text))


def _wanted(package: Package | None, *, lean: bool | None) -> dict[str, str]:
    """The packages that are certainly installed, with the versions asked for."""
    if package is None:
        return {}
    return {**({} if lean is not False else package.dev), **package.dependencies}


def _added(command: Command) -> dict[str, str]:
    return dict(one for word in command.added if (one := named(word)) is not None)


def _leave_out(call: Call, command: Command, folder: str, package: Package) -> None:
    """Packages for development that nothing else needs are certainly not there."""
    names = package.dev.keys() - package.dependencies.keys() - package.optional.keys()
    if command.tool == "pnpm":
        rules = read(call.machine, f"{folder}/.npmrc")
        hoisted = rules is not None and _HOISTED.search(rules.text)
        names = {one for one in names if not (hoisted or "lint" in one or "prettier" in one)}
    elif command.tool == "npm":
        names &= only_for_development(call.machine, folder)
    else:
        return
    _remove(call, names, f"{folder}/node_modules")


def _remove(call: Call, names: Iterable[str], modules: str) -> None:
    for name in sorted(names) if call.executed.certain else ():
        call.machine.files.remove(f"{modules}/{name}")
        for program in programs_of(name):
            call.machine.files.remove(f"{modules}/.bin/{program}")


def _prune(call: Call, command: Command, folder: str) -> None:
    """``npm prune --omit=dev``: what only development needs goes; the rest may stay."""
    package = package_at(call.machine, folder)
    lean = without_development(command, call.executed.shell.variables, berry=False)
    if lean is False or package is None:
        return
    modules = f"{folder}/node_modules"
    _remove(call, package.dev.keys() - package.dependencies.keys(), modules)
    call.machine.files.blur(modules)
    if lean and call.executed.certain:
        _leave_out(call, command, folder, package)


def _uninstall(call: Call, command: Command, folder: str) -> None:
    _remove(call, command.operands, f"{folder}/node_modules")


def _configure(call: Call, command: Command, _folder: str) -> None:
    if command.tool == "pnpm":
        call.machine.settings[" ".join(("pnpm", *command.operands[1:3]))] = ""
    configure(call, command.operands)


def _fetch(call: Call, _command: Command, folder: str) -> None:
    call.machine.files.blur(f"{folder}/node_modules")


def _deploy(call: Call, command: Command, _folder: str) -> None:
    """``pnpm --filter NAME deploy DIR``: a package with all that it needs, in a folder."""
    path = call.path(command.operands[-1]) if command.operands else None
    if path is None:
        unknown_program(call)
        return
    call.make(path, "npm", directory=True)
    call.machine.files.blur(path)


def _bundle(call: Call, command: Command, _folder: str) -> None:
    """``bun build``."""
    sources = [path for word in command.operands if (path := call.path(word))]
    for word in command.given.all("--outfile"):
        if path := call.path(word):
            source = sources[0] if len(sources) == 1 else ""
            call.make(path, "bun", mode=0o755, details=source)
    for word in command.given.all("--outdir"):
        if path := call.path(word):
            call.make(path, "bun", directory=True)
            call.machine.files.blur(path)


_VERBS: Mapping[str, Callable[[Call, Command, str], None]] = {
    **dict.fromkeys(_REMOVES, _uninstall),
    "prune": _prune, "config": _configure, "set": _configure, "fetch": _fetch,
    "deploy": _deploy, "build": _bundle, "rebuild": _fetch, "rb": _fetch,
}  # fmt: skip
TOOLS: Mapping[str, Callable[[Call], None]] = dict.fromkeys(MANAGERS, manager)
