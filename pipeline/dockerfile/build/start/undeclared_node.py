"""Packages that Node loads at start, and that ``package.json`` does not bring into the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import Presence, ancestors
from pipeline.dockerfile.build.start.node_sources import node_sources
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.build.start.undeclared import Undeclared
from pipeline.dockerfile.build.tools.node.packages import parsed, words
from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.javascript import Seen, read, text_of
from pipeline.dockerfile.projects.javascript_facts import ImportedModule
from pipeline.dockerfile.projects.node import Package, package_lock
from pipeline.dockerfile.projects.python_source import Guard
from pipeline.dockerfile.projects.tables import json_table, table
from pipeline.dockerfile.projects.typescript import tsconfig

_BUILT_IN = words(
    "assert async_hooks buffer child_process cluster console constants crypto dgram "
    "diagnostics_channel dns domain events fs http http2 https inspector module net os path "
    "perf_hooks process punycode querystring readline repl sqlite stream string_decoder sys test "
    "timers tls trace_events tty url util v8 vm wasi worker_threads zlib bun"
)
_COMMON = words(  # which packages that everybody has bring along
    "body-parser debug qs cookie cookie-signature ms uuid semver lodash chalk tslib safe-buffer "
    "mime mime-types iconv-lite accepts async bluebird commander yargs glob minimist mkdirp "
    "rimraf inherits readable-stream ws send serve-static path-to-regexp on-finished depd "
    "http-errors type-is negotiator form-data follow-redirects reflect-metadata rxjs react "
    "react-dom bson undici pino ajv zod graphql express fast-json-stringify"
)
_NAME = re.compile(r"(?:@[a-z0-9~][\w.~-]*/)?[a-z0-9~][\w.~-]*", re.ASCII)
_IDENTIFIERS = {"identifier", "shorthand_property_identifier"}
_BINDING = {"import_clause", "import_specifier", "namespace_import"}
_OF_TYPES = {*_BINDING, "nested_type_identifier", "export_specifier"}
_RUNNING = {Guard.MAIN, Guard.FUNCTION}
_WORKSPACES = ("pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json", "rush.json")
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock")


@dataclass(frozen=True)
class _Project:
    """What the package.json files around a source say; the nearest first."""

    packages: tuple[Package, ...]
    folder: str  # of the nearest, in the context
    shared: bool  # a workspace: what any of them declares may be there


def undeclared_node(build: Build) -> Iterator[Undeclared]:
    """Packages that are not there when a source loads them, each once."""
    seen: set[str] = set()
    for source in build.once(node_sources):
        environment = source.launch.executed.shell.variables
        project = _project_of(build.context, source.origin.file)
        if project is None or "NODE_PATH" in environment or source.launch.executed.name == "bun":
            continue
        if source.bundled:  # with the packages that it loads
            continue
        for module in source.modules:
            name = module.package
            if name and name not in seen and _counts(module):
                one = _missing(build, source, module, project)
                if one is not None:
                    seen.add(name)
                    yield one


def _counts(module: ImportedModule) -> bool:
    name = module.package
    if module.type_only or set(module.guards) - _RUNNING or name in _BUILT_IN:
        return False
    return ":" not in module.specifier and _NAME.fullmatch(name) is not None


def _missing(
    build: Build, source: Reached, module: ImportedModule, project: _Project
) -> Undeclared | None:
    name, nearest = module.package, project.packages[0]
    if any(_declares(one, name) for one in project.packages):
        return None
    development = name in nearest.dev
    there = _installed(build, source, name)
    if there is Presence.PRESENT:
        return None
    if there is not Presence.ABSENT and development and not _is_lean(build, source, nearest):
        return None
    if _is_alias(build.context, source, module.specifier) or _is_elided(source, module):
        return None
    locked = _locked(build.context, project.folder, name, lean=development)
    if locked or (locked is None and (name in _COMMON or project.shared)):
        return None
    certain = locked is False or there is Presence.ABSENT
    sure = certain and source.certain and not module.guarded
    place = source.place(module.line, module.column)
    return Undeclared(place, name, name, sure, development, python=False)


def _declares(package: Package, name: str) -> bool:
    mine = (package.dependencies, package.optional, package.peer)
    return name == package.name or any(name in one for one in mine)


@lru_cache(maxsize=64)
def _stands(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"))


def _project_of(context: BuildContext, file: str) -> _Project | None:
    folders = [one.lstrip("/") for one in ancestors("/" + posixpath.dirname(file))]
    found: list[tuple[str, Package]] = []
    for folder in folders:
        text = context.text(posixpath.join(folder, "package.json"))
        package = parsed(text) if text else None
        if package is not None:
            found.append((folder, package))
    if not found:
        return None
    shared = any(package.workspaces for _, package in found) or any(
        context.exists(posixpath.join(folder, name)) for folder, _ in found for name in _WORKSPACES
    )
    packages = [package for _, package in found]
    if shared:
        others = (context.text(path) for path in context.files if path.endswith("/package.json"))
        packages += [one for text in others if text and (one := parsed(text)) is not None]
    return _Project(tuple(packages), found[0][0], shared)


def _modules(source: Reached) -> Iterator[str]:
    """The node_modules that are searched, where the program runs."""
    path = source.path
    if source.compiled:
        path = posixpath.join(source.launch.executed.shell.cwd or "/", "program.js")
    return (posixpath.join(one, "node_modules") for one in ancestors(posixpath.dirname(path)))


def _installed(build: Build, source: Reached, name: str) -> Presence:
    found = [build.in_image(posixpath.join(one, name)) for one in _modules(source)]
    if any(one.present for one in found):
        return Presence.PRESENT
    return Presence.ABSENT if all(one.unlikely for one in found) else Presence.UNKNOWN


def _is_lean(build: Build, source: Reached, package: Package) -> bool:
    """Whether the image has the packages of production, and none for development alone."""
    folders = list(_modules(source))

    def some(names: set[str]) -> bool:
        paths = (posixpath.join(folder, name) for folder in folders for name in sorted(names))
        return any(build.in_image(path).present for path in paths)

    wanted = set(package.dependencies)
    return some(wanted) and not some(package.dev.keys() - wanted)


def _is_alias(context: BuildContext, source: Reached, specifier: str) -> bool:
    """Whether ``tsconfig.json`` says that it is a path, or may say so."""
    for folder in ancestors("/" + posixpath.dirname(source.origin.file)):
        for name in ("tsconfig.json", "jsconfig.json", "tsconfig.base.json"):
            path = posixpath.join(folder.lstrip("/"), name)
            said = tsconfig(context.text(path) or "")
            if said is None:
                continue
            if any(_stands(one).fullmatch(specifier) for one in said.paths):
                return True
            first = specifier.partition("/")[0]
            base = posixpath.join(posixpath.dirname(path), said.base_url)
            if said.base_url and any(
                context.exists(posixpath.join(base, first + end)) for end in ("", ".ts", ".js")
            ):
                return True
    return False


def _is_elided(source: Reached, module: ImportedModule) -> bool:
    """Whether TypeScript leaves the import out: its names stand for types alone."""
    if source.language == "javascript" or not module.names:
        return False
    tree = read(source.text, source.language)
    if tree is None:
        return True
    bound: set[str] = set()
    used: set[str] = set()
    for seen in tree.seen:
        names = {text_of(one) for one in seen.node.named_children if one.type in _IDENTIFIERS}
        if seen.node.type in _BINDING and _statement_line(seen) == module.line:
            bound |= names
        elif seen.node.type not in _OF_TYPES:
            used |= names
    return bool(bound) and not bound & used


def _statement_line(seen: Seen) -> int:
    """The line on which the import begins that this is a part of."""
    above: Seen | None = seen
    while above is not None and above.node.type != "import_statement":
        above = above.parent
    return above.node.start_point[0] + 1 if above else 0


def _locked(context: BuildContext, folder: str, name: str, *, lean: bool) -> bool | None:
    """Whether the lock file has it for production; None where it tells nothing.

    ``lean``: what it has for development alone does not count.
    """
    for above in ancestors("/" + folder):
        for file in _LOCKS:
            text = context.text(posixpath.join(above.lstrip("/"), file))
            if text is not None:
                return _in_lock(text, file, name, lean=lean)
    return None


def _in_lock(text: str, file: str, name: str, *, lean: bool) -> bool | None:
    if file.endswith(".json"):
        return _in_npm_lock(text, name, lean=lean)
    if not re.search(r"@.*:\s*$", text, re.MULTILINE) or file == "bun.lock":
        return None
    exact = re.escape(name)
    found = re.search(rf"^\s*[\"'/]*{exact}@", text, re.MULTILINE) is not None
    return None if found and lean else found


def _in_npm_lock(text: str, name: str, *, lean: bool) -> bool | None:
    top = package_lock(text)
    if not top:
        return None
    if name not in top:
        return False
    data = json_table(text) or {}
    entry = table(data, "packages", f"node_modules/{name}") or table(data, "dependencies", name)
    return not (lean and entry.get("dev") is True)
