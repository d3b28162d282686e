"""What a stage is made of, as far as the build tells: steps, installed packages, the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Executed, Value
from pipeline.dockerfile.syntax.nodes import Instruction, Text


@dataclass(frozen=True)
class Installed:
    """A package that a step installed.

    ``manager`` is ``apt``, ``apk``, ``dnf``, ``pip``, ``npm``, ``binary`` … whoever did it: poetry,
    uv and pipenv install for ``pip``, yarn and pnpm for ``npm``. ``where`` is the site-packages or
    node_modules folder; empty for the system's. ``editable``: a mere pointer to ``source``.
    ``recommended``: apt brought what it recommends too. ``group`` is apk's virtual package.
    ``removed`` is the step that took it away again. An empty ``name``: something that cannot be
    named.
    """

    manager: str
    name: str
    where: str
    place: Place
    stage: int
    step: int
    version: str = ""
    tool: str = ""
    editable: bool = False
    source: str = ""
    user: bool = False  # pip's --user and its likes: a folder of the user's home
    recommended: bool = False
    group: str = ""
    removed: int | None = None

    def there(self, at: int | None = None) -> bool:
        """Whether it is installed before step ``at`` runs; None: in the end."""
        if at is None:
            return self.removed is None
        return self.step < at and (self.removed is None or at <= self.removed)


@dataclass(frozen=True)
class Copied:
    """One source of a COPY or ADD.

    ``stage`` is the index of the stage it comes from; None: the context, or another image
    (``image``). ``source`` is the path there, ``target`` where it ends up; ``found`` False: it is
    certainly not there, None: not known. ``directory``: what it holds is copied, not itself.
    """

    source: str
    target: str
    stage: int | None = None
    image: str = ""
    found: bool | None = None
    directory: bool = False
    owner: str = "root"


@dataclass(frozen=True)
class Step:
    """One thing a stage does: a command of a RUN, or an instruction that is no RUN.

    ``executed`` is None for instructions. ``wrappers`` are the programs that were taken off the
    command (``poetry run``, ``sudo`` …). ``place`` is that of the command. ``bound`` are the
    targets of its bind mounts.
    """

    number: int
    stage: int
    instruction: Instruction
    place: Place
    user: str
    home: Value
    workdir: Value
    environment: Mapping[str, Value]
    executed: Executed | None = None
    wrappers: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    copied: tuple[Copied, ...] = ()


@dataclass(frozen=True)
class Command:
    """CMD or ENTRYPOINT. ``exec`` None: the shell form, ``script`` its text."""

    instruction: Instruction | None  # None: the base image's own
    exec: tuple[str, ...] | None
    script: Text
    place: Place
    shell: tuple[str, ...] = ("/bin/sh", "-c")


PORT = "\u2039PORT\u203a"
"""Stands for what Cloud Run says in PORT, wherever a shell or a program puts it."""


@dataclass(frozen=True)
class Launch:
    """One command that the start runs.

    ``written`` is the same with its wrappers, as the script or the exec form has it. ``place`` is
    where a person reads it: the Dockerfile, or the script that was followed. ``via`` are the files
    on the way there. ``executed.certain``: it runs on every start, unless what came before fails.
    ``main``: the one that stays (exec'd, or the last). ``followed``: what it runs in turn are
    launches of their own (a script, ``npm start``). ``shell``: a shell expanded its words; the exec
    form leaves ``$PORT`` as it is written.
    """

    executed: Executed
    written: Executed
    place: Place
    via: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    main: bool = False
    followed: bool = False
    shell: bool = False


@dataclass(frozen=True)
class Start:
    """What happens when the container starts. ``complete`` False: part of it cannot be known."""

    launches: tuple[Launch, ...] = ()
    complete: bool = False
    place: Place | None = None

    @property
    def main(self) -> Launch | None:
        """The command that stays and must listen."""
        return next((launch for launch in self.launches if launch.main), None)
