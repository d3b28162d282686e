"""Where installers put programs, followed through copies from stage to stage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.machine import which
from pipeline.dockerfile.build.values import Copied, Installed, Launch

_MOST_ROUNDS = 4
_MOST_FOLDERS = 200


def folder_of_programs(one: Installed) -> str:
    """The folder that the programs of an installed package go to; empty for the system's."""
    where = one.where
    if one.manager == "npm":
        above = posixpath.dirname(where)
        is_global = posixpath.basename(above) == "lib"
        return f"{posixpath.dirname(above)}/bin" if is_global else f"{where}/.bin"
    if one.manager != "pip":
        return where if one.manager == "binary" else ""
    if where.endswith("/dist-packages"):
        return "/usr/local/bin"
    if where.endswith("/site-packages"):
        return where.removesuffix("/site-packages").rpartition("/lib/")[0] + "/bin"
    return where if where.endswith("/bin") else f"{where}/bin"


def program_folders(build: Build) -> tuple[str, ...]:
    """The folders that installers put programs into, and where copies of them are."""
    found = dict.fromkeys(
        folder
        for stage in build.used
        for one in stage.machine.installed
        if (folder := folder_of_programs(one))
    )
    copies = [one for one in copied(build) if one.stage is not None and one.target]
    for _ in range(_MOST_ROUNDS):
        moved = {
            path
            for folder in found
            for one in copies
            if (path := moved_to(one, folder)) and path not in found
        }
        if not moved or len(found) > _MOST_FOLDERS:
            break
        found |= dict.fromkeys(sorted(moved))
    return tuple(found)


def copied(build: Build) -> Iterator[Copied]:
    """Everything that COPY and ADD bring into the stages of the image."""
    return (one for stage in build.used for step in stage.steps for one in step.copied)


def moved_to(one: Copied, path: str) -> str:
    """Where a copy has what stands at ``path`` in its source; empty where it has it not."""
    source = "/" + one.source.strip("/")
    if path == source:
        return one.target
    if path.startswith(source.rstrip("/") + "/"):
        return posixpath.join(one.target, path[len(source.rstrip("/")) + 1 :])
    return ""


def script_is_missing(build: Build, launch: Launch) -> bool:
    """Whether a program that only an install makes is on no folder of PATH."""
    executed = launch.executed
    name = executed.argv[0].value if executed.argv else None
    path = executed.shell.variables.get("PATH")
    if not name or not path:
        return False
    if "/" in name and executed.shell.cwd is None:
        return False
    machine = build.final.machine
    where = posixpath.join(executed.shell.cwd or "/", name) if "/" in name else name
    return which(machine, where, tuple(path.split(":"))).unlikely
