"""poetry, uv, pipenv, pdm, pipx and virtualenv."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.locks import note_lock
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.build.tools.python.environments import (
    Environment,
    active,
    make_environment,
    system,
    virtual,
)
from pipeline.dockerfile.build.tools.python.installing import (
    install_dependencies,
    install_distribution,
    install_project,
    install_unnamed,
    project_at,
)
from pipeline.dockerfile.build.tools.python.pip import TAKING_VALUE, uv_pip
from pipeline.dockerfile.projects.distributions import console_scripts
from pipeline.dockerfile.projects.requirements import requirement

_TRUE = {"1", "true", "yes", "on"}
_MEMBERS = re.compile(r"\[tool\.uv\.workspace\]|\bworkspace\s*=\s*true|\bpath\s*=\s*[\"']")
_POETRY_VALUES = frozenset({
    "--with", "--without", "--only", "-E", "--extras", "-C", "--directory", "-P", "--project",
    "-o", "--output", "-f", "--format",
})  # fmt: skip
_UV_VALUES = TAKING_VALUE | frozenset({
    "--no-install-package", "--only-group", "--no-group", "--package", "--directory",
    "--project", "--env-file", "--with", "--with-requirements", "--allow-insecure-host",
    "--config-file", "--prompt", "-o", "--output-file", "--format",
})  # fmt: skip


def poetry(call: Call) -> None:
    """``poetry config``, ``install``, ``export``, ``build``, ``self add``."""
    note_lock(call)
    given = options(call.words, _POETRY_VALUES)
    folder = call.path(given.last("-C", "--directory", "-P", "--project") or ".")
    match given.operands:
        case ("config", "virtualenvs.create", value, *_):
            call.machine.settings["POETRY_VIRTUALENVS_CREATE"] = value
        case ("config", "virtualenvs.in-project", value, *_):
            call.machine.settings["POETRY_VIRTUALENVS_IN_PROJECT"] = value
        case ("install" | "sync" | "update", *_) if folder:
            where = _poetry_environment(call, folder)
            install_dependencies(
                call, folder, where, "poetry", groups=not _main_only(call),
                without=_named_groups(given, "--without"),
            )  # fmt: skip
            if not given.has("--no-root", "--only-root") and where is not None:
                install_project(call, folder, where, "poetry", editable=True)
        case ("add", *names) if folder:
            where = _poetry_environment(call, folder)
            _install_names(call, names, where, "poetry")
        case ("export", *_):
            pass  # what it writes is noted with the redirect or -o
        case ("build", *_) if folder:
            call.machine.files.blur(f"{folder}/dist")
    output = given.last("-o", "--output")
    path = call.path(output) if output else None
    if path is not None:
        call.make(path, "poetry")


def _poetry_environment(call: Call, folder: str) -> Environment | None:
    found = active(call)
    if found is not None:
        return found
    if _setting(call, "POETRY_VIRTUALENVS_CREATE") in {"false", "0"}:
        return system(call)
    if _setting(call, "POETRY_VIRTUALENVS_IN_PROJECT") in _TRUE:
        make_environment(call, f"{folder}/.venv")
        return virtual(f"{folder}/.venv")
    home = call.variable("HOME")
    return virtual(f"{home}/.cache/pypoetry/virtualenvs/project") if home else None


def _install_names(call: Call, names: Iterable[str], where: Environment | None, tool: str) -> None:
    for name in names:
        one = requirement(name.partition("@")[0])
        if one is not None and one.name and where is not None:
            install_distribution(call, one, where, tool)


def _main_only(call: Call) -> bool:
    words = call.words
    return "--no-dev" in words or "--only" in words or any(w.startswith("--only=") for w in words)


def _named_groups(given: Options, *options_: str) -> list[str]:
    return [name.strip() for word in given.all(*options_) for name in word.split(",")]


def _setting(call: Call, name: str) -> str:
    """What the environment or ``poetry config`` says; the environment wins."""
    return (call.variable(name) or call.machine.settings.get(name, "")).lower()


def uv(call: Call) -> None:
    """``uv pip``, ``sync``, ``venv``, ``tool install``, ``export``, ``python install``."""
    note_lock(call)
    given = options(call.words, _UV_VALUES)
    match given.operands:
        case ("pip", *_):
            at = call.words.index("pip")
            uv_pip(call, (*call.words[:at], *call.words[at + 1 :]))
        case ("sync", *_):
            _uv_sync(call)
        case ("venv", *rest):
            folder = call.path(
                rest[0] if rest else call.variable("UV_PROJECT_ENVIRONMENT") or ".venv"
            )
            if folder:
                make_environment(call, folder)
        case ("tool", "install", *names):
            folder = call.variable("UV_TOOL_BIN_DIR") or _local_bin(call)
            _tools(call, names, folder)
        case ("export" | "python" | "cache" | "version" | "lock" | "build", *_):
            _uv_writes(call, given)
        case _:
            call.machine.files.blur(call.cwd or "/")


def _uv_writes(call: Call, given: Options) -> None:
    """A file that is asked for, and the Pythons that uv manages itself."""
    output = given.last("-o", "--output-file")
    path = call.path(output) if output else None
    if path is not None:
        call.make(path, "uv")
    pythons = call.variable("UV_PYTHON_INSTALL_DIR")
    if pythons and not call.machine.files.lookup(pythons).present:
        call.make(pythons, "uv", directory=True)
        call.machine.files.blur(pythons)


def _uv_sync(call: Call) -> None:
    given = options(call.words, _UV_VALUES)
    _uv_writes(call, given)
    folder = call.path(given.last("--project", "--directory") or ".")
    if folder is None:
        call.machine.files.blur("/")
        return
    where = _uv_environment(call, folder, active_asked=given.has("--active"))
    install_dependencies(
        call, folder, where, "uv", groups=not given.has("--no-dev", "--no-default-groups"),
        without=_named_groups(given, "--no-group"),
    )  # fmt: skip
    if where is None or given.has(
        "--no-install-project", "--no-install-workspace", "--no-install-local"
    ):
        return
    if where is not None and _has_members(call, folder):
        install_unnamed(call, where, "uv")
    project = project_at(call, folder)
    if project and not project.backend and project.package_mode is not True:
        return  # without a build system uv takes it for no package
    install_project(call, folder, where, "uv", editable=not given.has("--no-editable"))


def _has_members(call: Call, folder: str) -> bool:
    """Whether other projects of the same sources are installed along: a workspace, or paths."""
    origin = read(call.machine, f"{folder}/pyproject.toml")
    return origin is not None and _MEMBERS.search(origin.text) is not None


def _uv_environment(call: Call, folder: str, *, active_asked: bool) -> Environment | None:
    asked = call.variable("UV_PROJECT_ENVIRONMENT")
    if asked is None:
        return None
    if active_asked and active(call):
        return active(call)
    base = system(call)
    path = call.path(asked) if asked else f"{folder}/.venv"
    if path is None:
        return None
    if base is not None and f"{path}/bin" == base.scripts:
        return replace(base, virtual=True)
    if not call.machine.files.lookup(f"{path}/bin/python").present:
        make_environment(call, path)
    return virtual(path)


def pipenv(call: Call) -> None:
    """``pipenv install`` and ``sync``: into the system with ``--system``, else an environment."""
    note_lock(call)
    given = options(call.words, frozenset({"-r", "--python", "--categories"}))
    verb, folder = given.operands[:1], call.cwd
    if not verb or verb[0] not in {"install", "sync"} or folder is None:
        return
    if given.has("--system"):
        where = system(call)
    elif (call.variable("PIPENV_VENV_IN_PROJECT") or "").lower() in _TRUE:
        make_environment(call, f"{folder}/.venv")
        where = virtual(f"{folder}/.venv")
    else:
        home = call.variable("HOME")
        where = virtual(f"{home}/.local/share/virtualenvs/project") if home else None
    _install_names(call, given.operands[1:], where, "pipenv")
    install_dependencies(call, folder, where, "pipenv", groups=given.has("--dev", "-d"))


def pdm(call: Call) -> None:
    """``pdm install`` and ``sync``: into ``.venv``."""
    note_lock(call)
    given = options(call.words, frozenset({"-G", "--group", "-p", "--project", "-L", "--lockfile"}))
    folder = call.path(given.last("-p", "--project") or ".")
    if given.operands[:1] and given.operands[0] in {"install", "sync"} and folder:
        where = active(call) or virtual(f"{folder}/.venv")
        make_environment(call, where.scripts.removesuffix("/bin"))
        lean = given.has("--prod", "--production", "--no-default")
        install_dependencies(call, folder, where, "pdm", groups=not lean)
        if not given.has("--no-self"):
            install_project(call, folder, where, "pdm", editable=not given.has("--no-editable"))


def pipx(call: Call) -> None:
    """``pipx install``: programs into ``~/.local/bin``."""
    given = options(call.words, frozenset({"--python", "--suffix", "--pip-args"}))
    if given.operands[:1] in {("install",), ("inject",)}:
        folder = (
            "/usr/local/bin"
            if given.has("--global")
            else call.variable("PIPX_BIN_DIR") or _local_bin(call)
        )
        _tools(call, given.operands[1:], folder)


def _tools(call: Call, names: Iterable[str], folder: str | None) -> None:
    for word in names if folder else ():
        one = requirement(word.partition("@")[0])
        if one is not None and one.name:
            call.installed("pip", one.name, folder or "", tool="pipx", user=True)
            for script in console_scripts(one.name):
                call.make(f"{folder}/{script}", "pip", mode=0o755, details=one.name)


def _local_bin(call: Call) -> str | None:
    home = call.variable("HOME")
    return f"{home}/.local/bin" if home else None


def virtualenv(call: Call) -> None:
    """``virtualenv PATH``."""
    given = options(call.words, frozenset({"-p", "--python", "--prompt", "--app-data"}))
    folder = call.path(given.operands[-1]) if given.operands else None
    if folder:
        make_environment(call, folder)


TOOLS: Mapping[str, Callable[[Call], None]] = {
    "poetry": poetry,
    "uv": uv,
    "pipenv": pipenv,
    "pdm": pdm,
    "pipx": pipx,
    "virtualenv": virtualenv,
}
