"""How each server's command line names its application."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.dockerfile.build.start.command import MODULE, Command, Loaded, Words, parse
from pipeline.dockerfile.build.start.frameworks import (
    UVICORN,
    celery,
    fastapi,
    flask,
    functions,
    script_runner,
)
from pipeline.dockerfile.projects.configs import gunicorn as gunicorn_settings

_GUNICORN = (
    "--reload --preload --daemon -D --check-config --print-config --spew --capture-output "
    "--no-sendfile --enable-stdio-inheritance --log-syslog --initgroups --reuse-port "
    "--disable-redirect-access-to-syslog --do-handshake-on-connect --suppress-ragged-eofs "
    "--proxy-protocol --no-control-socket -R --version -v -h --help"
)
_HYPERCORN = "--reload --debug --version --help"
_GRANIAN = (
    "--ws --no-ws --access-log --no-access-log --log --no-log --factory --no-factory --reload "
    "--no-reload --http1-keep-alive --no-http1-keep-alive --respawn-failed-workers "
    "--no-respawn-failed-workers --process-name --metrics --no-metrics --version --help "
    "--workers-lifetime-jitter --task-impl-rust"
)


def _uvicorn(command: Command) -> Loaded | None:
    given = parse(command.words, UVICORN)
    target = _target(given) or command.variable("UVICORN_APP")
    return command.module(target, command.path(given.value("--app-dir") or "."))


def _hypercorn(command: Command) -> Loaded | None:
    given = parse(command.words, _HYPERCORN)
    target = _target(given).removeprefix("asgi:").removeprefix("wsgi:")
    return command.module(target, command.cwd)


def _granian(command: Command) -> Loaded | None:
    given = parse(command.words, _GRANIAN)
    folder = given.value("--working-dir") or command.variable("GRANIAN_WORKING_DIR") or "."
    return command.module(_target(given), command.path(folder))


def _in_folder(command: Command) -> Loaded | None:
    """A server that takes ``package.module:attribute`` and searches the working folder."""
    given = parse(command.words, "--reload --debug --dev --no-access-logs --single-process --call")
    folder = given.value("--app-dir", "--chdir", "--path") or "."
    return command.module(_target(given), command.path(folder))


def _target(given: Words) -> str:
    """The first operand that names an attribute of a module, else the first that is a name."""
    with_attribute = (one for one in given.operands if re.match(r"[A-Za-z_][\w.]*:[A-Za-z_]", one))
    return next(with_attribute, given.operands[0] if len(given.operands) == 1 else "")


def _gunicorn(command: Command) -> Loaded | None:
    more = command.variable("GUNICORN_CMD_ARGS").split()
    given = parse((*more, *command.words), _GUNICORN)
    target, folder = next(iter(given.operands), ""), given.value("--chdir")
    python_path = given.value("--pythonpath")
    named = given.value("-c", "--config") or "gunicorn.conf.py"
    settings = _settings(command, named.removeprefix("file:"))
    if settings is None:
        command = replace(command, complete=False)
    for name, value in (settings or {}).items():
        if name == "wsgi_app":
            target = target or value
        elif name == "chdir":
            folder = folder or value
        elif name == "pythonpath":
            python_path = python_path or value
    if not MODULE.fullmatch(target.partition(":")[0]):
        return None
    paths = [command.path(one) for one in (python_path or "").split(",") if one]
    return command.module(target, command.path(folder or "."), *paths)


def _settings(command: Command, file: str) -> dict[str, str] | None:
    """What the configuration file says, ``$`` where it computes it; None where it is not known."""
    path = command.path(file)
    if path is None or file.startswith("python:"):
        return None
    found = command.machine.files.lookup(path)
    text = command.read(file)
    if text is None:
        return {} if found.absent or found.entry is None else None
    if not re.search(r"^\s*(?:wsgi_app|chdir|pythonpath)\b|\bsys\.path", text, re.MULTILINE):
        return {}
    said = gunicorn_settings(text, path)
    if said is None or "sys.path" in text:
        return None
    return {
        name: value if isinstance(value, str) else "$"
        for name, (value, _) in said.items()
        if name in {"wsgi_app", "chdir", "pythonpath"}
    }


def _waitress(command: Command) -> Loaded | None:
    given = parse(command.words, "--call --expose-tracebacks --no-expose-tracebacks --ipv4 --ipv6")
    return command.module(given.operands[0] if given.operands else "", command.cwd)


SERVERS: Mapping[str, Callable[[Command], Loaded | None]] = {
    "uvicorn": _uvicorn, "gunicorn": _gunicorn, "hypercorn": _hypercorn, "granian": _granian,
    "daphne": _in_folder, "waitress-serve": _waitress, "waitress": _waitress,
    "sanic": _in_folder, "robyn": _in_folder, "fastapi": fastapi, "flask": flask,
    "quart": flask, "celery": celery, "streamlit": script_runner, "chainlit": script_runner,
    "marimo": script_runner, "functions-framework": functions,
    "functions_framework": functions, "functions-framework-python": functions,
}  # fmt: skip
