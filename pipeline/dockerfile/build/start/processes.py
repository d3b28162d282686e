"""Process managers: what a Procfile or a ``supervisord.conf`` starts."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from pipeline.dockerfile.build.build import Build, Origin
from pipeline.dockerfile.build.scripts import Script
from pipeline.dockerfile.build.start.inner import Inner, given, quoted
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.configs import (
    Section,
    environment,
    procfile,
    supervisor,
)
from pipeline.dockerfile.shell.executed import Executed, Shell, Value
from pipeline.dockerfile.syntax.nodes import Text

_FROM_PROCFILE = frozenset({
    "-f", "--procfile", "-e", "--env", "-p", "--port", "-c", "--concurrency", "-l", "--processes",
    "-d", "--app-root", "--root", "-m", "--formation", "-t", "--timeout", "-a", "--auto-restart",
    "-T", "-s", "--socket", "-b", "--base-port", "-i", "--ignored-processes", "-r", "--can-die",
})  # fmt: skip
_procfile, _supervisor = lru_cache(maxsize=16)(procfile), lru_cache(maxsize=64)(supervisor)
_START = frozenset({"start", "s"})
_CONFIGURATIONS = (
    "../etc/supervisord.conf", "../supervisord.conf", "supervisord.conf", "etc/supervisord.conf",
    "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf",
)  # fmt: skip
_OF_DEBIAN = "/etc/supervisor/conf.d/*.conf"
_VARIABLE = re.compile(r"%\(ENV_(\w+)\)s")
_MOST_FILES, _MOST_PROCESSES = 50, 200
_OFF = frozenset({"false", "0", "no", "off"})


def from_procfile(build: Build, executed: Executed, _wrappers: tuple[str, ...]) -> Iterator[Inner]:
    """``honcho start [NAME…]`` and its likes."""
    found = options(executed.words[1:], _FROM_PROCFILE)
    operands = found.operands
    if operands[:1] == ("run",):
        yield given(quoted(operands[1:]), executed.shell)
        return
    names = operands[1:] if operands[:1] and operands[0] in _START else operands
    told = found.last("-f", "--procfile")
    if executed.name in {"hivemind", "forego"} and told is None and names and "/" in names[0]:
        told, names = names[0], ()
    chosen = {*names, *(found.last("-l", "--processes") or "").split(",")} - {"", "all"}
    path = absolute(executed.shell.cwd, told or "Procfile")
    origin = build.read(path) if path else None
    if origin is not None:
        yield from _processes(origin, chosen, executed.shell)


def _processes(origin: Origin, chosen: set[str], shell: Shell) -> Iterator[Inner]:
    every = _procfile(origin.text)
    processes = [one for one in every if not chosen or one.name in chosen][:_MOST_PROCESSES]
    for number, one in enumerate(processes):
        # Each kind of process gets a port of its own; the first has the one that was given.
        port: dict[str, Value] = {"PORT": None} if number else {}
        yield Inner(
            Script(Text(one.command), origin.file),
            replace(shell, variables={**shell.variables, **port}),
            Place(origin.file, origin.line - 1 + one.line),
            background=len(processes) > 1,
        )


def from_supervisor(
    build: Build, executed: Executed, _wrappers: tuple[str, ...]
) -> Iterator[Inner]:
    """``supervisord``: the programs of its configuration and of the files that it includes."""
    programs = [
        (origin, section)
        for origin, section in supervised(build, executed)
        if section.kind == "program" and section.get("autostart").lower() not in _OFF
    ]
    for origin, section in programs[:_MOST_PROCESSES]:
        yield _program(origin, section, executed.shell, background=len(programs) > 1)


def supervised(build: Build, executed: Executed) -> Iterator[tuple[Origin, Section]]:
    """The sections of the configuration that this ``supervisord`` reads."""
    told = options(executed.words[1:], frozenset({"-c", "--configuration", "-u", "-l", "-j", "-e"}))
    named = told.last("-c", "--configuration")
    for origin in _configuration(build, executed.shell, (named,) if named else _CONFIGURATIONS):
        for section in _supervisor(origin.text):
            yield origin, section


def _configuration(build: Build, shell: Shell, names: tuple[str, ...]) -> list[Origin]:
    for name in names:
        path = absolute(shell.cwd, name)
        origin = build.read(path) if path else None
        if path is not None and origin is not None:
            return [origin, *_included(build, origin, posixpath.dirname(path))]
    return list(_matching(build, _OF_DEBIAN))


def _included(build: Build, origin: Origin, folder: str) -> Iterator[Origin]:
    for section in _supervisor(origin.text):
        if section.kind == "include":
            for pattern in section.get("files").split()[:_MOST_FILES]:
                yield from _matching(build, posixpath.normpath(posixpath.join(folder, pattern)))


def _matching(build: Build, pattern: str) -> Iterator[Origin]:
    """The files of the image whose last segment matches."""
    folder, last = posixpath.split(pattern)
    below = build.final.machine.files.below(folder)
    names = {path for path in below if posixpath.dirname(path) == folder}
    for path in islice(sorted(names), _MOST_FILES):
        if fnmatch.fnmatchcase(posixpath.basename(path), last):
            origin = build.read(path)
            if origin is not None:
                yield origin


def _program(origin: Origin, section: Section, shell: Shell, *, background: bool) -> Inner:
    """One program. No shell reads its command: the words are quoted, variables aside."""
    folder = section.get("directory")
    cwd = absolute(shell.cwd, folder) if folder else shell.cwd
    own: dict[str, Value] = {}
    for name, value in environment(section.get("environment")).items():
        own[name] = None if "%(" in value else value
    line = section.options.get("command", ("", section.line))[1]
    return Inner(
        Script(Text(_command(section.get("command"))), origin.file),
        replace(shell, cwd=cwd, variables={**shell.variables, **own}, errexit=False),
        Place(origin.file, origin.line - 1 + line),
        background=background,
    )


def _command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        return ""
    return " ".join(
        _VARIABLE.sub(r'"${\1}"', word) if _VARIABLE.fullmatch(word) else _with_variables(word)
        for word in words
    )


def _with_variables(word: str) -> str:
    pieces = _VARIABLE.split(word)
    return "".join(
        f'"${{{piece}}}"' if at % 2 else shlex.quote(piece) if piece or len(pieces) == 1 else ""
        for at, piece in enumerate(pieces)
    )


RUNNERS: Mapping[str, Callable[[Build, Executed, tuple[str, ...]], Iterator[Inner]]] = {
    **dict.fromkeys(("honcho", "foreman", "forego", "goreman", "hivemind", "overmind"),
                    from_procfile),
    "supervisord": from_supervisor,
}  # fmt: skip
