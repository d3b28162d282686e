"""What a start writes to: files that its sources open, folders that they make."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.node_writes import of_node
from pipeline.dockerfile.build.start.python_sources import runs
from pipeline.dockerfile.build.start.python_writes import handlers, of_python
from pipeline.dockerfile.build.start.reached import PYTHON, Reached
from pipeline.dockerfile.build.start.written import Kind, Target, first
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.logging_files import file_handlers
from pipeline.dockerfile.projects.python_source import Guard, lines
from pipeline.dockerfile.projects.values import Call, Env, Joined, Value, settled
from pipeline.dockerfile.shell.executed import Value as Text

_PYTHON = re.compile(
    r"FileHandler|basicConfig[^}]{0,300}filename|makedirs|mkdir\(|write_(?:text|bytes)\(|\.touch\(|"
    r"open\([^\n]{0,300}[\"'][rb]?[wax][bt+]{0,2}[\"']|sqlite|loguru|dictConfig|fileConfig"
)
_NODE = re.compile(
    r"createWriteStream|writeFile|appendFile|mkdir|ensureDir|outputFile|openSync|transports|otate|"
    r"multer|pino|log4js|better-sqlite3|sqlite3\.Database"
)
_MOST = 500  # calls that write, of one source
_MAKES = re.compile(r"mkdir|makedirs|ensureDir")
_UNSURE = {Guard.CONDITIONAL, Guard.FALLBACK, Guard.TYPING, Guard.TRIED}


@dataclass(frozen=True)
class Write:
    """``path`` is absolute. ``certain``: on every start, and nothing catches its failure.

    ``by_default``: a variable of the environment may say otherwise.
    """

    place: Place
    path: str
    kind: Kind
    certain: bool = True
    by_default: bool = False

    @property
    def folder(self) -> str:
        """The folder that has to be there, or that is made."""
        return self.path if self.kind.makes else posixpath.dirname(self.path)


def writes(build: Build, source: Reached) -> Iterator[Write]:
    """What one source writes when it is loaded or used."""
    environment = build.final.machine.env
    for call, target, path in _told(build, source):
        guards = set(call.guards) & _UNSURE
        makes = target.kind.makes
        checked = makes and guards == {Guard.CONDITIONAL} and "xists" in source.text
        if path is None or not runs(source, call.guards) or (guards and not checked):
            continue
        if source.language == PYTHON and _is_tried(source.text, call.line):
            continue
        certain = source.certain and Guard.FUNCTION not in call.guards and not target.lazy
        yield Write(
            source.place(call.line, call.column), path, target.kind, certain and not guards,
            _is_default(target.value, environment),
        )  # fmt: skip


def made(build: Build, source: Reached) -> Iterator[str | None]:
    """The folders that a source makes, on whatever condition; None for one that is not known."""
    if _MAKES.search(source.text):
        for _, target, path in _told(build, source):
            if target.kind.makes:
                yield path


def _told(build: Build, source: Reached) -> Iterator[tuple[Call, Target, str | None]]:
    """The calls that write, each with the absolute path if it is known."""
    environment = build.final.machine.env
    if not (_PYTHON if source.language == PYTHON else _NODE).search(source.text):
        return
    cwd = None if "chdir(" in source.text else source.launch.executed.shell.cwd
    for call, target in islice(chain(_targets(source), _configured(build, source)), _MOST):
        path = _path(target.value, environment)
        whole = absolute(cwd, path) if path else None
        if whole is not None and source.compiled and path.startswith("/"):
            whole = None if _moves(source, path) else whole
        yield call, target, whole


def _targets(source: Reached) -> Iterator[tuple[Call, Target]]:
    find = of_python if source.language == PYTHON else of_node
    for call in source.calls:
        for target in find(call):
            yield call, target
    if source.language == PYTHON and "LOGGING" in source.text:
        value, line = source.assignments.get("LOGGING", (None, 0))
        for file in handlers(value):
            yield Call("LOGGING", (), {}, line, 1), Target(file)


def _configured(build: Build, source: Reached) -> Iterator[tuple[Call, Target]]:
    """The files of the handlers in a configuration that the source names."""
    for call in source.calls if "fileConfig" in source.text else ():
        if call.callee == "logging.config.fileConfig":
            path = _path(first(call, "fname"), build.final.machine.env)
            whole = absolute(source.launch.executed.shell.cwd, path) if path else None
            origin = build.read(whole) if whole else None
            for handler, _ in file_handlers(origin.text) if origin else ():
                yield from ((call, target) for target in of_python(handler))


def _moves(source: Reached, path: str) -> bool:
    """Whether a path was put together from where the source is, which compiling changes."""
    cwd = source.launch.executed.shell.cwd or ""
    project = posixpath.dirname(posixpath.dirname(source.path))
    return path.startswith(project) and not project.startswith(cwd)


def _path(value: Value, environment: Mapping[str, Text]) -> str:
    """The path as far as its folder is known; empty where it is not."""
    if isinstance(value, Env) and environment.get(value.name, "") is None:
        return ""
    known = {name: text for name, text in environment.items() if text is not None}
    found = settled(value, known)
    if isinstance(value, Joined) and not isinstance(found, str):
        start = settled(value.parts[0], known) if value.parts else None
        found = f"{start}x" if isinstance(start, str) and "/" in start else None
    if not isinstance(found, str) or "\0" in found or "://" in found or found.startswith("~"):
        return ""
    return found


def _is_default(value: Value, environment: Mapping[str, Text]) -> bool:
    """Whether a variable that the image does not set may say otherwise."""
    parts = value.parts if isinstance(value, Joined) else (value,)
    return any(isinstance(part, Env) and part.name not in environment for part in parts)


def _is_tried(text: str, line: int) -> bool:
    """Whether a statement stands in a ``try``, told by the indentation."""
    above = lines(text)[:line]
    depth = _depth(above[-1])
    for written in reversed(above[:-1]):
        if depth == 0:
            return False
        if written.strip() and _depth(written) < depth:
            depth = _depth(written)
            if re.match(r"\s*(?:try:|(?:async )?with .*suppress)", written):
                return True
    return False


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
