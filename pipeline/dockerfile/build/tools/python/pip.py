"""``pip`` and ``uv pip``: what an install, a wheel or an uninstall leaves behind."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.build.tools.python.environments import (
    Environment,
    active,
    of_program,
    system,
    under_home,
    virtual,
)
from pipeline.dockerfile.build.tools.python.installing import (
    install_distribution,
    install_project,
    install_unnamed,
    marker,
    project_at,
    unknown_distributions,
)
from pipeline.dockerfile.projects.distributions import console_scripts
from pipeline.dockerfile.projects.requirements import (
    Requirement,
    declared,
    normalise,
    requirement,
)

TAKING_VALUE = frozenset({
    "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target",
    "--prefix", "--root", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
    "--platform", "--python-version", "--implementation", "--abi", "--only-binary",
    "--no-binary", "--progress-bar", "--timeout", "--retries", "--proxy", "--trusted-host",
    "--cert", "--cache-dir", "--log", "--src", "-b", "--build", "--upgrade-strategy",
    "--config-settings", "-C", "--global-option", "--report", "--root-user-action", "-w",
    "--wheel-dir", "-d", "--dest", "-p", "--python", "--index", "--default-index", "--extra",
    "--group", "--keyring-provider", "--exclude-newer", "--link-mode", "--resolution",
    "--index-strategy", "--use-feature", "--use-deprecated", "--exists-action", "--client-cert",
    "--python-platform",
})  # fmt: skip
_ARCHIVES = (".whl", ".tar.gz", ".zip")


def pip(call: Call) -> None:
    """``pip SUBCOMMAND …``."""
    name = call.executed.argv[0].value or "pip"
    pip_of(call, call.words, of_program(call, name))


def pip_of(call: Call, words: tuple[str, ...], environment: Environment | None) -> None:
    """``words`` after the program, in the environment that the program belongs to."""
    verb = next((word for word in words if not word.startswith("-")), "")
    given = options(words, TAKING_VALUE)
    rest = replace(given, operands=given.operands[1:])
    if verb in {"install", "sync"}:
        _install(call, rest, environment, tool="pip")
    elif verb == "uninstall":
        _uninstall(call, rest, environment)
    elif verb in {"wheel", "download"}:
        folder = call.path(given.last("-w", "--wheel-dir", "-d", "--dest") or ".")
        _wheels(call, rest, folder)


def uv_pip(call: Call, words: tuple[str, ...]) -> None:
    """``uv pip …``: into VIRTUAL_ENV or ``.venv``, unless the system's Python is asked for."""
    given = options(words, TAKING_VALUE | {"--directory", "--project"})
    verb, rest = given.operands[:1], replace(given, operands=given.operands[1:])
    if verb and verb[0] == "sync":  # its operands are requirement files
        rest = replace(rest, operands=(), values={**rest.values, "-r": rest.operands})
    environment = _uv_environment(call, given)
    if verb and verb[0] in {"install", "sync"}:
        _install(call, rest, environment, tool="uv")
    elif verb and verb[0] == "uninstall":
        _uninstall(call, rest, environment)


def _uv_environment(call: Call, given: Options) -> Environment | None:
    python = given.last("-p", "--python")
    if python is not None and "/" in python:
        return of_program(call, python)
    if given.has("--system") or call.variable("UV_SYSTEM_PYTHON") in {"1", "true"}:
        return system(call)
    here = call.path(".venv")
    return active(call) or (virtual(here) if here else None)


def _install(call: Call, given: Options, environment: Environment | None, tool: str) -> None:
    where = _destination(call, given, environment)
    if where is None:
        call.machine.files.blur("/")
        return
    _keep_downloads(call, given, tool)
    complete = True
    for name in given.all("-r", "--requirement"):
        wanted, whole = _listed(call, name)
        complete = complete and whole
        for _, one in wanted:
            _install_one(call, one, where, tool)
    for word in given.operands:
        _install_word(call, word, where, tool)
    for word in given.all("-e", "--editable"):
        _install_folder(call, word, where, tool, editable=True)
    if not complete:
        install_unnamed(call, where, tool)
    elif not given.has("--no-deps"):
        unknown_distributions(call, where)


def _keep_downloads(call: Call, given: Options, tool: str) -> None:
    """The folder of downloads that an install leaves behind unless it is told not to."""
    home, off = call.variable("HOME"), "UV_NO_CACHE" if tool == "uv" else "PIP_NO_CACHE_DIR"
    if home and not given.has("--no-cache-dir", "--no-cache") and call.variable(off) == "":
        call.make(f"{home}/.cache/{tool}", f"{tool}-cache", directory=True)


def _destination(call: Call, given: Options, environment: Environment | None) -> Environment | None:
    target, prefix = given.last("-t", "--target"), given.last("--prefix")
    if target is not None:
        path = call.path(target)
        return Environment(path, f"{path}/bin", virtual=True) if path else None
    if prefix is not None:
        path = call.path(prefix)
        return virtual(path) if path else None
    if _for_user(call, given, environment):
        home = call.variable("PYTHONUSERBASE") or call.variable("HOME")
        if call.variable("PYTHONUSERBASE"):
            return Environment(f"{home}/lib/python3/site-packages", f"{home}/bin", user=True)
        return under_home(home) if home else None
    return environment


def _for_user(call: Call, given: Options, environment: Environment | None) -> bool:
    """Asked for, or pip's own choice where the system's folder cannot be written to."""
    if given.has("--user") or call.variable("PIP_USER") in {"1", "true", "yes"}:
        return True
    if environment is None or environment.virtual or not call.machine.user:
        return False
    entry = call.machine.files.lookup(environment.site).entry
    owned = entry is not None and entry.owner in {call.machine.user, None}
    return not call.machine.is_root and not owned


def _listed(call: Call, name: str) -> tuple[list[tuple[str, Requirement]], bool]:
    """What a requirements file asks for, each with its file, and whether that is all of it."""
    path = call.path(name)
    if path is None:
        return [], False

    def text(file: str) -> str | None:
        origin = read(call.machine, file)
        return origin.text if origin else None

    found = declared(text, path)
    return list(found.requirements), not found.missing


def _install_one(call: Call, one: Requirement, where: Environment, tool: str) -> None:
    """One requirement of a file; paths in it are seen from the folder of the command."""
    if one.kind == "path":
        extras = f"[{','.join(one.extras)}]" if one.extras else ""
        _install_folder(call, one.target + extras, where, tool, editable=one.editable)
    elif one.kind in {"package", "url"} and one.name:
        install_distribution(call, one, where, tool)
    elif one.kind == "url":
        install_unnamed(call, where, tool)


def _install_word(call: Call, word: str, where: Environment, tool: str) -> None:
    """An operand: a requirement, a folder, a wheel, or a whole folder of wheels."""
    one = requirement(word)
    if "*" in word:
        _install_wheels(call, word, where, tool)
    elif one is None:
        install_unnamed(call, where, tool)
    elif one.kind == "path" and not one.target.endswith(_ARCHIVES):
        _install_folder(call, word, where, tool, editable=False)
    else:
        if one.name:
            install_distribution(call, one, where, tool)
        if one.kind == "path" or not one.name:
            install_unnamed(call, where, tool)


def _install_folder(
    call: Call, word: str, where: Environment, tool: str, *, editable: bool
) -> None:
    place, _, named = word.partition("[")
    path = call.path(place.removeprefix("file://") or ".")
    if path is None:
        install_unnamed(call, where, tool)
    else:
        extras = [one.strip() for one in named.rstrip("] ").split(",") if one.strip()]
        install_project(call, path, where, tool, editable=editable, extras=extras)


def _install_wheels(call: Call, word: str, where: Environment, tool: str) -> None:
    """``/wheels/*``: what an earlier ``pip wheel`` put there."""
    folder = call.path(posixpath.dirname(word) or ".")
    for path in call.machine.files.below(folder) if folder else ():
        entry = call.machine.files.lookup(path).entry
        if entry is not None and path.endswith(".whl"):
            one = requirement(entry.details)
            if one is not None and one.name:
                install_distribution(call, one, where, tool)
    install_unnamed(call, where, tool)


def _wheels(call: Call, given: Options, folder: str | None) -> None:
    """``pip wheel``: a file for each requirement, and others for what they need."""
    if folder is None:
        return
    call.make(folder, "pip-wheel", directory=True)
    wanted = [one for name in given.all("-r", "--requirement") for _, one in _listed(call, name)[0]]
    wanted += [one for word in given.operands if (one := requirement(word)) is not None]
    for one in wanted:
        if one.kind == "path" and "wheel" in call.words:
            _wheel_of_project(call, one.target, folder)
        elif one.name:
            exact = f"{one.name}{one.specifier}"
            call.make(f"{folder}/{one.name}.whl", "pip-wheel", details=exact)
            call.installed("wheel", one.name, folder, version=one.version or "", tool="pip")
    call.machine.files.blur(folder)


def _wheel_of_project(call: Call, word: str, folder: str) -> None:
    path = call.path(word)
    project = project_at(call, path) if path else None
    if path and project is not None and project.name:
        call.installed("wheel", project.name, folder, tool="pip", source=path)


def _uninstall(call: Call, given: Options, where: Environment | None) -> None:
    if where is None or not call.executed.certain:
        return
    for name in map(normalise, given.operands):
        call.machine.files.remove(marker(where.site, name))
        for script in console_scripts(name):
            call.machine.files.remove(f"{where.scripts}/{script}")


TOOLS: Mapping[str, Callable[[Call], None]] = {
    "pip": pip,
    "pip3": pip,
    **{f"pip3.{minor}": pip for minor in range(7, 16)},
}
