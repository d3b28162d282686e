"""The packages of a monorepo, and what an install in its root leaves in each of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.commands import Command
from pipeline.dockerfile.build.tools.node.packages import install_package, package_at
from pipeline.dockerfile.build.tools.node.pnpm import hoists, leaves_scripts_out
from pipeline.dockerfile.build.tools.node.schemas import schemas_of
from pipeline.dockerfile.build.tools.paths import children
from pipeline.dockerfile.projects.node import Package

_PACKAGE = re.compile(r"^\s*-\s*['\"]?([^'\"\s#]+)", re.MULTILINE)
_CLIENT = "@prisma/client"
_MOST_PATTERNS = 20
_MOST_MEMBERS = 200


def install_members(
    call: Call, command: Command, folder: str, package: Package | None, *, lean: bool | None
) -> None:
    """Each member gets a node_modules of its own; pnpm puts there what the member asks for."""
    patterns = _patterns(call, folder, package)
    members = list(dict.fromkeys(_members(call, folder, patterns)))
    told = len(members) < _MOST_MEMBERS and not any("**" in one for one in patterns)
    own = told and command.tool == "pnpm" and not command.in_workspaces
    own = own and not hoists(call, folder)
    for one in members:
        if own:
            _install(call, one, lean=lean)
        call.machine.files.blur(f"{one}/node_modules")
    if own and members and call.executed.certain:
        _leave_stub(call, folder, members)


def _patterns(call: Call, folder: str, package: Package | None) -> list[str]:
    patterns = list(package.workspaces) if package else []
    listed = read(call.machine, f"{folder}/pnpm-workspace.yaml")
    if listed is not None:
        patterns += _PACKAGE.findall(listed.text)
    return patterns[:_MOST_PATTERNS]


def _members(call: Call, folder: str, patterns: list[str]) -> Iterator[str]:
    for pattern in patterns:
        start, star, _ = pattern.partition("*")
        path = posixpath.normpath(posixpath.join(folder, start))
        yield from children(call, path) if star else (path,)


def _install(call: Call, member: str, *, lean: bool | None) -> None:
    package = package_at(call.machine, member)
    if package is None:
        return
    modules = f"{member}/node_modules"
    call.make(modules, "npm", directory=True)
    wanted = {**({} if lean is not False else package.dev), **package.dependencies}
    for name, version in wanted.items():
        install_package(call, name, modules, f"{modules}/.bin", version)


def _leave_stub(call: Call, folder: str, members: list[str]) -> None:
    """Where one member alone has prisma's client and nothing generates it, it is not there.

    Members with the same release share one client, whoever generates it.
    """
    packages = {one: package_at(call.machine, one) for one in (folder, *members)}
    asking = [one for one, package in packages.items()
              if package is not None and _CLIENT in package.all_dependencies]  # fmt: skip
    if len(asking) != 1 or asking == [folder]:
        return
    schemas = [schemas_of(call.machine, one) for one in (folder, *asking)]
    nothing = all(one.known and not one.found for one in schemas)
    if nothing or leaves_scripts_out(call, folder, _CLIENT):
        for one in (folder, *asking):
            call.machine.files.remove(f"{one}/node_modules/.prisma")
