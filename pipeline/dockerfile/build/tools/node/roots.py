"""Below which folder a TypeScript project's sources lie, where its settings do not say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.node.packages import package_at
from pipeline.dockerfile.build.type_checks import Check, sources
from pipeline.dockerfile.projects.typescript import tsconfig

_RELATIVE = re.compile(r"""(?:\bfrom|\bimport|\brequire|\bpath=)[\s(]{0,5}["'](\.{1,2}/[^"'\n]+)""")
_ABOVE = re.compile(r'"\.\./|\$\{')
_MOST, _MOST_LOOKS = 500, 20_000
_DEPTH = 5
_ENDINGS = ("", ".ts", ".tsx", "/index.ts")


def root_of(machine: Machine, config: str) -> str | None:
    """The folder of ``tsconfig.json`` where sources are certainly in several parts of it.

    Else it depends on the compiler's release and on what it finds: None.
    """
    folder = posixpath.dirname(config)
    if _reaches_out(machine, config) or _is_member(machine, folder):
        return None
    found = list(islice(sources(machine, Check("tsc", folder, config)), _MOST))
    machine.looked_at += 20 + len(found)
    if len(found) == _MOST or machine.looked_at > _MOST_LOOKS:
        return None
    there = [path for path in found if machine.files.lookup(path).present]
    parts = {_part(folder, path) for path in there}
    imported = {one for path in there for one in _imported(machine, path)}
    if not all(one.startswith(f"{folder.rstrip('/')}/") for one in imported):
        return None
    elsewhere = [one for one in sorted(imported) if _part(folder, one) not in parts]
    parts |= {_part(folder, one) for one in elsewhere[:_MOST] if machine.files.lookup(one).present}
    return folder if len(parts) > 1 or "" in parts else None


def _part(folder: str, path: str) -> str:
    """The folder directly below the project's that holds the path; empty for its own files."""
    first, slash, _ = path[len(folder.rstrip("/")) + 1 :].partition("/")
    return first if slash else ""


def _imported(machine: Machine, path: str) -> Iterator[str]:
    """The sources that a relative import may name; its JSON too, which counts as one."""
    origin = read(machine, path)
    for one in _RELATIVE.findall(origin.text) if origin else ():
        named = posixpath.normpath(posixpath.join(posixpath.dirname(path), one))
        stem, ending = posixpath.splitext(named)
        if ending == ".json":
            yield named
        else:
            base = stem if ending in {".js", ".jsx"} else named
            yield from (base + end for end in _ENDINGS if end or ending in {".ts", ".tsx"})


def _reaches_out(machine: Machine, config: str) -> bool:
    """Whether settings name what is above the project's folder, or cannot be read."""
    for _ in range(_DEPTH):
        origin = read(machine, config)
        said = tsconfig(origin.text) if origin else None
        if origin is None or said is None:
            return True
        above = sum(one.startswith("../") for one in said.extends)
        if len(_ABOVE.findall(origin.text)) > above or len(said.extends) > 1:
            return True
        if not said.extends:
            return False
        if not said.extends[0].startswith("."):
            return bool(said.extends[0].startswith("/"))
        ending = "" if said.extends[0].endswith(".json") else ".json"
        config = posixpath.normpath(
            posixpath.join(posixpath.dirname(config), said.extends[0] + ending)
        )
    return True


def _is_member(machine: Machine, folder: str) -> bool:
    """Whether other packages of a monorepo may be compiled along with it."""
    own = package_at(machine, folder)
    if own is not None and any(":" in one for one in own.all_dependencies.values()):
        return True
    return any(
        not machine.files.lookup(posixpath.join(one, name)).absent
        for one in ancestors(posixpath.dirname(folder))
        for name in ("package.json", "pnpm-workspace.yaml")
        if one != folder
    )
