"""Programs of the start that run others in turn: script runners, process managers, sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.dockerfile.build.build import Build, Origin
from pipeline.dockerfile.build.scripts import Script
from pipeline.dockerfile.build.start import node_programs, processes, python_programs
from pipeline.dockerfile.build.start.inner import Inner, given, quoted
from pipeline.dockerfile.build.start.sources import NOWHERE, Run
from pipeline.dockerfile.build.tools import FOLLOWED
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Executed, Shell
from pipeline.dockerfile.syntax.nodes import Text

Runner = Callable[[Build, Executed, tuple[str, ...]], Iterable[Inner]]

_PM2 = frozenset({
    "-i", "--instances", "--name", "-n", "--env", "--interpreter", "--max-memory-restart", "-o",
    "--output", "-e", "--error", "-l", "--log", "--cwd", "--port", "--max-restarts", "--cron",
    "--log-date-format", "--wait-ready", "--node-args", "--interpreter-args", "--only",
})  # fmt: skip
_PM2_FILES = (".json", ".yml", ".yaml", ".config.js", ".config.cjs", ".config.mjs")


def _followed(build: Build, executed: Executed, _wrappers: tuple[str, ...]) -> Iterable[Inner]:
    """What a build follows, a start follows too."""
    return FOLLOWED[executed.name](build.final.machine, executed) or ()


def _python(build: Build, executed: Executed, _wrappers: tuple[str, ...]) -> Iterator[Inner]:
    found = python_programs.program(build, executed)
    if found is not None:
        origin, path = found
        yield from _started(python_programs.started(origin.text, path), origin, executed.shell)


def _node(build: Build, executed: Executed, wrappers: tuple[str, ...]) -> Iterator[Inner]:
    """A script of ``package.json`` (``node --run``, ``bun run``), or a source."""
    scripts = tuple(_followed(build, executed, wrappers)) if executed.name in FOLLOWED else ()
    found = None if scripts else node_programs.program(build, executed)
    yield from scripts
    if found is not None:
        origin, path = found
        yield from _started(node_programs.started(origin.text, path), origin, executed.shell)


def _started(runs: Iterable[Run], origin: Origin, shell: Shell) -> Iterator[Inner]:
    variables = {**shell.variables, NOWHERE: None}
    for run in runs:
        spawned = run.spawned
        cwd = absolute(shell.cwd, spawned.folder) if spawned.folder else shell.cwd
        yield Inner(
            Script(Text(spawned.text), origin.file),
            replace(shell, cwd=cwd, variables=variables, errexit=False, arguments=()),
            Place(origin.file, origin.line - 1 + run.line, run.column),
            certain=run.certain,
            background=not spawned.waits and not run.stays,
            stays=run.stays,
            tolerated=not spawned.checked,
        )


def _nodemon(build: Build, executed: Executed, wrappers: tuple[str, ...]) -> Iterator[Inner]:
    """``nodemon FILE``, ``nodemon --exec COMMAND``."""
    told = options(executed.words[1:], frozenset({"--exec", "-x", "-e", "--ext", "-w", "--watch"}))
    command = told.last("--exec", "-x")
    if command:
        yield given(" ".join((command, quoted(told.operands))).strip(), executed.shell)
    else:
        yield from _node(build, executed, wrappers)


def _pm2(_build: Build, executed: Executed, _wrappers: tuple[str, ...]) -> Iterator[Inner]:
    """``pm2-runtime app.js``, ``pm2-runtime start npm -- start``."""
    told = options(executed.words[1:], _PM2).operands
    words = told[1:] if told[:1] == ("start",) else told
    if words and not words[0].endswith(_PM2_FILES):
        is_source = words[0].rpartition(".")[2] in {"js", "mjs", "cjs", "ts"}
        yield given(quoted(("node", *words) if is_source else words), executed.shell)


_SOURCES: Mapping[str, Runner] = {
    **dict.fromkeys(
        ("python", "python3", *(f"python3.{minor}" for minor in range(7, 16))), _python
    ),
    **dict.fromkeys(("node", "nodejs", "tsx", "ts-node", "ts-node-dev", "tsnd", "bun"), _node),
}
RUNNERS: Mapping[str, Runner] = {
    **dict.fromkeys(FOLLOWED, _followed),
    **processes.RUNNERS,
    **_SOURCES,
    "nodemon": _nodemon,
    "pm2-runtime": _pm2,
}
