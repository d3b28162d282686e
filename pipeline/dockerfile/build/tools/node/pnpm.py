"""What pnpm's settings say: which packages' scripts an install runs, and where packages go."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.packages import package_at
from pipeline.dockerfile.projects.tables import json_table, table

_FIRST_WITHOUT_SCRIPTS = 10
_MOST_FOLDERS = 16
_MAJOR = re.compile(r"[\^~>=v\s]*(?:latest-)?(\d{1,4})(?:\.|\Z|-|\+)")
_ALLOWS_OTHERWISE = re.compile(
    r"never[-_]?built|built[-_]?dependencies[-_]?file|allow[-_]?(?:all[-_]?)?builds?", re.IGNORECASE
)
_ALLOWS = re.compile(rf"only[-_]?built|{_ALLOWS_OTHERWISE.pattern}", re.IGNORECASE)
_HOISTED = re.compile(r"hoist|node[-_]?linker", re.IGNORECASE)


def remember(call: Call, word: str) -> None:
    """``corepack prepare pnpm@10.1.0``."""
    name, _, version = word.partition("@")
    if name == "pnpm":
        call.machine.settings["pnpm version"] = version


def leaves_scripts_out(call: Call, folder: str, package: str) -> bool:
    """Whether this pnpm certainly does not run the scripts that a package brings.

    From 10 on it runs those alone that a setting names. ``folder`` is that of the lock file.
    """
    versions = set(_versions(call, folder))
    if not versions or not all(_is_new(one) for one in versions):
        return False
    told = [one for one in _settings(call, folder) if _ALLOWS.search(one)]
    return not any(package in one or _ALLOWS_OTHERWISE.search(one) for one in told)


def hoists(call: Call, folder: str) -> bool:
    """Whether packages may be in folders that did not ask for them."""
    return any(_HOISTED.search(one) for one in _settings(call, folder))


def _versions(call: Call, folder: str) -> Iterator[str]:
    """All that is said of pnpm's version."""
    package = package_at(call.machine, folder)
    if package is not None and package.package_manager.startswith("pnpm@"):
        yield package.package_manager.removeprefix("pnpm@")
    if "pnpm version" in call.machine.settings:
        yield call.machine.settings["pnpm version"]
    for one in call.machine.installed:
        if one.manager == "npm" and one.name == "pnpm" and one.there():
            yield one.version


def _is_new(version: str) -> bool:
    found = _MAJOR.match(version)
    return version == "latest" or (found is not None and int(found[1]) >= _FIRST_WITHOUT_SCRIPTS)


def _settings(call: Call, folder: str) -> Iterator[str]:
    """The texts that may hold a setting of pnpm."""
    folders = [*islice(ancestors(folder), _MOST_FOLDERS), call.variable("HOME") or "/root"]
    for above in folders:
        origin = read(call.machine, posixpath.join(above, "package.json"))
        yield json.dumps(table(json_table(origin.text) if origin else None, "pnpm"))
        for name in ("pnpm-workspace.yaml", ".npmrc"):
            path = posixpath.join(above, name)
            found = read(call.machine, path)
            if found is not None:
                yield found.text
            elif call.machine.files.lookup(path).present:
                yield "hoist, allow-builds"  # it may say anything
    yield " ".join(call.words)
    yield " ".join(name for name in call.executed.shell.variables if len(name) < 64)
    yield " ".join(call.machine.settings)
