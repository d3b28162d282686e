"""The machine that a stage builds: user, folder, environment, files, packages, as they hold now."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.dockerfile.build.bases import Base
from pipeline.dockerfile.build.entries import ABSENT, UNKNOWN, Entry, Found, vaguer
from pipeline.dockerfile.build.files import Files
from pipeline.dockerfile.build.values import Command, Installed, Step
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Value

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Machine:
    """Changes while the stage is interpreted; afterwards it is only read.

    ``env`` holds what ENV and the base image set, ``args`` the ARGs in scope. ``user`` is a name or
    number without group; empty where unknown. ``homes`` maps users to their home folders.
    ``obscure``: a program ran of which nothing is known.
    """

    base: Base
    stage: int
    context: BuildContext
    files: Files
    env: dict[str, Value] = field(default_factory=dict)
    args: dict[str, Value] = field(default_factory=dict)
    user: str = "root"
    workdir: Value = "/"
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    homes: dict[str, str] = field(default_factory=dict)
    installed: list[Installed] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)  # what tools were told to remember
    entrypoint: Command | None = None
    cmd: Command | None = None
    obscure: bool = False
    looked_at: int = 0  # paths that patterns were held against: there is an end to it
    _frozen: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._frozen = MappingProxyType(dict(self.env))

    @property
    def is_root(self) -> bool:
        return self.user in {"root", "0"}

    def home_of(self, user: str) -> Value:
        """A user's home; None where it is not known."""
        if user in {"root", "0"}:
            return "/root"
        return self.homes.get(user)

    @property
    def home(self) -> Value:
        """What HOME is for a command that runs now."""
        return self.env["HOME"] if "HOME" in self.env else self.home_of(self.user)

    @property
    def search_path(self) -> tuple[str, ...] | None:
        """The folders of PATH; None where it is not known."""
        value = self.env.get("PATH", DEFAULT_PATH)
        return tuple(value.split(":")) if value is not None else None

    @property
    def environment(self) -> Mapping[str, Value]:
        """ENV as it holds now; one mapping for all steps until it changes."""
        return self._frozen

    def setenv(self, name: str, value: Value) -> None:
        self.env[name] = value
        self._frozen = MappingProxyType(dict(self.env))

    def make(
        self, path: str, maker: str, place: Place, *, directory: bool = False, **details: object
    ) -> None:
        """Note a file or folder; by the user of now unless ``owner`` says otherwise."""
        owner = details.pop("owner", self.user or None)
        self.files.make(Entry(path, directory, maker, self.stage, place, owner=owner, **details))  # type: ignore[arg-type]

    def install(self, package: Installed) -> None:
        self.installed.append(package)

    def has_package(self, manager: str, *names: str) -> bool:
        """Whether one of these was installed by that package manager, here or in the base."""
        return any(
            one.manager == manager and one.name in names and one.there() for one in self.installed
        )


def which(
    machine: Machine, name: str, path: tuple[str, ...] | None, at: int | None = None
) -> Found:
    """Where a program is found; ``path`` the folders of PATH, ``at`` a step: before it ran."""
    if "/" in name:
        return machine.files.lookup(name, at)
    unknown = UNKNOWN if path is None else None
    for folder in path or ():
        found = machine.files.lookup(posixpath.join(folder, name), at)
        if found.present:
            return UNKNOWN if unknown and found.entry is None else found
        unknown = unknown if found.absent else vaguer(unknown, found)
    return unknown or ABSENT
