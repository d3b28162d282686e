"""S10: TypeScript is compiled before prisma's client is generated."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.dockerfile.build.build import Build, Stage, read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.outcomes import ends_build
from pipeline.dockerfile.build.tools.call import Call, absolute
from pipeline.dockerfile.build.tools.node.schemas import schemas_of
from pipeline.dockerfile.build.type_checks import Check, check_of, sources
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.place import Edit, Patch, Place
from pipeline.dockerfile.projects.javascript import language_of
from pipeline.dockerfile.projects.javascript_facts import ImportedModule, modules
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_PACKAGE = "@prisma/client"
# What the package declares of itself before anything is generated.
_STUB = frozenset({"PrismaClient", "Prisma", "PrismaClientExtends", "dmmf", "PromiseType",
                   "PromiseReturnType", "default", "*"})  # fmt: skip
_STUB_MEMBERS = (
    "TransactionClient|defineExtension|Extension|getExtensionContext|Args|Payload|Result|Exact|"
    "PrismaPromise|prismaVersion"
)
_MEMBER = re.compile(rf"\bPrisma\.(?!(?:{_STUB_MEMBERS})\b)([A-Z]\w+)")
_MOST_IMPORTS = 200
_IGNORED = re.compile(r"@ts-(?:ignore|expect-error|nocheck)")


@dataclass(frozen=True)
class _Missing:
    """What a source takes from a client that is not there. ``certain``: it cannot compile."""

    name: str
    module: str
    source: str
    line: int
    certain: bool


def find(build: Build) -> Iterator[Fault]:
    if not any(path.endswith(".prisma") for path in build.context.files):
        return
    for stage in build.used:
        for step in stage.commands():
            executed = step.executed
            check = check_of(Call(stage.machine, step, executed)) if executed else None
            ends = ends_build(stage, step) if check else False
            missing = _missing(stage.machine, check, step) if check and ends is not False else None
            if check and missing:
                yield _fault(build, stage, step, check, missing, ends=bool(ends))
                break


def _missing(machine: Machine, check: Check, step: Step) -> _Missing | None:
    """The first that cannot compile, else the first that may only by luck."""
    at = step.number
    outputs = _absent_outputs(machine, check.folder, at)
    absent = _is_absent(machine, check.folder, at)
    if not outputs and not absent:
        return None
    likely: _Missing | None = None
    found = (
        one
        for path in sources(machine, check)
        for one in _in_source(machine, path, outputs, at, absent=absent)
    )
    for one in islice(found, _MOST_IMPORTS):
        if one.certain:
            return one
        likely = likely or one
    return likely


def _is_absent(machine: Machine, folder: str, at: int) -> bool:
    """Whether the package is certainly installed, and certainly nobody generated its client."""
    files = machine.files
    installed = False
    for above in ancestors(folder):
        modules_ = posixpath.join(above, "node_modules")
        if above != folder and files.lookup(modules_, at).entry is None:
            continue
        if not files.lookup(f"{modules_}/.prisma/client", at).absent:
            return False
        installed = installed or not files.lookup(f"{modules_}/{_PACKAGE}", at).absent
    return installed


def _absent_outputs(machine: Machine, folder: str, at: int) -> tuple[str, ...]:
    """The folders that the schema's generators would fill, and that are not there."""
    asked = schemas_of(machine, folder).asked
    found = (
        absolute(one.folder, one.generator.output)
        for one in asked
        if one.generator.output and "client" in one.generator.provider
    )
    return tuple(path for path in found if path and machine.files.lookup(path, at).absent)


def _in_source(
    machine: Machine, path: str, outputs: tuple[str, ...], at: int, *, absent: bool
) -> Iterator[_Missing]:
    origin = read(machine, path, at)
    if origin is None:
        return
    names = [posixpath.basename(one) for one in outputs]
    if not any(f"{name}" in origin.text for name in (_PACKAGE, *names)):
        return
    lines = origin.text.split("\n")
    for one in modules(origin.text, language_of(path) or "typescript") or ():
        before = lines[max(one.line - 2, 0)] if one.line <= len(lines) else ""
        if _IGNORED.search(before) or _IGNORED.search(lines[0]):
            continue
        name, certain = _taken(path, one, outputs, origin.text, absent=absent)
        if name:
            yield _Missing(name, one.specifier, origin.file, one.line, certain)


def _taken(
    path: str, one: ImportedModule, outputs: tuple[str, ...], text: str, *, absent: bool
) -> tuple[str, bool]:
    """What an import takes that is not there, and whether that is certain; empty for nothing."""
    if one.specifier.startswith("."):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), one.specifier))
        gone = any(f"{target}/".startswith(f"{output}/") for output in outputs)
    else:  # by an alias of tsconfig's paths
        ends = ("/".join(output.split("/")[-2:]) for output in outputs)
        gone = any(f"/{end}/" in f"/{one.specifier}/" for end in ends)
    if gone:
        return ", ".join(one.names[:1]) or one.specifier, True
    if one.specifier != _PACKAGE or not absent:
        return "", False
    generated = next((name for name in one.names if name not in _STUB), None)
    if generated:
        return generated, True
    member = _MEMBER.search(text) if "Prisma" in one.names else None
    if member:
        return f"Prisma.{member[1]}", True
    return next(iter(one.names), ""), False


def _fault(
    build: Build, stage: Stage, step: Step, check: Check, missing: _Missing, *, ends: bool
) -> Fault:
    place = _place(build, stage, step)
    taken = f"{missing.source}:{missing.line} takes {missing.name} from {missing.module}"
    stub = "" if missing.certain else " (its stub has no types)"
    return Fault(
        place,
        f"{check.command} compiles here, and {taken}, which nobody has generated yet{stub}",
        "RUN npx prisma generate before this line (with the schema copied), or a prebuild script.",
        _patch(build, stage, step, check),
        None if ends and missing.certain else Severity.WARNING,
    )


def _place(build: Build, stage: Stage, step: Step) -> Place:
    """Where the Dockerfile, or a shell script, calls for it; not the line of ``package.json``."""
    first = stage.steps[0].number
    for one in reversed(stage.steps[: step.number - first + 1]):
        if one.instruction is step.instruction and not one.place.file.endswith(".json"):
            return one.place
    return build.place(step.instruction)


def _patch(build: Build, stage: Stage, step: Step, check: Check) -> Patch | None:
    """Generate in a line before, where the schema and prisma's program are there by then."""
    first = next(one for one in stage.steps if one.instruction is step.instruction)
    lookup, folder = stage.machine.files.lookup, check.folder
    there = (f"{folder}/prisma/schema.prisma", f"{folder}/node_modules/prisma")
    if stage.machine.workdir != folder or not all(
        lookup(path, first.number).present for path in there
    ):
        return None
    line = step.instruction.line
    return Patch(build.file, (Edit(line, line - 1, ("RUN npx prisma generate",)),))


_PACKAGE_JSON = (
    '{"name": "api", "scripts": {"build": "tsc"}, "dependencies": {"@prisma/client": "^6.0.0"},\n'
    ' "devDependencies": {"prisma": "^6.0.0", "typescript": "^5.6.0"}}\n'
)
_SCHEMA = (
    'generator client {\n  provider = "prisma-client-js"\n}\n'
    'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n'
    "model User {\n  id Int @id\n}\n"
)
_SOURCE = (
    'import { createServer } from "node:http";\nimport { User } from "@prisma/client";\n\n'
    "const one: User = { id: 1 };\n"
    "createServer((_, res) => res.end(String(one.id))).listen(Number(process.env.PORT));\n"
)
_FILES = {
    "package.json": _PACKAGE_JSON,
    "package-lock.json": '{"name": "api", "lockfileVersion": 3, "packages": {}}\n',
    "tsconfig.json": '{"compilerOptions": {"outDir": "dist"}, "include": ["src"]}\n',
    "prisma/schema.prisma": _SCHEMA,
    "src/index.ts": _SOURCE,
    ".dockerignore": "node_modules\n",
}
_DOCKERFILE = (
    "FROM node:22-bookworm\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\n"
    'COPY . .\n{}RUN npm run build\nCMD ["node", "dist/index.js"]\n'
)

RULE = Rule(
    id="S10",
    title="TypeScript before prisma generate",
    severity=Severity.ERROR,
    why="the types of the models are made by prisma, and without them the compiler stops the build",
    met="error TS2305: Module '\"@prisma/client\"' has no exported member 'User'.",
    fix="Run prisma generate before the compiler.",
    bad={"Dockerfile": _DOCKERFILE.format(""), **_FILES},
    good={"Dockerfile": _DOCKERFILE.format("RUN npx prisma generate\n"), **_FILES},
    find=find,
)
