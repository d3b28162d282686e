"""What a Python program starts: ``subprocess.run([...])``, ``os.system("...")``, ``os.exec*``."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from functools import lru_cache

from pipeline.dockerfile.build.build import Build, Origin
from pipeline.dockerfile.build.start.sources import (
    Function,
    Run,
    Spawned,
    certainly,
    items,
    line,
    runs,
    told,
    words,
)
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.projects.python_calls import calls
from pipeline.dockerfile.projects.python_source import parse
from pipeline.dockerfile.projects.values import UNKNOWN, Call, Value
from pipeline.dockerfile.shell.executed import Executed, Shell

_RUNS = frozenset({"run", "call", "check_call", "check_output", "Popen", "getoutput"})
_CHECKS = frozenset({"check_call", "check_output"})
_TAKING = frozenset({"-X", "-W", "--check-hash-based-pycs"})


def program(build: Build, executed: Executed) -> tuple[Origin, str] | None:
    """The text of the program that Python runs, and its path; None where it is not known."""
    arguments = iter(executed.words[1:])
    for word in arguments:
        if word == "-m":
            return _module(build, executed.shell, next(arguments, ""))
        if word in _TAKING:
            next(arguments, "")
        elif word == "-c" or (word == "-" or not word.startswith("-")):
            return None if word in {"-c", "-"} else _file(build, executed.shell, word)
    return None


def _file(build: Build, shell: Shell, name: str) -> tuple[Origin, str] | None:
    path = absolute(shell.cwd, name)
    for one in (path, f"{path}/__main__.py") if path else ():
        if (origin := build.read(one)) is not None:
            return origin, one
    return None


def _module(build: Build, shell: Shell, name: str) -> tuple[Origin, str] | None:
    """The file of ``python -m NAME``, looked for here and in PYTHONPATH."""
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    above = (shell.variables.get("PYTHONPATH") or "").split(":")[:16]
    inner = name.replace(".", "/")
    for folder in (".", *above):
        root = absolute(shell.cwd, folder or ".")
        for path in (f"{inner}/__main__.py", f"{inner}.py") if root else ():
            whole = posixpath.join(root or "/", path)
            if (origin := build.read(whole)) is not None:
                return origin, whole
    return None


@lru_cache(maxsize=16)
def started(source: str, file: str) -> tuple[Run, ...]:
    """The programs that a source starts when it is run."""
    if not any(word in source for word in ("subprocess", "os.", "from os")):
        return ()
    found = calls(source, file)
    if not found:
        return ()
    return runs(found, tuple(_functions(source)), [_spawned(call) for call in found])


def _functions(source: str) -> Iterator[Function]:
    tree = parse(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(node.name, node.lineno, node.end_lineno or node.lineno)


def _spawned(call: Call) -> Spawned | None:
    module, _, name = call.callee.rpartition(".")
    first = call.arguments[0] if call.arguments else call.keywords.get("args", UNKNOWN)
    if module == "subprocess" and name in _RUNS:
        return _of_subprocess(call, name, first)
    if module == "os" and name in {"system", "popen"}:
        return Spawned(line(first), checked=False)
    if module == "os" and name.startswith("exec"):
        return Spawned(f"exec {words(_replacing(call, name))}")
    if module == "os" and name.startswith("spawn"):
        return Spawned(words(_replacing(call, name, first=1)), waits=False)
    if call.callee == "asyncio.create_subprocess_exec":
        return Spawned(words(call.arguments), waits=False, folder=told(call.keywords, "cwd"))
    if call.callee == "asyncio.create_subprocess_shell":
        return Spawned(line(first), waits=False, folder=told(call.keywords, "cwd"))
    return None


def _of_subprocess(call: Call, name: str, first: Value) -> Spawned:
    """A list of words, or a whole line where a shell is asked for; failures may be passed over."""
    if certainly(call.keywords, "shell") or name == "getoutput":
        text = line(first)
    else:
        text = words((first,) if isinstance(first, str) else items(first))
    checked = name in _CHECKS or certainly(call.keywords, "check")
    return Spawned(text, name != "Popen", told(call.keywords, "cwd"), checked)


def _replacing(call: Call, name: str, first: int = 0) -> tuple[Value, ...]:
    """The words of ``os.execvp(FILE, WORDS)`` and ``os.execlp(FILE, WORD, …)``."""
    file, *rest = call.arguments[first:] or (UNKNOWN,)
    if "v" in name.removeprefix("exec").removeprefix("spawn"):
        given = items(rest[0]) if rest else ()
    else:
        given = tuple(rest[:-1] if name.endswith("e") else rest)
    if file is UNKNOWN:
        return given or (UNKNOWN,)
    return (file, *given[1:])
