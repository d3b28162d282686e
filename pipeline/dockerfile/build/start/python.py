"""What Python loads at start: the module or file of each launch, and the folders it searches."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.dockerfile.build.build import Build, read
from pipeline.dockerfile.build.files import Presence
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.projects.configs import gunicorn as gunicorn_settings
from pipeline.dockerfile.shell.executed import Executed, Value

_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?", re.ASCII)
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_ALONE = frozenset({"-X", "-W", "--check-hash-based-pycs"})  # python's options that take a value


@dataclass(frozen=True)
class Loaded:
    """What one launch makes Python load first.

    Either ``module`` (dotted) or ``file`` (absolute). ``attribute`` is the application in it.
    ``folders`` are searched in this order, before site-packages; ``complete`` False: others are
    searched too. ``program``: it runs as ``__main__``.
    """

    launch: Launch
    module: str = ""
    file: str = ""
    attribute: str = ""
    folders: tuple[str, ...] = ()
    complete: bool = True
    program: bool = False

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class _Words:
    """A server's command line: options with what follows them, and operands."""

    operands: tuple[str, ...]
    values: Mapping[str, str]
    flags: frozenset[str]

    def value(self, *names: str) -> str | None:
        return next((self.values[name] for name in names if name in self.values), None)


@dataclass(frozen=True)
class _Command:
    """A launch without ``python -m``: what the program is called, its words, its surroundings."""

    launch: Launch
    machine: Machine
    words: tuple[str, ...]  # after the program
    paths: tuple[str, ...]  # what PYTHONPATH says
    complete: bool

    @property
    def cwd(self) -> Value:
        return self.launch.executed.shell.cwd

    def path(self, word: str) -> Value:
        return absolute(self.cwd, word)

    def read(self, word: str) -> str | None:
        path = self.path(word)
        origin = read(self.machine, path) if path else None
        return origin.text if origin else None

    def exists(self, word: str) -> bool:
        path = self.path(word)
        return path is not None and self.machine.files.lookup(path).present

    def variable(self, name: str) -> str:
        return self.launch.executed.shell.variables.get(name, "") or ""

    def module(self, target: str, *folders: Value, program: bool = False) -> Loaded | None:
        """``package.module:attribute``, searched in ``folders`` (None: one that is not known)."""
        name, _, attribute = target.partition(":")
        if not _MODULE.fullmatch(name):
            return None
        known = tuple(folder for folder in folders if folder is not None)
        complete = self.complete and len(known) == len(folders)
        return Loaded(
            self.launch, name, "", attribute, (*known, *self.paths), complete, program=program
        )

    def file(self, word: str, *, program: bool = True) -> Loaded | None:
        """A file, with its own folder searched."""
        path = self.path(word)
        if path is None:
            return None
        folders = (posixpath.dirname(path), *self.paths)
        return Loaded(self.launch, "", path, "", folders, self.complete, program=program)


def loads(build: Build) -> tuple[Loaded, ...]:
    """What each launch of the start makes Python load, as far as its words tell."""
    machine = build.final.machine
    return tuple(
        found
        for launch in build.start.launches
        if not launch.followed or _PYTHON.fullmatch(launch.executed.name)
        if (found := loaded(machine, launch)) is not None
    )


def loaded(machine: Machine, launch: Launch) -> Loaded | None:
    """What this launch makes Python load; None where it is no Python, or cannot be told."""
    executed = launch.executed
    texts = tuple(_text(argument.value) for argument in executed.argv)
    if not texts or not texts[0]:
        return None
    paths, complete = _python_path(executed)
    command = _Command(launch, machine, texts[1:], paths, complete)
    if _PYTHON.fullmatch(executed.name):
        return _python(command)
    if executed.name in _SERVERS:
        return _SERVERS[executed.name](command)
    if texts[0].endswith(".py"):
        return command.file(texts[0])
    return None


def _text(value: Value) -> str:
    """A word; one that cannot be known is a dollar, which nothing takes for a name."""
    return "$" if value is None else value


def _python_path(executed: Executed) -> tuple[tuple[str, ...], bool]:
    value = executed.shell.variables.get("PYTHONPATH", "")
    if value is None:
        return (), False
    found = [absolute(executed.shell.cwd, one or ".") for one in value.split(":")] if value else []
    known = tuple(one for one in found if one is not None)
    return known, len(known) == len(found)


def _python(command: _Command) -> Loaded | None:
    """``python [OPTIONS] -m MODULE``, ``python FILE``."""
    words, at = command.words, 0
    while at < len(words) and words[at].startswith("-"):
        word = words[at]
        if set("IEP") & set(word[1:]) and not word.startswith("--"):
            command = replace(command, complete=False)
        if re.fullmatch(r"-[A-Za-z]*m", word) and at + 1 < len(words):
            return _as_module(replace(command, words=words[at + 2 :]), words[at + 1])
        if re.fullmatch(r"-|-[A-Za-z]*[cm]", word):
            return None
        at += 2 if word in _ALONE else 1
    if at >= len(words) or words[at] == "$":
        return None
    found = command.file(words[at])
    if found is not None and machine_has_folder(command.machine, found.file):
        return replace(
            found, file=f"{found.file}/__main__.py", folders=(found.file, *command.paths)
        )
    return found


def machine_has_folder(machine: Machine, path: str) -> bool:
    """Whether a path is a folder for certain."""
    entry = machine.files.lookup(path).entry
    return entry is not None and entry.directory


def _as_module(command: _Command, name: str) -> Loaded | None:
    if name in _SERVERS:
        return _SERVERS[name](command)
    return command.module(name, command.cwd, program=True)


def _parse(words: Sequence[str], flags: str) -> _Words:
    """Options that are no ``flags`` take the next word: one that is not known eats the operand."""
    alone = frozenset(flags.split())
    operands: list[str] = []
    values: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            operands += rest
        elif not word.startswith("-") or word == "-":
            operands.append(word)
        elif name in alone:
            values[name] = ""
        elif equals:
            values[name] = value
        elif len(word) > 2 and not word.startswith("--"):
            values[word[:2]] = word[2:]
        else:
            values[word] = next(rest, "")
    return _Words(tuple(operands), values, alone & values.keys())


_UVICORN = (
    "--reload --access-log --no-access-log --proxy-headers --no-proxy-headers --server-header "
    "--no-server-header --date-header --no-date-header --use-colors --no-use-colors --factory "
    "--version --help --reset-contextvars"
)
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
_FLASK = (
    "--debug --no-debug --reload --no-reload --debugger --no-debugger --with-threads "
    "--without-threads -h --help"
)
_CELERY = (
    "-B --beat -E --task-events --purge --discard --detach -D --without-gossip --without-mingle "
    "--without-heartbeat -q --quiet"
)


def _uvicorn(command: _Command) -> Loaded | None:
    given = _parse(command.words, _UVICORN)
    target = _target(given) or command.variable("UVICORN_APP")
    return command.module(target, command.path(given.value("--app-dir") or "."))


def _hypercorn(command: _Command) -> Loaded | None:
    given = _parse(command.words, _HYPERCORN)
    target = _target(given).removeprefix("asgi:").removeprefix("wsgi:")
    return command.module(target, command.cwd)


def _granian(command: _Command) -> Loaded | None:
    given = _parse(command.words, _GRANIAN)
    folder = given.value("--working-dir") or command.variable("GRANIAN_WORKING_DIR") or "."
    return command.module(_target(given), command.path(folder))


def _in_folder(command: _Command) -> Loaded | None:
    """A server that takes ``package.module:attribute`` and searches the working folder."""
    given = _parse(command.words, "--reload --debug --dev --no-access-logs --single-process --call")
    folder = given.value("--app-dir", "--chdir", "--path") or "."
    return command.module(_target(given), command.path(folder))


def _target(given: _Words) -> str:
    """The first operand that names an attribute of a module, else the first that is a name."""
    with_attribute = (one for one in given.operands if re.match(r"[A-Za-z_][\w.]*:[A-Za-z_]", one))
    return next(with_attribute, given.operands[0] if len(given.operands) == 1 else "")


def _gunicorn(command: _Command) -> Loaded | None:
    more = command.variable("GUNICORN_CMD_ARGS").split()
    given = _parse((*more, *command.words), _GUNICORN)
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
    if not _MODULE.fullmatch(target.partition(":")[0]):
        return None
    paths = [command.path(one) for one in (python_path or "").split(",") if one]
    return command.module(target, command.path(folder or "."), *paths)


def _settings(command: _Command, file: str) -> dict[str, str] | None:
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


_FASTAPI_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")


def _fastapi(command: _Command) -> Loaded | None:
    """``fastapi run [FILE]``: the module is searched from above its outermost package."""
    given = _parse(command.words, _UVICORN)
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


def _packaged(command: _Command, path: str) -> Loaded:
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


def _flask(command: _Command) -> Loaded | None:
    """``flask --app X run``, FLASK_APP, or ``wsgi.py`` and ``app.py`` by themselves."""
    given = _parse(command.words, _FLASK)
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


def _known(command: _Command, *names: str) -> str | None:
    """The first variable that is set; None where that cannot be known."""
    variables = command.launch.executed.shell.variables
    return next((variables[name] for name in names if name in variables), "")


def _celery(command: _Command) -> Loaded | None:
    given = _parse(command.words, _CELERY)
    target = given.value("-A", "--app") or _known(command, "CELERY_APP") or ""
    return command.module(target, command.path(given.value("--workdir") or "."))


def _script_runner(command: _Command) -> Loaded | None:
    """``streamlit run FILE`` and its likes."""
    given = _parse(command.words, "--help --headless -h --watch -w --no-token --debug")
    if given.operands[:1] != ("run",) or len(given.operands) < 2 or "://" in given.operands[1]:
        return None
    return command.file(given.operands[1]) if "$" not in given.operands[1] else None


def _functions(command: _Command) -> Loaded | None:
    """Google's functions framework: ``main.py``, or what ``--source`` names."""
    given = _parse(command.words, "--debug")
    source = given.value("--source") or command.variable("FUNCTION_SOURCE") or "main.py"
    return command.file(source, program=False) if "$" not in source else None


def _waitress(command: _Command) -> Loaded | None:
    given = _parse(command.words, "--call --expose-tracebacks --no-expose-tracebacks --ipv4 --ipv6")
    return command.module(given.operands[0] if given.operands else "", command.cwd)


_SERVERS: Mapping[str, Callable[[_Command], Loaded | None]] = {
    "uvicorn": _uvicorn, "gunicorn": _gunicorn, "hypercorn": _hypercorn, "granian": _granian,
    "daphne": _in_folder, "waitress-serve": _waitress, "waitress": _waitress,
    "sanic": _in_folder, "robyn": _in_folder, "fastapi": _fastapi, "flask": _flask,
    "quart": _flask, "celery": _celery, "streamlit": _script_runner, "chainlit": _script_runner,
    "marimo": _script_runner, "functions-framework": _functions,
    "functions_framework": _functions, "functions-framework-python": _functions,
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """Where a module is. ``path`` is its file, or the folder of a package without a file.

    ``vague``: absent, but for what programs may have made of which nothing is known.
    """

    presence: Presence
    path: str = ""
    vague: bool = False

    @property
    def absent(self) -> bool:
        return self.presence is Presence.ABSENT

    @property
    def present(self) -> bool:
        return self.presence is Presence.PRESENT


_MAYBE = Module(Presence.UNKNOWN)


def find_module(
    machine: Machine, folders: Sequence[str], module: str, at: int | None = None
) -> Module:
    """Where ``import module`` finds it in ``folders``, with all packages on the way there.

    A package in the first folder that has it hides those after it. ``at`` is a step's number:
    before it ran.
    """
    top, _, rest = module.partition(".")
    maybe = vague = False
    for folder in folders:
        found = module_at(machine, posixpath.join(folder, top), at)
        vague = vague or found.vague
        if found.presence is Presence.UNKNOWN:
            maybe = True
        elif found.present:
            return _MAYBE if maybe else _within(machine, found, rest, at)
    return _MAYBE if maybe else Module(Presence.ABSENT, vague=vague)


def _within(machine: Machine, found: Module, rest: str, at: int | None) -> Module:
    """Down the dots; what a file that is no package may offer as attributes is not known."""
    for part in rest.split(".") if rest else ():
        if not found.present:
            return found
        folder = found.path.removesuffix("/__init__.py")
        if folder == found.path and found.path.endswith(".py"):
            return Module(Presence.ABSENT)
        found = module_at(machine, posixpath.join(folder, part), at)
    return found


def module_at(machine: Machine, base: str, at: int | None = None) -> Module:
    """One part of a module's name: a package, a file, or a folder that holds Python."""
    files = machine.files
    seen = []
    for path in (f"{base}/__init__.py", f"{base}.py"):
        found = files.lookup(path, at)
        if found.present:
            return Module(Presence.PRESENT, path)
        seen.append(found)
    folder = files.lookup(base, at)
    certain = all(one.unlikely for one in seen)
    if folder.present and (folder.entry is None or folder.entry.directory):
        known = any(one.endswith(".py") for one in files.below(base))
        return Module(Presence.PRESENT, base) if known and certain else _MAYBE
    if not certain or not folder.unlikely:
        return _MAYBE
    return Module(Presence.ABSENT, vague=not all(one.absent for one in (*seen, folder)))


def python_files(machine: Machine, folder: str) -> Iterator[str]:
    """Python files known to lie in a folder or below it."""
    return (
        path
        for path in machine.files.below(folder)
        if path.endswith(".py") and machine.files.lookup(path).present
    )
