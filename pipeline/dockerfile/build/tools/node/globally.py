"""Packages for the whole machine: where npm, yarn, pnpm and bun put them, and corepack."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.commands import Command
from pipeline.dockerfile.build.tools.node.packages import install_package, named, programs_of
from pipeline.dockerfile.build.tools.node.pnpm import remember
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.shell.executed import Value

_MOST_FOLDERS = 32
_SHIMS = {"yarn": ("yarn", "yarnpkg"), "pnpm": ("pnpm", "pnpx"), "npm": ("npm", "npx")}


@dataclass(frozen=True)
class _Prefix:
    modules: str
    programs: str


def install_globally(call: Call, command: Command) -> None:
    """``npm install -g``, ``yarn global add``, ``pnpm add -g``, ``bun add -g``."""
    words = command.operands[1:] if command.verb == "global" else command.operands
    where = _prefix(call, command)
    if where is None:
        _somewhere(call)
        return
    for word in words:
        package = named(word)
        if package is None:
            call.machine.files.blur(where.programs)
            continue
        name, version = package
        install_package(call, name, where.modules, where.programs, version)
        if not programs_of(name):
            call.machine.files.blur(where.programs)


def remove_globally(call: Call, command: Command) -> None:
    where = _prefix(call, command)
    if where is None or not call.executed.certain:
        return
    for word in command.operands:
        call.machine.files.remove(f"{where.modules}/{word}")
        for program in programs_of(word):
            call.machine.files.remove(f"{where.programs}/{program}")


def _somewhere(call: Call) -> None:
    """It may have landed in any folder of PATH."""
    for folder in islice((call.variable("PATH") or "").split(":"), _MOST_FOLDERS):
        if folder.startswith("/"):
            call.machine.files.blur(folder)


def _prefix(call: Call, command: Command) -> _Prefix | None:
    home = call.variable("HOME")
    if command.tool == "pnpm":
        own = call.variable("PNPM_HOME")
        return _Prefix(f"{own}/global/node_modules", own) if own else None
    if command.tool == "bun":
        root = call.variable("BUN_INSTALL") or (f"{home}/.bun" if home else None)
        programs = call.variable("BUN_INSTALL_BIN") or (f"{root}/bin" if root else None)
        return _Prefix(f"{root}/install/global/node_modules", programs) if programs else None
    if command.tool == "yarn" and not call.machine.is_root:
        return None
    prefix = _npm_prefix(call, command)
    return _Prefix(f"{prefix}/lib/node_modules", f"{prefix}/bin") if prefix else None


def _npm_prefix(call: Call, command: Command) -> Value:
    for name in ("npm_config_prefix", "NPM_CONFIG_PREFIX"):
        told = call.variable(name)
        if told != "":
            return told and _at_home(call, told)
    told = command.given.last("--prefix") or call.machine.settings.get("npm prefix")
    return _at_home(call, told) if told else _own_prefix(call)


def _own_prefix(call: Call) -> Value:
    """Where npm installs if it is told nothing: beside node, but as the distribution set it."""
    machine = call.machine
    if machine.base.node is not None or machine.has_package("apk", "npm", "nodejs"):
        return "/usr/local"
    if machine.has_package("apt", "npm"):
        return "/usr/local"
    folder = _folder_of_node(call)
    return posixpath.dirname(folder) if folder else None


def _folder_of_node(call: Call) -> Value:
    """Beside which node they go, links followed."""
    for folder in islice((call.variable("PATH") or "").split(":"), _MOST_FOLDERS):
        found = call.machine.files.lookup(f"{folder}/node")
        if found.entry is not None:
            return posixpath.dirname(found.entry.link or found.entry.path)
        if found.present:
            return "/usr/bin"  # a package of the distribution's kind brought it
        if not found.absent:
            return None
    return None


def _at_home(call: Call, path: str) -> Value:
    if path.startswith("~/"):
        home = call.variable("HOME")
        return f"{home}/{path[2:]}" if home else None
    return call.path(path)


def configure(call: Call, words: tuple[str, ...]) -> None:
    """``npm config set prefix DIR``; ``words`` come after ``set``."""
    parts = [part for word in words for part in word.split("=", 1)]
    if "prefix" in parts[:-1]:
        path = _at_home(call, parts[parts.index("prefix") + 1])
        call.machine.settings["npm prefix"] = path or ""


def corepack(call: Call) -> None:
    """``corepack enable`` puts yarn and pnpm beside node; they are fetched when first run."""
    given = options(call.words, frozenset({"--install-directory"}))
    if given.operands[:1] in {("prepare",), ("use",), ("install",)}:
        for word in given.operands[1:]:
            remember(call, word)
    if given.operands[:1] != ("enable",):
        return
    told = given.last("--install-directory")
    folder = call.path(told) if told else _folder_of_corepack(call)
    if folder is None:
        _somewhere(call)
        return
    for name in given.operands[1:] or ("yarn", "pnpm"):
        for shim in _SHIMS.get(name, ()):
            call.make(f"{folder}/{shim}", "corepack", mode=0o755)


def _folder_of_corepack(call: Call) -> Value:
    return "/usr/local/bin" if call.machine.base.node is not None else _folder_of_node(call)


TOOLS: Mapping[str, Callable[[Call], None]] = {"corepack": corepack}
