"""Which Python a command installs into: the system's, a virtual environment, the user's folder."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pipeline.dockerfile.build.machine import which
from pipeline.dockerfile.build.tools.call import Call


@dataclass(frozen=True)
class Environment:
    """``site`` is where packages go, ``scripts`` where their programs go; both absolute.

    ``managed``: the distribution's own, which may refuse an install (PEP 668).
    """

    site: str
    scripts: str
    virtual: bool = False
    user: bool = False
    managed: bool = False


def virtual(folder: str) -> Environment:
    """A virtual environment's folders."""
    return Environment(f"{folder}/lib/python3/site-packages", f"{folder}/bin", virtual=True)


def under_home(home: str) -> Environment:
    """Where ``--user`` installs."""
    return Environment(f"{home}/.local/lib/python3/site-packages", f"{home}/.local/bin", user=True)


def system(call: Call) -> Environment | None:
    """The system's Python: that of an official image, or the distribution's; None unknown."""
    base = call.machine.base
    if not base.known:
        return None
    if base.python_prefix and base.python_prefix != "/usr":
        prefix = base.python_prefix
        return Environment(f"{prefix}/lib/python3/site-packages", f"{prefix}/bin")
    managed = base.externally_managed is not False
    if base.manager == "apt":
        return Environment(
            "/usr/local/lib/python3/dist-packages", "/usr/local/bin", managed=managed
        )
    site = "/usr/lib/python3/site-packages"
    return Environment(site, "/usr/bin", managed=managed)


def of_program(call: Call, program: str) -> Environment | None:
    """The environment a ``pip`` or ``python`` belongs to, by where it is found."""
    if "/" in program:
        path = call.path(program)
        return (
            virtual(posixpath.dirname(posixpath.dirname(path)))
            if path and _is_venv(path)
            else system(call)
        )
    search = call.variable("PATH")
    if search is None:
        return None
    found = which(call.machine, program, tuple(search.split(":")), call.step.number)
    if found.entry is not None and found.entry.maker == "venv":
        return virtual(posixpath.dirname(posixpath.dirname(found.entry.path)))
    return system(call)


def active(call: Call) -> Environment | None:
    """The virtual environment that VIRTUAL_ENV names; None where it names none."""
    folder = call.variable("VIRTUAL_ENV")
    return virtual(folder) if folder else None


def _is_venv(path: str) -> bool:
    """A program in a ``bin`` that is none of the system's is that of an environment."""
    system_folders = {"/usr/local/bin", "/usr/bin", "/bin", "/opt/conda/bin"}
    return posixpath.dirname(path) not in system_folders and posixpath.dirname(path).endswith(
        "/bin"
    )


def make_environment(call: Call, folder: str) -> None:
    """Note a new virtual environment: its folders and its programs."""
    made = virtual(folder)
    call.make(folder, "venv", directory=True)
    call.make(made.site, "venv", directory=True)
    for name in ("python", "python3", "pip", "pip3", "activate"):
        call.make(f"{made.scripts}/{name}", "venv", mode=0o755)
    call.make(f"{folder}/pyvenv.cfg", "venv")
