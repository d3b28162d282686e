"""Installs that compile: what they compile, and which compilers a stage lacks then."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeline.dockerfile.build.build import Stage, read
from pipeline.dockerfile.build.images.programs import named
from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.packages import is_familiar
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.locks import of_module
from pipeline.dockerfile.build.tools.node.commands import MANAGERS, command_of, ignores_scripts
from pipeline.dockerfile.build.tools.node.packages import package_at
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.build.tools.python.installing import marker, project_at, project_in
from pipeline.dockerfile.build.tools.python.pip import TAKING_VALUE
from pipeline.dockerfile.build.values import Installed, Step
from pipeline.dockerfile.projects.distributions import brings
from pipeline.dockerfile.projects.native import ADDONS, compiles
from pipeline.dockerfile.projects.requirements import normalise
from pipeline.dockerfile.projects.wheels import is_native, needs_compiler

_URL = re.compile(r"https?://([\w.-]+)(\S*)", re.ASCII)
_OTHER_SOURCES = re.compile(
    r"^[ \t]*(?:--find-links|-f[ \t]|--(?:extra-)?index-url|-i[ \t]|--no-index|find-links"
    r"|\[\[?tool\.(?:uv\.index|poetry\.source|pdm\.source))",
    re.MULTILINE,
)
_SETTINGS = named(
    "PIP_FIND_LINKS PIP_NO_INDEX PIP_ONLY_BINARY PIP_INDEX_URL PIP_EXTRA_INDEX_URL "
    "UV_FIND_LINKS UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_NO_BUILD "
    "UV_NO_INDEX"
)
_INDEXES = ("-i", "--index-url", "--extra-index-url", "--index", "--default-index")
_WHEELS = ("--find-links", "-f", "--no-index", "--only-binary", "--no-build", "--dry-run")
_NAMED_OTHERWISE = {
    "mysqlclient": "mysql", "pygobject": "gi", "pycairo": "cairo", "dbus-python": "dbus",
    "python-ldap": "ldap", "pyicu": "icu", "psycopg-c": "psycopg",
}  # fmt: skip
_NEED_PG_CONFIG = frozenset({"psycopg2", "psycopg-c"})
_INSTALLERS = ("pip", "python", "uv", "poetry", "pdm")
_EXPORTERS = frozenset({"poetry", "uv", "pipenv", "pdm"})
_GYP = frozenset({"rebuild", "build", "configure", "install"})


@dataclass(frozen=True)
class Compiled:
    """What one step compiles, and the programs that it needs and certainly does not find."""

    step: Step
    names: tuple[str, ...]
    lacks: tuple[str, ...]
    certain: bool = True
    node: bool = False


def compiled(stage: Stage) -> Iterator[Compiled]:
    """The steps of a stage that compile something, and cannot."""
    by_step: dict[int, list[Installed]] = {}
    for one in stage.machine.installed:
        if one.stage == stage.index and one.manager in {"pip", "wheel", "npm"}:
            by_step.setdefault(one.step, []).append(one)
    for step in stage.commands():
        if step.executed is None:
            continue
        call = Call(stage.machine, step, step.executed)
        found = by_step.get(step.number, [])
        if step.executed.name in MANAGERS or step.executed.name == "node-gyp":
            made = _of_node(call, found)
        else:
            made = _of_python(call, [one for one in found if one.manager != "npm"])
        if made is not None and made.lacks:
            yield made


def _of_python(call: Call, packages: list[Installed]) -> Compiled | None:
    if not call.executed.name.startswith(_INSTALLERS):
        return None
    given = options(_words(call), TAKING_VALUE)
    wanted = [*packages, *_exported(call, given)]
    asked = (name for word in given.all("--no-binary") for name in word.split(","))
    refused = frozenset(map(normalise, asked))
    found = (name for one in wanted for name in _needing(call, one, refused))
    names = tuple(dict.fromkeys(found))
    if not names or _has_other_sources(call, given):
        return None
    lacks = _lacking(call, ("gcc", "cc"))
    if len(lacks) == 2:
        return Compiled(call.step, names, ("C compiler",))
    wants = tuple(name for name in names if name in _NEED_PG_CONFIG)
    if wants and _lacks_pg_config(call):
        return Compiled(call.step, wants, ("pg_config",))
    return None


def _exported(call: Call, given: Options) -> Iterator[Installed]:
    """What a list asks for that a manager has just written from the project's own files."""
    step = call.step
    for name in given.all("-r", "--requirement"):
        path = call.path(name)
        entry = call.machine.files.lookup(path, step.number).entry if path else None
        if entry is None or entry.maker not in _EXPORTERS:
            continue
        project = project_at(call, call.cwd or posixpath.dirname(entry.path))
        for one in project.dependencies if project else ():
            if one.name and one.kind == "package":
                yield Installed("pip", one.name, "", step.place, step.stage, step.number)


def _words(call: Call) -> tuple[str, ...]:
    """The words after ``pip``, ``python -m pip`` or ``uv pip``."""
    call = of_module(call)
    words = call.words
    return words[1:] if call.executed.name == "uv" and words[:1] == ("pip",) else words


def _needing(call: Call, one: Installed, refused: frozenset[str]) -> Iterator[str]:
    """The distributions that a package stands for and that compile, unless they are there."""
    base = call.machine.base
    python = base.python if base.python_prefix == "/usr/local" and one.tool != "uv" else None
    own = needs_compiler(one.name, one.version or None, python, base.libc or None)
    own = own or _is_extension(call, one)
    by_order = bool({one.name, ":all:"} & refused) and is_native(one.name)
    for name in (*((one.name,) if own or by_order else ()), *_brought(one.name)):
        there = call.machine.files.lookup(marker(one.where, name), call.step.number)
        if not there.present and not _is_packaged(call, name):
            yield name


def _is_extension(call: Call, one: Installed) -> bool:
    """Whether it is a project of the sources that has parts in C."""
    project = project_in(call.machine, one.source, call.step.number) if one.source else None
    return project is not None and project.compiles


@lru_cache(maxsize=4_096)
def _brought(name: str) -> tuple[str, ...]:
    """What comes along and compiles in any image."""
    return tuple(one for one in sorted(brings(name)) if needs_compiler(one))


def _is_packaged(call: Call, name: str) -> bool:
    """Whether the distribution's own package of it is there."""
    wanted = (_NAMED_OTHERWISE.get(name, name), name)
    return any(
        package.startswith(("python3-", "py3-")) and any(one in package for one in wanted)
        for package in _system_packages(call.machine, call.step.number)
    )


def _system_packages(machine: Machine, at: int) -> list[str]:
    return [one.name for one in machine.installed if not one.where and one.there(at)]


def _has_other_sources(call: Call, given: Options) -> bool:
    """Whether wheels may come from elsewhere than the index that everybody uses."""
    if given.has(*_WHEELS) or any(call.variable(name) != "" for name in _SETTINGS):
        return True
    if any("*" in word or word.endswith((".whl", "/")) for word in given.operands):
        return True
    if not all(_is_mirror(url) for url in given.all(*_INDEXES)):
        return True
    folder = call.cwd or "/"
    files = [*given.all("-r", "--requirement"), "pyproject.toml"]
    texts = (read(call.machine, posixpath.join(folder, name)) for name in files)
    return any(origin is not None and _OTHER_SOURCES.search(origin.text) for origin in texts)


def _is_mirror(url: str) -> bool:
    found = _URL.match(url)
    if found is None:
        return False
    return found[1].startswith("pypi.") or found[2].startswith("/pypi/simple")


def _lacks_pg_config(call: Call) -> bool:
    base = call.machine.base
    packages = _system_packages(call.machine, call.step.number)
    if not base.known or base.partial or "pg_config" in base.programs:
        return False
    found = which(call.machine, "pg_config", _path(call), call.step.number)
    if found.present or found.entry is not None:
        return False
    return all(is_familiar(one) and "pq" not in one and "postgres" not in one for one in packages)


def _path(call: Call) -> tuple[str, ...] | None:
    path = call.variable("PATH")
    return tuple(one for one in path.split(":") if "node_modules" not in one) if path else None


def _lacking(call: Call, programs: Iterable[str]) -> tuple[str, ...]:
    """Those of the programs that are certainly not there, before the step."""
    path = _path(call)
    if path is None or call.variable("CC") != "":
        return ()
    machine, at = call.machine, call.step.number
    if any(one.startswith("clang") for one in _system_packages(machine, at)):
        return ()
    return tuple(one for one in programs if which(machine, one, path, at).unbrought)


def _of_node(call: Call, packages: list[Installed]) -> Compiled | None:
    names, certain = _addons(call, packages)
    lacks = _lacking(call, ("make", "g++")) if names else ()
    return Compiled(call.step, names, lacks, certain, node=True) if names else None


def _addons(call: Call, packages: list[Installed]) -> tuple[tuple[str, ...], bool]:
    """What node-gyp is to build, and whether that is certain."""
    if call.executed.name == "node-gyp":
        return ("node-gyp",) if _GYP & set(call.words[:1]) else (), True
    command = command_of(call.executed)
    folder = command.folder
    if not command.installs or folder is None or command.tool in {"pnpm", "bun"}:
        return (), False
    if ignores_scripts(command, call.executed.shell.variables):
        return (), False
    if not command.added and _has_addon(call, folder):
        return ("node-gyp",), True
    base = call.machine.base
    from_source = _is_from_source(call)
    names = tuple(
        one.name
        for one in packages
        if compiles(one.name, one.version, base.node, base.libc)
        or (from_source and one.name in ADDONS)
    )
    return names, False


def _has_addon(call: Call, folder: str) -> bool:
    """npm runs node-gyp for a package that has a ``binding.gyp`` and says nothing else."""
    found = call.machine.files.lookup(f"{folder}/binding.gyp", call.step.number)
    package = package_at(call.machine, folder) if found.present else None
    return package is not None and not {"install", "preinstall"} & package.scripts.keys()


def _is_from_source(call: Call) -> bool:
    told = call.variable("npm_config_build_from_source") or ""
    return told == "true" or any(word.startswith("--build-from-source") for word in call.words)
