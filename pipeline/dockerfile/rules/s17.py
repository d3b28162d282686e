"""S17: the source pins a version of an API, and the package that has its type floats."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.carrying import copies
from pipeline.dockerfile.build.floating import Floating, floating, type_checks
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.literals import constants, given_versions
from pipeline.dockerfile.rules.rule import Fault, Rule, Severity

_PACKAGE = "stripe"  # each release has the type of one version alone
_IMPORT = re.compile(r"""(?:\bfrom\s+|\brequire\(\s*|\bimport\s+)["']stripe["']""")
_SOURCES = (".ts", ".tsx", ".mts", ".cts")
_OTHERS = (".d.ts", ".test.ts", ".spec.ts", ".test.tsx", ".spec.tsx")
_ASIDE = frozenset({"node_modules", "__tests__", "test", "tests", "e2e", "cypress", "dist"})
_MOST_FILES, _MOST_LITERALS = 2_000, 20


def find(build: Build) -> Iterator[Fault]:
    found: dict[Place, Fault] = {}
    done: set[str] = set()
    for stage, step in type_checks(build):
        package = floating(build, stage, step, _PACKAGE)
        if package is None or package.source in done:
            continue
        done.add(package.source)
        for place, version in _pinned(build, package):
            found.setdefault(place, _fault(place, version, package, step.place))
    yield from found.values()


def _fault(place: Place, version: str, package: Floating, check: Place) -> Fault:
    install = f"line {package.step.place.line} of {package.step.place.file}"
    return Fault(
        place,
        f'"{version}" is the type of one release of {_PACKAGE} alone, and {install} installs '
        f"{_PACKAGE}@{package.asked} without a lock file, whichever is newest; line "
        f"{check.line} of {check.file} checks the types",
        f"Install from a lock file (npm ci), or ask for one exact version of {_PACKAGE}, or "
        "leave apiVersion out.",
    )


def _pinned(build: Build, package: Floating) -> Iterator[tuple[Place, str]]:
    """The literals in the sources of the project, and those that constants stand for."""
    given: list[tuple[str, int, str, str]] = []
    named: dict[str, tuple[str, int, str]] = {}
    for path in islice(_sources(build, posixpath.dirname(package.source)), _MOST_FILES):
        text = build.context.text(path) or ""
        for name, (line, version) in constants(text).items():
            named.setdefault(name, (path, line, version))
        if "apiVersion" in text and _IMPORT.search(text) and "@ts-nocheck" not in text:
            given += [(path, *one) for one in islice(given_versions(text), _MOST_LITERALS)]
    for path, line, version, name in given:
        if version:
            yield Place(path, line), version
        elif name in named:
            there, at, value = named[name]
            yield Place(there, at), value


def _sources(build: Build, folder: str) -> Iterator[str]:
    """TypeScript sources of a folder that some COPY brings, without tests and what is generated."""
    brought = [
        posixpath.normpath(one.source.lstrip("/"))
        for _, _, one in copies(build)
        if one.stage is None and not one.image
    ]
    for path in build.context.under(folder):
        is_own = _ASIDE.isdisjoint(path.split("/")) and not path.endswith(_OTHERS)
        if path.endswith(_SOURCES) and is_own and any(_is_in(path, one) for one in brought):
            yield path


def _is_in(path: str, folder: str) -> bool:
    return folder == "." or f"{path}/".startswith(f"{folder}/")


_FILES = {
    "package.json": (
        '{{"scripts": {{"build": "tsc"}}, "dependencies": {{"stripe": "{}"}},\n'
        ' "devDependencies": {{"typescript": "5.6.3"}}}}\n'
    ),
    "tsconfig.json": '{"compilerOptions": {"outDir": "dist", "rootDir": "src"}}\n',
    "Dockerfile": (
        "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\n"
        'RUN npm run build\nCMD ["node", "dist/index.js"]\n'
    ),
    "src/index.ts": (
        'import Stripe from "stripe";\n\nnew Stripe("key", { apiVersion: "2025-11-17.clover" });\n'
    ),
}

RULE = Rule(
    id="S17",
    title="an API version pinned, its package not",
    severity=Severity.WARNING,
    why="the build ends on the day on which the package's next release comes out",
    met="TS2322: Type '\"2025-11-17.clover\"' is not assignable to type",
    fix="Pin both or neither.",
    bad={**_FILES, "package.json": _FILES["package.json"].format("^20.0.0")},
    good={**_FILES, "package.json": _FILES["package.json"].format("20.0.0")},
    find=find,
)
