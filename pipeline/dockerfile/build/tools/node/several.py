"""Programs that run several scripts of ``package.json``: concurrently, npm-run-all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.start.inner import Inner, given, quoted
from pipeline.dockerfile.build.tools.node.scripts import Project
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.shell.executed import Executed

_MOST_SCRIPTS = 200
_LISTS = frozenset({
    "-n", "--names", "-c", "--prefix-colors", "--prefix", "-p", "-l", "--prefix-length", "-m",
    "--max-processes", "--success", "-s", "--restart-tries", "--restart-after", "--kill-signal",
    "--name-separator", "--default-input-target", "-t", "--timestamp-format",
})  # fmt: skip


def _concurrently(machine: Machine, executed: Executed) -> tuple[Inner, ...] | None:
    """``concurrently "npm:start" "node worker.js"``."""
    shell, texts = executed.shell, options(executed.words[1:], _LISTS).operands
    project = Project(machine, shell.cwd, shell, "npm") if shell.cwd else None
    names = project.package.scripts if project and project.package else {}
    commands: list[str] = []
    for text in texts:
        tool, colon, name = text.partition(":")
        if colon and tool in {"npm", "yarn", "pnpm", "bun", "node"}:
            run = f"{tool} {'--run' if tool == 'node' else 'run'}"
            commands += [f"{run} {quoted((one,))}" for one in _matching(name, names)]
        else:
            commands.append(text)
    return tuple(given(text, shell, background=len(commands) > 1) for text in commands)


def _several(machine: Machine, executed: Executed) -> tuple[Inner, ...] | None:
    """``run-s``, ``run-p`` and ``npm-run-all``."""
    folder = executed.shell.cwd
    if folder is None:
        return None
    project = Project(machine, folder, executed.shell, "npm")
    if project.package is None:
        return None
    together = executed.name == "run-p"
    found: list[Inner] = []
    for word in executed.words[1:]:
        if word in {"-p", "--parallel"}:
            together = True
        elif word in {"-s", "--serial", "--sequential"}:
            together = False
        elif not word.startswith("-"):
            name, _, arguments = word.partition(" ")
            for script in _matching(name, project.package.scripts):
                if len(found) == _MOST_SCRIPTS:
                    return None
                text = f"npm run {quoted((script,))} {arguments}".rstrip()
                found.append(given(text, project.shell, background=together))
    return tuple(found)


def _matching(pattern: str, names: Iterable[str]) -> list[str]:
    """``build:*`` is one level of names, ``build:**`` all below."""
    start, star, end = pattern.partition("*")
    if not star:
        return [pattern]
    if end not in {"", "*"}:
        return []
    matching = (
        name
        for name in names
        if name.startswith(start) and (end or ":" not in name.removeprefix(start))
    )
    return list(islice(matching, _MOST_SCRIPTS))


FOLLOWED: Mapping[str, Callable[[Machine, Executed], tuple[Inner, ...] | None]] = {
    "concurrently": _concurrently, "conc": _concurrently, "run-s": _several, "run-p": _several,
    "npm-run-all": _several,
}  # fmt: skip
