"""What a JavaScript program starts: ``execSync("...")``, ``spawn("...", [...])``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache

from pipeline.dockerfile.build.build import Build, Origin
from pipeline.dockerfile.build.start.sources import (
    Function,
    Run,
    Spawned,
    certainly,
    line,
    runs,
    told,
    words,
)
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.node.packages import parsed
from pipeline.dockerfile.projects.javascript import language_of, read, text_of
from pipeline.dockerfile.projects.javascript_facts import calls
from pipeline.dockerfile.projects.values import UNKNOWN, Call
from pipeline.dockerfile.shell.executed import Executed

_TAKING = frozenset({
    "-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions",
    "--env-file", "--title", "--watch", "--ext", "-e", "--ignore", "--exec", "-x", "-P",
    "--project", "--tsconfig", "--delay", "-w",
})  # fmt: skip
_CODE = frozenset({"-e", "--eval", "-p", "--print", "-pe"})
_ENDINGS = ("", ".js", ".ts", ".mjs", ".cjs", "/index.js", "/index.ts")
_LINES = frozenset({"exec", "execSync"})
_WORDS = frozenset({"spawn", "spawnSync", "execFile", "execFileSync"})
_MODULES = frozenset({"child_process", "execa", "cross-spawn", "shelljs"})


def program(build: Build, executed: Executed) -> tuple[Origin, str] | None:
    """The text of the program that Node runs, and its path; None where it is not known."""
    arguments = iter(executed.words[1:])
    for word in arguments:
        if executed.name == "node" and word in _CODE:
            return None
        if word in _TAKING:
            next(arguments, "")
        elif not word.startswith("-") and word not in {"watch", "run"}:
            path = absolute(executed.shell.cwd, word)
            return _file(build, path) if path else None
    return None


def _file(build: Build, path: str) -> tuple[Origin, str] | None:
    package = build.read(posixpath.join(path, "package.json"))
    said = parsed(package.text) if package else None
    if said is not None and said.main:
        path = posixpath.normpath(posixpath.join(path, said.main))
    for ending in _ENDINGS:
        if (origin := build.read(path + ending)) is not None:
            return origin, path + ending
    return None


@lru_cache(maxsize=16)
def started(source: str, file: str) -> tuple[Run, ...]:
    """The programs that a source starts when it is run."""
    if not any(name in source for name in _MODULES):
        return ()
    language = language_of(file) or "javascript"
    found = calls(source, language, file)
    if not found:
        return ()
    return runs(found, tuple(_functions(source, language)), [_spawned(call) for call in found])


def _functions(source: str, language: str) -> Iterator[Function]:
    """Functions by the names that they are declared with or bound to."""
    parsed_source = read(source, language)
    for seen in parsed_source.seen if parsed_source else ():
        node = seen.node
        value = node.child_by_field_name("value")
        is_function = node.type == "function_declaration" or (
            node.type == "variable_declarator"
            and value is not None
            and value.type in {"arrow_function", "function_expression"}
        )
        if is_function:
            name = text_of(node.child_by_field_name("name"))
            yield Function(name, node.start_point[0] + 1, node.end_point[0] + 1)


def _spawned(call: Call) -> Spawned | None:
    module, _, name = call.callee.rpartition(".")
    module, name = (name, "spawn") if call.callee in _MODULES else (module, name)
    if module not in _MODULES:
        return None
    first = call.arguments[0] if call.arguments else UNKNOWN
    second = call.arguments[1] if len(call.arguments) > 1 else ()
    waits, folder = name.endswith("Sync"), told(call.keywords, "cwd")
    if module == "shelljs":
        return Spawned(line(first), folder=folder) if name == "exec" else None
    if name in _LINES or name.startswith("execaCommand"):
        return Spawned(line(first), waits=waits, folder=folder)
    rest = second if isinstance(second, tuple) else ()
    if name in _WORDS or name.startswith("execa"):
        plain = not certainly(call.keywords, "shell")
        text = words((first, *rest)) if plain else f"{line(first)} {words(rest)}"
        return Spawned(text, waits=waits, folder=folder)
    if name == "fork":
        return Spawned(words(("node", first, *rest)), waits=False, folder=folder)
    return None
