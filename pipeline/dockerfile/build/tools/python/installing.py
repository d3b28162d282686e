"""What installing a distribution or a project leaves behind."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.python.environments import Environment
from pipeline.dockerfile.projects.distributions import brings, console_scripts
from pipeline.dockerfile.projects.markers import applies
from pipeline.dockerfile.projects.pyproject import (
    Project,
    merged,
    pipfile,
    pyproject,
    setup_cfg,
    setup_py,
)
from pipeline.dockerfile.projects.requirements import Requirement, normalise

_FILES = (("pyproject.toml", pyproject), ("setup.cfg", setup_cfg), ("setup.py", setup_py))
_NOT_PACKAGES = frozenset({"tests", "test", "docs", "examples", "scripts", "node_modules"})


def install_distribution(call: Call, one: Requirement, where: Environment, tool: str) -> None:
    """Note one distribution and what its extras bring: markers in site-packages, and programs."""
    python = call.machine.base.python or ""
    if applies(one.marker, python if "." in python else None) is False:
        return
    for name in sorted(brings(one.name, *one.extras) - brings(one.name)) if one.extras else ():
        install_distribution(call, Requirement("package", name), where, tool)
    call.make(
        marker(where.site, one.name), "pip", directory=True, details=one.version or one.specifier
    )
    call.installed(
        "pip", one.name, where.site, version=one.version or "", tool=tool, user=where.user
    )
    for script in console_scripts(one.name):
        call.make(f"{where.scripts}/{script}", "pip", mode=0o755, details=one.name)


def marker(site: str, name: str) -> str:
    """The path that stands for an installed distribution; ``name`` is normalised."""
    return f"{site}/{name}.dist-info"


def unknown_distributions(call: Call, where: Environment) -> None:
    """Others may come along: dependencies, and what a file names that cannot be read."""
    call.machine.files.blur(where.site, vague="packages")
    call.machine.files.blur(where.scripts, vague="packages")


def install_unnamed(call: Call, where: Environment, tool: str) -> None:
    """Something is installed, and it cannot be said what."""
    call.installed("pip", "", where.site, tool=tool, user=where.user)
    unknown_distributions(call, where)


def install_dependencies(
    call: Call, folder: str, where: Environment | None, tool: str, *,
    groups: bool = True, without: Collection[str] = (),
) -> None:  # fmt: skip
    """What a project's own files declare; ``groups`` those for development too."""
    if where is None:
        call.machine.files.blur(folder)
        return
    project = project_at(call, folder)
    wanted = project.dependencies if project else ()
    if project and groups:
        named = (group for name, group in project.groups.items() if name not in without)
        wanted += tuple(one for group in named for one in group)
    for one in wanted:
        if one.kind == "path":
            install_unnamed(call, where, tool)
        elif one.name:
            install_distribution(call, one, where, tool)
    unknown_distributions(call, where)


def install_project(
    call: Call, folder: str, where: Environment, tool: str, *,
    editable: bool = False, extras: Collection[str] = (),
) -> None:  # fmt: skip
    """Note the project that ``folder`` holds: as a pointer to it, or as a copy of its packages."""
    project = project_at(call, folder)
    if project is None or not project.name or project.package_mode is False:
        if project is None or project.package_mode is not False:
            install_unnamed(call, where, tool)
        return
    details = f"editable:{folder}" if editable else ""
    call.make(marker(where.site, project.name), "pip", directory=True, details=details)
    call.installed(
        "pip",
        project.name,
        where.site,
        tool=tool,
        user=where.user,
        editable=editable,
        source=folder,
    )
    for script in project.scripts:
        call.make(f"{where.scripts}/{script}", "pip", mode=0o755, details=project.name)
    asked = [one for name in extras for one in project.optional.get(normalise(name), ())]
    for one in (*project.dependencies, *asked):
        if one.name and one.kind != "path":
            install_distribution(call, one, where, tool)
    if project.dynamic:
        install_unnamed(call, where, tool)
    if not editable:
        _copy_packages(call, project, folder, where)


def project_at(call: Call, folder: str) -> Project | None:
    """What the project in a folder says of itself; None where it has no files."""
    return project_in(call.machine, folder)


def project_in(machine: Machine, folder: str, at: int | None = None) -> Project | None:
    """What the project in a folder of the machine says of itself; None where it has no files.

    ``at`` is a step's number: before it ran.
    """
    found: Project | None = None
    for name, reader in (*_FILES, ("Pipfile", pipfile)):
        origin = read(machine, posixpath.join(folder, name), at)
        said = reader(origin.text) if origin else None
        if said is not None:
            found = merged(found, said) if found else said
    return found


def source_folders(project: Project, folder: str) -> tuple[str, ...]:
    """Where a project's packages are looked for: what it says itself, else ``src``, else itself."""
    named = tuple(posixpath.normpath(posixpath.join(folder, one)) for one in project.sources)
    return named or (f"{folder.rstrip('/')}/src", folder)


def _copy_packages(call: Call, project: Project, folder: str, where: Environment) -> None:
    """A plain install copies the packages: from then on site-packages has them by itself."""
    files = call.machine.files
    view = files.view()
    roots = [posixpath.normpath(posixpath.join(folder, name)) for name in project.packages]
    for source in roots or _packages_below(call, source_folders(project, folder)):
        if not files.lookup(source).absent:
            files.mount(f"{where.site}/{posixpath.basename(source)}", view, source)


def _packages_below(call: Call, folders: tuple[str, ...]) -> list[str]:
    files = call.machine.files
    for folder in folders:
        names = {
            posixpath.relpath(path, folder).split("/")[0] for path in files.below(folder)
        } - _NOT_PACKAGES
        found = [
            posixpath.join(folder, name)
            for name in sorted(names)
            if name.endswith(".py")
            or files.lookup(posixpath.join(folder, name, "__init__.py")).present
        ]
        if found:
            return found
    return []
