"""S09: an install that insists on a lock file which is not there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pipeline.dockerfile.build.build import Build, Stage, read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.outcomes import ends_build
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.locks import LOCKS, Frozen, frozen
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.place import Edit, Patch, Place
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_NAMES = frozenset(name for names in LOCKS.values() for name in names)
_ROOTS = {"package.json": '"workspaces"', "pyproject.toml": "[tool.uv.workspace", "Pipfile": ""}
_MANIFESTS = ("package.json", "pyproject.toml", "Pipfile")


def find(build: Build) -> Iterator[Fault]:
    for stage in build.used:
        missed: set[str] = set()
        for step in stage.commands():
            fault = _of_install(build, stage, step, missed)
            if fault is not None:
                yield fault
        yield from _of_copies(build, stage, missed)


def _of_install(build: Build, stage: Stage, step: Step, missed: set[str]) -> Fault | None:
    executed = step.executed
    asked = frozen(Call(stage.machine, step, executed)) if executed else None
    if asked is None or asked.names[0] in missed or not _is_absent(stage, step, asked):
        return None
    ends = ends_build(stage, step)
    if ends is False:
        return None
    missed.update(asked.names)
    path, reason, fix = _reason(build, stage, step, asked)
    return Fault(
        step.place,
        f"{asked.command} needs {asked.names[0]} in {asked.folder}, and {reason}",
        fix,
        _patch(build, stage, step, path) if "no COPY" in reason else None,
        None if ends and asked.certain else Severity.WARNING,
    )


def _is_absent(stage: Stage, step: Step, asked: Frozen) -> bool:
    """Whether no lock file is there, nor above, where a workspace would have it."""
    files, at = stage.machine.files, step.number
    for folder in ancestors(asked.folder):
        if folder != asked.folder and not _is_workspace(stage.machine, folder, at):
            continue
        if not all(files.lookup(posixpath.join(folder, one), at).absent for one in asked.names):
            return False
    return True


def _is_workspace(machine: Machine, folder: str, at: int) -> bool:
    """Whether a folder that the Dockerfile has made holds, or may hold, a workspace's root."""
    files = machine.files
    if files.lookup(folder, at).entry is None:
        return False
    if not files.lookup(posixpath.join(folder, "pnpm-workspace.yaml"), at).absent:
        return True
    for name, says in _ROOTS.items():
        path = posixpath.join(folder, name)
        if not files.lookup(path, at).absent:
            origin = read(machine, path)
            if origin is None or says in origin.text:
                return True
    return False


def _reason(build: Build, stage: Stage, step: Step, asked: Frozen) -> tuple[str, str, str]:
    """The lock file's path in the context, why it is not in the image, and what to do."""
    context, name = build.context, asked.names[0]
    found = [stage.machine.files.lookup(f"{asked.folder}/{one}", step.number).entry
             for one in _MANIFESTS]  # fmt: skip
    source = next((one.source for one in found if one is not None and one.source), None)
    folder = posixpath.dirname(source or "")
    for one in asked.names:
        path = posixpath.join(folder, one)
        removed = _removal(stage, step, one)
        if path in context.files and removed:
            return path, f"line {removed.line} removes it", f"Leave {one} where it is."
        if path in context.files:
            return path, f"no COPY brings {path} there before", f"COPY {path} before this line."
        if path in context.ignored or any(f"{up[1:]}/" in context.ignored
                                          for up in ancestors(f"/{path}")):  # fmt: skip
            rules = context.ignore_file or ".dockerignore"
            return path, f"{rules} keeps {path} out", f"Take {one} out of {rules}, and copy it."
    path = posixpath.join(folder, name)
    fix = f"Commit {name} and copy it before this line"
    others = [one for one in sorted(_NAMES) if posixpath.join(folder, one) in context.files]
    fix += f"; {', '.join(others)} belongs to another manager." if others else "."
    return path, f"the context has no {path}", fix


def _removal(stage: Stage, step: Step, name: str) -> Place | None:
    found = (one for one in stage.commands("rm") if one.number < step.number)
    removals = (one for one in found if one.executed and any(
        posixpath.basename(word) == name for word in one.executed.words
    ))  # fmt: skip
    return next((one.place for one in removals), None)


def _patch(build: Build, stage: Stage, step: Step, path: str) -> Patch | None:
    """Name it in the COPY that brings the manifest, where that is written on one line."""
    folder = posixpath.dirname(path)
    wanted = {posixpath.join(folder, one) for one in _MANIFESTS}
    for before in stage.steps:
        instruction = before.instruction
        copied = {one.source for one in before.copied if one.stage is None and not one.image}
        if before.number >= step.number or not wanted & copied:
            continue
        target = instruction.words[-1].value if instruction.words else ""
        one_line = instruction.line == instruction.end_line and instruction.exec is None
        if not one_line or not (target.endswith("/") or target in {".", ".."}):
            return None
        last = instruction.words[-1].start
        text = build.dockerfile.lines[instruction.line - 1]
        at = last.column - 1
        line = f"{text[:at]}{path} {text[at:]}"
        return Patch(build.file, (Edit(instruction.line, instruction.line, (line,)),))
    return None


def _of_copies(build: Build, stage: Stage, missed: set[str]) -> Iterator[Fault]:
    """A COPY that names a lock file which the context certainly does not have."""
    for step in stage.steps:
        for one in step.copied:
            name = posixpath.basename(one.source)
            ours = one.stage is None and not one.image
            if not ours or one.found is not False or name not in _NAMES or name in missed:
                continue
            kept = one.source in build.context.ignored
            why = f"{build.context.ignore_file} keeps it out" if kept else "the context has none"
            yield Fault(
                step.place,
                f"{one.source} is copied here, and {why}: the build ends with not found",
                f"Take {name} out of {build.context.ignore_file}." if kept else f"Commit {name}.",
            )


_DOCKERFILE = (
    "FROM node:22-slim\nWORKDIR /app\nCOPY {} ./\nRUN npm ci --omit=dev\nCOPY server.js ./\n"
    'CMD ["node", "server.js"]\n'
)
_FILES = {
    "package.json": '{"name": "web", "dependencies": {"express": "^4.19.2"}}\n',
    "package-lock.json": '{"name": "web", "lockfileVersion": 3, "packages": {}}\n',
    "server.js": 'require("express")().listen(process.env.PORT, "0.0.0.0");\n',
}

RULE = Rule(
    id="S09",
    title="an install without its lock file",
    severity=Severity.ERROR,
    why="the install refuses to guess versions, and the build ends",
    met="npm error The `npm ci` command can only install with an existing package-lock.json",
    fix="Commit the lock file and copy it before the install.",
    bad={"Dockerfile": _DOCKERFILE.format("package.json"), **_FILES},
    good={"Dockerfile": _DOCKERFILE.format("package.json package-lock.json"), **_FILES},
    find=find,
)
