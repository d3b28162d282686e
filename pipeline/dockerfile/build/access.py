"""Whether the user of the image may write in a folder of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Entry, ancestors
from pipeline.dockerfile.build.machine import Machine

_OPEN = frozenset({"/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev", "/proc"})  # noqa: S108 - names
_NGINX = "/var/cache/nginx"
_OF_ROOT = frozenset(
    {"/", "/etc", "/usr", "/opt", "/srv", "/home", "/mnt", "/media", "/var", "/var/log", "/bin"}
    | {
        _NGINX,
        "/var/lib",
        "/var/cache",
        "/run",
        "/var/run",
        "/usr/local",
        "/usr/src",
        "/usr/share",
        "/lib",
    }
    | {"/root", "/usr/share/nginx", "/usr/local/bin", "/usr/bin", "/usr/lib", "/usr/local/lib"}
)
_OF_A_PROGRAM = re.compile(r"/var/(?:log|lib|run|spool)/([^/]+)")
_BROUGHT = frozenset({
    "apt", "journal", "private", "nginx", "supervisor", "apache2", "httpd", "mysql", "postgresql",
    "redis", "dpkg", "misc", "pam", "systemd", "sudo", "lock", "apk", "containers",
})  # fmt: skip
_MODE = r"[0-7]{3,4}"
_MASKS = frozenset({"022", "0022", "027", "0027", "077", "0077"})  # others may not write then
_ROOT = frozenset({"root", "0"})


class Access(Enum):
    YES = "yes"
    NO_FOLDER = "no folder"
    NO_RIGHT = "no right"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """``folder`` is what the answer is about: the folder itself, or the nearest one above it."""

    access: Access
    folder: str
    owner: str = ""


def may_write(build: Build, folder: str) -> Answer:
    """Whether a file can be made in this folder when the container starts."""
    machine = build.final.machine
    if not machine.user or _is_mounted(build, folder):
        return Answer(Access.UNKNOWN, folder)
    if any(one in _OPEN for one in ancestors(folder)):
        below_open = folder not in _OPEN and not machine.files.lookup(folder).present
        return Answer(Access.NO_FOLDER if below_open else Access.YES, folder)
    found = machine.files.lookup(folder)
    if found.absent:
        return Answer(Access.NO_FOLDER, folder)
    if not found.present:
        absent = found.vague == "" and _is_only_ours(machine, folder)
        return Answer(Access.NO_FOLDER if absent else Access.UNKNOWN, folder)
    if machine.is_root:
        return Answer(Access.YES, folder)
    return _right(build, machine, folder, found.entry)


def _is_only_ours(machine: Machine, folder: str) -> bool:
    """Whether it is a place for one program's files that no image and no package brings."""
    found = _OF_A_PROGRAM.match(folder)
    if found is None or machine.obscure or not machine.base.known or not machine.base.distribution:
        return False
    name = found[1].lower()
    system = [one.name for one in machine.installed if not one.where]
    return name not in _BROUGHT and not any(name in one or one in name for one in system)


def may_make(build: Build, folder: str) -> Answer:
    """Whether the folder, and those above it, can be made if they are not there."""
    answer = Answer(Access.UNKNOWN, folder)
    for one in ancestors(folder):
        answer = may_write(build, one)
        if answer.access is not Access.NO_FOLDER:
            return Answer(Access.YES, one) if one == folder and _is_there(answer) else answer
    return answer


def _is_there(answer: Answer) -> bool:
    return answer.access in {Access.YES, Access.NO_RIGHT}


def _right(build: Build, machine: Machine, folder: str, entry: Entry | None) -> Answer:
    if entry is None:
        return _right_in_base(build, machine, folder)
    if entry.owner is None or not entry.directory:
        return Answer(Access.UNKNOWN, folder)
    same = same_user(machine, entry.owner, machine.user)
    if same or same is None:
        return Answer(Access.YES if same else Access.UNKNOWN, folder)
    if entry.mode is None and build.once(_has_vague_modes):
        return Answer(Access.UNKNOWN, folder)
    mode = 0o755 if entry.mode is None else entry.mode
    if mode & 0o022:  # of everybody, or of a group that the user may be in
        return Answer(Access.YES if mode & 0o002 else Access.UNKNOWN, folder)
    return Answer(Access.NO_RIGHT, folder, entry.owner)


def _right_in_base(build: Build, machine: Machine, folder: str) -> Answer:
    """A folder that the base image brought: root's, unless a step gave it away."""
    given = machine.files.given_to(folder)
    if given is not None:
        same = same_user(machine, given[0], machine.user) if given[0] else None
        return Answer(Access.YES if same else Access.UNKNOWN, folder)
    base = machine.base
    own = machine.home == folder and folder != _NGINX
    of_root = base.known and base.distribution and folder in _OF_ROOT and not own
    steps = (step for stage in build.used for step in stage.commands("chmod", "setfacl", "chgrp"))
    opened = any(step.executed and folder in " ".join(step.executed.words) for step in steps)
    return Answer(Access.UNKNOWN if opened or not of_root else Access.NO_RIGHT, folder, "root")


def same_user(machine: Machine, one: str, other: str) -> bool | None:
    """Whether two names or numbers are one user; None where that cannot be known."""
    if one == other or (one in _ROOT and other in _ROOT):
        return True
    if one in _ROOT or other in _ROOT:
        return False
    homes = machine.homes.get(one), machine.homes.get(other)
    if None not in homes:
        return homes[0] == homes[1]
    return False if one.isdecimal() == other.isdecimal() else None


def _has_vague_modes(build: Build) -> bool:
    """Whether some step changes modes in a way that is not followed for every path."""
    for stage in build.used:
        for step in stage.commands("chmod", "umask", "setfacl", "fix-permissions"):
            words = step.executed.words[1:] if step.executed else ()
            plain = next((word for word in words if not word.startswith("-")), "")
            if step.executed and step.executed.name == "umask":
                clear = plain in _MASKS
            else:
                clear = re.fullmatch(rf"{_MODE}|[ugoa]*\+r?x", plain) is not None
            if not clear:
                return True
    return False


def _is_mounted(build: Build, folder: str) -> bool:
    volumes = build.once(_volumes)
    return any(one in volumes for one in ancestors(folder))


def _volumes(build: Build) -> frozenset[str]:
    return frozenset(_named_volumes(build))


def _named_volumes(build: Build) -> Iterator[str]:
    for stage in build.lineage(build.final):
        for step in stage.steps:
            if step.instruction.name == "VOLUME" and step.executed is None:
                given = step.instruction.exec or [one.value for one in step.instruction.words]
                yield from (one.strip("\"'").rstrip("/") for one in given)
