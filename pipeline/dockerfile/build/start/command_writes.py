"""What the commands of a start write themselves: logs, process ids, output that goes to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.processes import supervised
from pipeline.dockerfile.build.start.writing import Write
from pipeline.dockerfile.build.start.written import Kind, first
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.configs import gunicorn
from pipeline.dockerfile.projects.logging_files import file_handlers

_MOST = 50
_Found = Iterator[tuple[str, Kind, Place]]
_GUNICORN = ("--access-logfile", "--error-logfile", "--log-file", "--pid", "-p")
_GUNICORN_SETTINGS = ("accesslog", "errorlog", "logfile", "pidfile")
_LOG_CONFIG = ("--log-config",)
_TOUCH = frozenset({"-d", "--date", "-r", "--reference", "-t"})
_CELERY = ("--logfile", "-f", "--pidfile", "-s", "--schedule")
_STORES = {
    "django-celery-beat",
    "celery-redbeat",
    "sqlalchemy-celery-beat",
    "celery-sqlalchemy-scheduler",
}
_NO_FILES = frozenset({"-", "", "AUTO", "NONE", "none", "syslog", "None"})


def written_by(build: Build, launch: Launch) -> Iterator[Write]:
    """What one launch writes, with paths as its own folder makes them."""
    executed = launch.executed
    if executed.output is not None and executed.output[0]:
        yield from _write(launch, executed.output[0], Kind.FILE, launch.place)
    if executed.name in _BY_NAME:
        for path, kind, place in _BY_NAME[executed.name](build, launch):
            yield from _write(launch, path, kind, place)


def _write(launch: Launch, path: str, kind: Kind, place: Place) -> Iterator[Write]:
    executed = launch.executed
    whole = absolute(executed.shell.cwd, path)
    if whole is None or path in _NO_FILES or "%(" in path or whole.startswith("/dev/"):
        return
    ends = not executed.tolerated or launch.main
    yield Write(place, whole, kind, certain=executed.certain and ends)


def _options(launch: Launch, names: tuple[str, ...]) -> _Found:
    words = launch.executed.words
    for at, word in enumerate(words[1:], 1):
        name, equals, value = word.partition("=")
        if name in names and (equals or at + 1 < len(words)):
            yield value if equals else words[at + 1], Kind.FILE, launch.place


def _gunicorn(build: Build, launch: Launch) -> _Found:
    yield from _options(launch, _GUNICORN)
    yield from _logging(build, launch)
    named = [path for path, _, _ in _options(launch, ("-c", "--config"))]
    name = (named[-1] if named else "gunicorn.conf.py").removeprefix("file:")
    path = absolute(launch.executed.shell.cwd, name)
    origin = build.read(path) if path else None
    said = gunicorn(origin.text, path) if origin else None
    for setting in _GUNICORN_SETTINGS if origin and said else ():
        value, line = (said or {}).get(setting, ("", 0))
        if isinstance(value, str) and origin:
            yield value, Kind.FILE, Place(origin.file, origin.line - 1 + line)


def _logging(build: Build, launch: Launch) -> _Found:
    """The handlers of a configuration file that a server is given."""
    for name, _, _ in _options(launch, _LOG_CONFIG):
        path = absolute(launch.executed.shell.cwd, name.removeprefix("file:"))
        origin = build.read(path) if path else None
        for call, line in file_handlers(origin.text) if origin else ():
            value = first(call, "filename")
            if isinstance(value, str) and origin:
                yield value, Kind.FILE, Place(origin.file, origin.line - 1 + line)


def _celery(build: Build, launch: Launch) -> _Found:
    """beat keeps its schedule in the working folder unless it is told otherwise."""
    yield from _options(launch, _CELERY)
    words = launch.executed.words
    if _STORES & {one.name for one in build.final.machine.installed}:
        return  # kept in a database
    told = any(word.startswith(("-s", "--schedule", "-S")) for word in words)
    if "beat" in words and not told:
        yield "celerybeat-schedule", Kind.FILE, launch.place


def _supervisord(build: Build, launch: Launch) -> _Found:
    """It ends where the folder of a log is absent; its own log is in the working folder."""
    own = "supervisord.log"
    for origin, section in supervised(build, launch.executed):
        names = ("stdout_logfile", "stderr_logfile", "logfile", "pidfile")
        for name in names:
            value, line = section.options.get(name, ("", 0))
            if value and not (name == "pidfile" and section.kind != "supervisord"):
                yield value, Kind.FILE, Place(origin.file, origin.line - 1 + line)
        if section.kind == "supervisord" and section.get("logfile"):
            own = ""
    if own and "-l" not in launch.executed.words:
        yield own, Kind.FILE, launch.place


def _mkdir(_build: Build, launch: Launch) -> _Found:
    given = options(launch.executed.words[1:], frozenset({"-m", "--mode"}))
    kind = Kind.FOLDER if given.has("-p", "--parents") else Kind.ONE_FOLDER
    for word in given.operands:
        yield word, kind, launch.place


def _touch(_build: Build, launch: Launch) -> _Found:
    """``touch`` and ``tee``."""
    given = options(launch.executed.words[1:], _TOUCH)
    for word in given.operands:
        yield word, Kind.FILE, launch.place


def _nginx(build: Build, launch: Launch) -> _Found:
    """The official image keeps what it is sent in a folder of root's."""
    base = build.final.machine.base
    names = [name for name in build.context.files if name.endswith((".conf", ".template"))]
    texts = (build.context.text(name) or "" for name in names[:_MOST])
    if base.known and base.name == "nginx" and not any("_temp_path" in one for one in texts):
        yield "/var/cache/nginx/client_temp", Kind.FILE, launch.place


def _rails(_build: Build, launch: Launch) -> _Found:
    words = launch.executed.words
    if {"server", "s"} & set(words[1:3]) and "-P" not in words and "--pid" not in words:
        yield "tmp/pids", Kind.FOLDER, launch.place


_BY_NAME: Mapping[str, Callable[[Build, Launch], _Found]] = {
    "gunicorn": _gunicorn, "celery": _celery, "supervisord": _supervisord, "mkdir": _mkdir,
    "touch": _touch, "tee": _touch, "nginx": _nginx, "rails": _rails,
    "uvicorn": _logging, "hypercorn": _logging,
}  # fmt: skip
