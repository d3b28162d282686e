"""The TypeScript compiler, and Nest's around it: which folder they fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.dockerfile.build.entries import Entry
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.compiled import compile_into
from pipeline.dockerfile.build.tools.node.outputs import fill, somewhere
from pipeline.dockerfile.build.tools.node.roots import root_of
from pipeline.dockerfile.build.tools.node.settings import Settings, settings_at
from pipeline.dockerfile.build.tools.options import options

_TSC = frozenset({"-p", "--project", "--outDir", "--target", "--module", "--rootDir", "-t", "-m"})
_MOST_PROJECTS = 50


def tsc(call: Call) -> None:
    """``tsc``: the output folder that its options or ``tsconfig.json`` name."""
    given = options(call.words, _TSC)
    told = given.last("--outDir", "--outdir")
    if given.has("--noEmit", "--version", "-v", "--init", "--showConfig", "--help", "-h"):
        return
    if told is not None:
        fill(call, call.path(told), "tsc")
    elif given.has("-b", "--build"):
        _build(call, given.operands or (".",))
    elif given.operands:
        somewhere(call)
    else:
        _emit(call, settings_at(call.machine, call.path(given.last("-p", "--project") or ".")))


def _emit(call: Call, settings: Settings | None) -> None:
    """One project's output; where all its sources are known to be below a folder, file by file."""
    if settings is None or (settings.out_dir is None and not settings.no_emit):
        somewhere(call)
    elif settings.out_dir is None or settings.no_emit:
        return
    elif (root := settings.root_dir or root_of(call.machine, settings.config)) is None:
        fill(call, settings.out_dir, "tsc")
    else:
        machine, step = call.machine, call.step
        made = Entry(
            settings.out_dir, directory=True, maker="tsc", stage=step.stage, place=step.place,
            owner=machine.user or None,
        )  # fmt: skip
        compile_into(machine.files, root, made, step.number)


def _build(call: Call, projects: Sequence[str]) -> None:
    """``tsc -b``: projects and those that they refer to, each with settings of its own."""
    waiting = [call.path(one) for one in projects]
    done: set[str] = set()
    while waiting and len(done) < _MOST_PROJECTS:
        path = waiting.pop()
        settings = settings_at(call.machine, path)
        if path is None or settings is None:
            somewhere(call)
        elif path not in done:
            done.add(path)
            waiting += settings.references
            if settings.out_dir is not None or not settings.references:
                _emit(call, settings)


def nest(call: Call) -> None:
    """``nest build``: as ``tsconfig.build.json`` says, into ``dist`` where it says nothing."""
    given = options(call.words, frozenset({"-p", "--path", "-c", "--config", "-b", "--builder"}))
    if given.operands[:1] != ("build",) or call.cwd is None:
        return
    settings = _nest_settings(call, given.last("-p", "--path"))
    out = (settings.out_dir if settings else None) or f"{call.cwd}/dist"
    if settings is None or len(given.operands) > 1:
        somewhere(call)
    fill(call, out, "nest")


def _nest_settings(call: Call, named: str | None) -> Settings | None:
    for name in (named,) if named else ("tsconfig.build.json", "tsconfig.json"):
        path = call.path(name)
        if path and not call.machine.files.lookup(path).absent:
            return settings_at(call.machine, path)
    return None


TOOLS: Mapping[str, Callable[[Call], None]] = {"tsc": tsc, "vue-tsc": tsc, "nest": nest}
