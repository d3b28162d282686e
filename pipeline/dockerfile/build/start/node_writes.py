"""The calls of JavaScript that open files for writing, or make folders."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping

from pipeline.dockerfile.build.start.written import Kind, Target, first
from pipeline.dockerfile.projects.values import Call, Env, Joined

_LATER = ("writeFile", "appendFile", "mkdir")  # their failure goes to a callback or a promise
_FS = frozenset({
    "fs", "fs/promises", "fs.promises", "fs-extra", "graceful-fs", "fse", "fsp", "promises",
})  # fmt: skip


def of_node(call: Call) -> Iterator[Target]:
    """What one call writes."""
    module, _, name = call.callee.rpartition(".")
    if call.callee in _BY_CALLEE:
        yield from _BY_CALLEE[call.callee](call)
    elif module in _FS and name in _OF_FS:
        yield from _OF_FS[name](call)
    elif call.callee.startswith("new ") and (name.endswith("File") or "otate" in call.callee):
        yield from _transport(call)
    elif name == "diskStorage":
        yield from _uploads(call)


def _file(call: Call) -> Iterator[Target]:
    yield Target(first(call), lazy=call.callee.endswith(_LATER))


def _opened(call: Call) -> Iterator[Target]:
    mode = call.arguments[1] if len(call.arguments) > 1 else "r"
    if isinstance(mode, str) and set(mode) & set("wa"):
        yield Target(call.arguments[0])


def _folder(call: Call) -> Iterator[Target]:
    deep = call.keywords.get("recursive") is True
    kind = Kind.FOLDER if deep else Kind.ONE_FOLDER
    yield Target(first(call), kind, lazy=call.callee.endswith(_LATER))


def _folders(call: Call) -> Iterator[Target]:
    yield Target(first(call), Kind.FOLDER)


def _with_folder(call: Call) -> Iterator[Target]:
    yield Target(first(call), Kind.BOTH)


def _uploads(call: Call) -> Iterator[Target]:
    """multer's: a folder that is named by a text is made."""
    value = call.keywords.get("dest", call.keywords.get("destination"))
    if isinstance(value, str | Env | Joined):
        yield Target(value, Kind.FOLDER)


def _transport(call: Call) -> Iterator[Target]:
    """winston's: it makes its folder."""
    folder, file = call.keywords.get("dirname"), call.keywords.get("filename", "winston.log")
    if isinstance(folder, str) and isinstance(file, str):
        yield Target(posixpath.join(folder, file), Kind.BOTH)
    elif folder is None:
        yield Target(file, Kind.BOTH)
    elif isinstance(folder, Env | Joined):
        yield Target(folder, Kind.FOLDER)


def _pino(call: Call) -> Iterator[Target]:
    options = call.keywords.get("options")
    said = options if isinstance(options, Mapping) else call.keywords
    value = said.get("destination", said.get("dest"))
    if value is None and call.callee == "pino.destination":
        value = call.arguments[0] if call.arguments else None
    if isinstance(value, str | Env | Joined):
        yield Target(value, Kind.BOTH if said.get("mkdir") is True else Kind.FILE)


def _appenders(call: Call) -> Iterator[Target]:
    said = call.keywords.get("appenders")
    for one in said.values() if isinstance(said, Mapping) else ():
        if isinstance(one, Mapping) and "filename" in one:
            yield Target(one["filename"], Kind.BOTH)


def _database(call: Call) -> Iterator[Target]:
    if first(call) not in {":memory:", ""}:
        yield Target(first(call))


_Finder = Callable[[Call], Iterator[Target]]
_OF_FS: Mapping[str, _Finder] = {
    **dict.fromkeys(
        ("createWriteStream", "writeFileSync", "appendFileSync", "writeFile", "appendFile"), _file
    ),
    "openSync": _opened, "mkdirSync": _folder, "mkdir": _folder, "ensureDir": _folders,
    "ensureDirSync": _folders, "mkdirpSync": _folders, "outputFile": _with_folder,
    "outputFileSync": _with_folder,
}  # fmt: skip
_BY_CALLEE: Mapping[str, _Finder] = {
    "mkdirp": _folders, "mkdirp.sync": _folders, "multer": _uploads, "pino": _pino,
    "pino.destination": _pino, "pino.transport": _pino, "log4js.configure": _appenders,
    "new better-sqlite3": _database, "new sqlite3.Database": _database,
}  # fmt: skip
