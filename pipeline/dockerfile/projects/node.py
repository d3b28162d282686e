"""``package.json`` and its lock file: what a Node package says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.dockerfile.projects.tables import json_table, pairs, table, text, texts

_INSTALL_HOOKS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare")


@dataclass(frozen=True)
class Package:
    """What a ``package.json`` says. Empty is what it does not say."""

    name: str = ""
    version: str = ""
    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    dev: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    peer: Mapping[str, str] = field(default_factory=dict)
    type: str = "commonjs"
    main: str = ""
    prisma_schema: str = ""
    workspaces: tuple[str, ...] = ()
    package_manager: str = ""
    engines: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_dependencies(self) -> dict[str, str]:
        """Those of production, of development and the optional ones."""
        return {**self.dev, **self.optional, **self.dependencies}

    def run(self, script: str) -> tuple[tuple[str, str], ...]:
        """The scripts that ``npm run`` starts, in order: (name, command)."""
        if script not in self.scripts:
            return ()
        names = (f"pre{script}", script, f"post{script}")
        return tuple((name, self.scripts[name]) for name in names if name in self.scripts)

    def on_install(self) -> tuple[tuple[str, str], ...]:
        """The scripts that an install in the package's folder starts, in order."""
        names = (*_INSTALL_HOOKS, "postprepare")
        return tuple((name, self.scripts[name]) for name in names if name in self.scripts)


def package_json(source: str) -> Package | None:
    """What the file says; None where it cannot be read."""
    data = json_table(source)
    if data is None:
        return None
    workspaces = data.get("workspaces")
    return Package(
        name=text(data, "name"),
        version=text(data, "version"),
        scripts=pairs(table(data, "scripts")),
        dependencies=pairs(table(data, "dependencies")),
        dev=pairs(table(data, "devDependencies")),
        optional=pairs(table(data, "optionalDependencies")),
        peer=pairs(table(data, "peerDependencies")),
        type=text(data, "type") or "commonjs",
        main=text(data, "main"),
        prisma_schema=text(table(data, "prisma"), "schema"),
        workspaces=texts(workspaces) or texts(table(data, "workspaces").get("packages")),
        package_manager=text(data, "packageManager"),
        engines=pairs(table(data, "engines")),
    )


def script_line(source: str, script: str) -> int:
    """The line on which a ``package.json`` defines a script; the first where it cannot be told."""
    start = re.search(r'"scripts"\s*:', source)
    key = json.dumps(script, ensure_ascii=False)
    at = source.find(key, start.end()) if start else -1
    return source.count("\n", 0, at) + 1 if at >= 0 else 1


def package_lock(source: str) -> Mapping[str, str] | None:
    """Name and version of the packages at the top of a ``package-lock.json``."""
    data = json_table(source)
    if data is None:
        return None
    prefix = "node_modules/"
    nested = {
        path.removeprefix(prefix): text(table(entry), "version")
        for path, entry in table(data, "packages").items()
        if path.startswith(prefix) and path.count(prefix) == 1
    }
    old = {
        name: text(table(entry), "version") for name, entry in table(data, "dependencies").items()
    }
    return nested or old
