"""The calls of Python that open files for writing, or make folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from pipeline.dockerfile.build.start.written import Kind, Target, first
from pipeline.dockerfile.projects.values import Call, Env, Joined, Value

_MODES = frozenset("rwaxbt+")
_ADDRESS = re.compile(r"sqlite(?:\+\w+)?:///(.+)")


def of_python(call: Call) -> Iterator[Target]:
    """What one call writes."""
    name = call.callee.rpartition(".")[2]
    if name.endswith("FileHandler"):
        yield from _handler(call)
    elif call.callee in _BY_CALLEE:
        yield from _BY_CALLEE[call.callee](call)
    elif name in _BY_NAME:
        yield from _BY_NAME[name](call)


def handlers(value: Value) -> Iterator[Value]:
    """The files of the handlers in a dictionary of logging."""
    said = value.get("handlers") if isinstance(value, Mapping) else None
    for one in said.values() if isinstance(said, Mapping) else ():
        if not isinstance(one, Mapping) or "filename" not in one or one.get("delay") is True:
            continue
        if "FileHandler" in str(one.get("class", "")):
            yield one["filename"]


def _handler(call: Call) -> Iterator[Target]:
    if call.keywords.get("delay") is not True:
        yield Target(first(call, "filename"))


def _basic(call: Call) -> Iterator[Target]:
    if "filename" in call.keywords:
        yield Target(call.keywords["filename"])


def _dictionary(call: Call) -> Iterator[Target]:
    return (Target(value) for value in handlers(first(call, "config")))


def _makedirs(call: Call) -> Iterator[Target]:
    yield Target(first(call, "name"), Kind.FOLDER)


def _mkdir(call: Call) -> Iterator[Target]:
    yield Target(first(call, "path"), Kind.ONE_FOLDER)


def _path_mkdir(call: Call) -> Iterator[Target]:
    if _is_path(call.owner):
        kind = Kind.FOLDER if call.keywords.get("parents") else Kind.ONE_FOLDER
        yield Target(call.owner, kind)


def _open(call: Call) -> Iterator[Target]:
    if _writes(call, 1):
        yield Target(first(call, "file", "filename"))


def _path_open(call: Call) -> Iterator[Target]:
    if _is_path(call.owner) and _writes(call, 0):
        yield Target(call.owner)


def _path_write(call: Call) -> Iterator[Target]:
    if _is_path(call.owner):
        yield Target(call.owner)


def _is_path(value: Value) -> bool:
    return isinstance(value, str | Env | Joined)


def _writes(call: Call, at: int) -> bool:
    mode = call.keywords.get("mode", call.arguments[at] if len(call.arguments) > at else "r")
    return isinstance(mode, str) and bool(set(mode) & set("wax+")) and set(mode) <= _MODES


def _database(call: Call) -> Iterator[Target]:
    value = first(call, "database")
    if not (isinstance(value, str) and value.startswith((":memory:", "file:"))):
        yield Target(value)


def _engine(call: Call) -> Iterator[Target]:
    """``sqlite:///data/app.db``: opened at the first query."""
    value = first(call, "url")
    found = _ADDRESS.match(value) if isinstance(value, str) else None
    if found and not found[1].startswith((":memory:", "file:")):
        yield Target(found[1].partition("?")[0], lazy=True)


def _sink(call: Call) -> Iterator[Target]:
    """loguru's: it makes its folder."""
    if call.arguments and isinstance(call.arguments[0], str | Joined):
        yield Target(call.arguments[0], Kind.BOTH)


_Finder = Callable[[Call], Iterator[Target]]
_BY_CALLEE: Mapping[str, _Finder] = {
    "logging.basicConfig": _basic, "logging.config.dictConfig": _dictionary,
    "os.makedirs": _makedirs, "os.mkdir": _mkdir, "sqlite3.connect": _database,
    "aiosqlite.connect": _database, "loguru.logger.add": _sink,
    **dict.fromkeys(("open", "io.open", "codecs.open", "gzip.open", "aiofiles.open"), _open),
}  # fmt: skip
_BY_NAME: Mapping[str, _Finder] = {
    "mkdir": _path_mkdir, "open": _path_open, "write_text": _path_write, "touch": _path_write,
    "write_bytes": _path_write, "create_engine": _engine, "create_async_engine": _engine,
}  # fmt: skip
