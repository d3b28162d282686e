"""How the command lines of frameworks, and of what runs scripts, name the application."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from pipeline.dockerfile.build.start.command import Command, Loaded, machine_has_folder, parse

UVICORN = (
    "--reload --access-log --no-access-log --proxy-headers --no-proxy-headers --server-header "
    "--no-server-header --date-header --no-date-header --use-colors --no-use-colors --factory "
    "--version --help --reset-contextvars"
)
_FLASK = (
    "--debug --no-debug --reload --no-reload --debugger --no-debugger --with-threads "
    "--without-threads -h --help"
)
_CELERY = (
    "-B --beat -E --task-events --purge --discard --detach -D --without-gossip --without-mingle "
    "--without-heartbeat -q --quiet"
)

_FASTAPI_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")


def fastapi(command: Command) -> Loaded | None:
    """``fastapi run [FILE]``: the module is searched from above its outermost package."""
    given = parse(command.words, UVICORN)
    if given.operands[:1] not in {("run",), ("dev",)}:
        return None
    entrypoint = given.value("-e", "--entrypoint")
    if entrypoint:
        return command.module(entrypoint, command.cwd)
    named = given.operands[1] if len(given.operands) > 1 else ""
    if not named:
        named = next((one for one in _FASTAPI_FILES if command.exists(one)), "")
    path = command.path(named) if named and "$" not in named else None
    if path is None:
        return None
    if machine_has_folder(command.machine, path):
        path = f"{path}/__init__.py"
    return replace(_packaged(command, path), attribute=given.value("--app") or "")


def _packaged(command: Command, path: str) -> Loaded:
    """A file that is loaded by its place in the packages around it."""
    folder, parts = posixpath.dirname(path), [posixpath.basename(path).removesuffix(".py")]
    while folder != "/" and command.machine.files.lookup(f"{folder}/__init__.py").present:
        folder, name = posixpath.split(folder)
        parts.insert(0, name)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return Loaded(
        command.launch, ".".join(parts), path, "", (folder, *command.paths), command.complete
    )


def flask(command: Command) -> Loaded | None:
    """``flask --app X run``, FLASK_APP, or ``wsgi.py`` and ``app.py`` by themselves."""
    given = parse(command.words, _FLASK)
    if "run" not in given.operands:
        return None
    named = given.value("--app", "-A") or _known(command, "FLASK_APP", "QUART_APP")
    if named is None:
        return None
    if not named:
        named = next((one for one in ("wsgi.py", "app.py") if command.exists(one)), "")
    target = re.split(r":(?!/)", named, maxsplit=1)[0]
    if target.endswith(".py") or "/" in target:
        path = command.path(target if target.endswith(".py") else f"{target}.py")
        return _packaged(command, path) if path and "$" not in target else None
    return command.module(named, command.cwd)


def _known(command: Command, *names: str) -> str | None:
    """The first variable that is set; None where that cannot be known."""
    variables = command.launch.executed.shell.variables
    return next((variables[name] for name in names if name in variables), "")


def celery(command: Command) -> Loaded | None:
    given = parse(command.words, _CELERY)
    target = given.value("-A", "--app") or _known(command, "CELERY_APP") or ""
    return command.module(target, command.path(given.value("--workdir") or "."))


def script_runner(command: Command) -> Loaded | None:
    """``streamlit run FILE`` and its likes."""
    given = parse(command.words, "--help --headless -h --watch -w --no-token --debug")
    if given.operands[:1] != ("run",) or len(given.operands) < 2 or "://" in given.operands[1]:
        return None
    return command.file(given.operands[1]) if "$" not in given.operands[1] else None


def functions(command: Command) -> Loaded | None:
    """Google's functions framework: ``main.py``, or what ``--source`` names."""
    given = parse(command.words, "--debug")
    source = given.value("--source") or command.variable("FUNCTION_SOURCE") or "main.py"
    return command.file(source, program=False) if "$" not in source else None
