"""The ``package.json`` that a command works with, and what node_modules holds after an install."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from itertools import islice

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.projects.node import Package, package_json
from pipeline.dockerfile.projects.tables import json_table, table
from pipeline.dockerfile.shell.executed import Value


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PROGRAMS = {
    "typescript": ("tsc", "tsserver"), "@nestjs/cli": ("nest",), "@angular/cli": ("ng",),
    "@babel/cli": ("babel",), "webpack-cli": ("webpack-cli",), "ts-node": ("ts-node",),
    "@swc/cli": ("swc",), "pm2": ("pm2", "pm2-runtime"), "tsx": ("tsx",), "yarn": ("yarn",),
    "@remix-run/dev": ("remix",), "@remix-run/serve": ("remix-serve",), "npm": ("npm", "npx"),
    "nuxt": ("nuxt", "nuxi"), "@react-router/serve": ("react-router-serve",),
    "@react-router/dev": ("react-router",), "sequelize-cli": ("sequelize", "sequelize-cli"),
    "npm-run-all": ("npm-run-all", "run-s", "run-p"), "@sveltejs/kit": ("svelte-kit",),
    "npm-run-all2": ("npm-run-all", "run-s", "run-p"), "dotenv-cli": ("dotenv",),
    "@strapi/strapi": ("strapi",), "firebase-tools": ("firebase",), "pnpm": ("pnpm", "pnpx"),
    "bun": ("bun", "bunx"), "ts-node-dev": ("ts-node-dev", "tsnd"), "@vercel/ncc": ("ncc",),
    "@nestjs/schematics": (), "concurrently": ("concurrently", "conc"), "knex": ("knex",),
    "@graphql-codegen/cli": ("graphql-codegen",), "@mikro-orm/cli": ("mikro-orm",),
}  # fmt: skip
_OWN_NAME = words(
    "prisma nodemon serve next vite turbo nx rimraf jest vitest mocha eslint prettier esbuild expo "
    "rollup tsup webpack parcel wrangler vercel typeorm drizzle-kit husky lint-staged http-server "
    "json-server gulp lerna zx wait-on env-cmd node-gyp patch-package tsc-alias copyfiles ghost "
    "react-scripts astro gatsby cross-env node-pg-migrate migrate-mongo forever zenstack directus "
    "medusa keystone"
)
_MOST_FOLDERS = 16


def package_at(machine: Machine, folder: str) -> Package | None:
    """What ``package.json`` in a folder says; None where there is none that can be read."""
    origin = read(machine, posixpath.join(folder, "package.json"))
    return parsed(origin.text) if origin else None


@lru_cache(maxsize=16)
def parsed(text: str) -> Package | None:
    return package_json(text)


def programs_of(name: str) -> tuple[str, ...]:
    """The programs that a package certainly brings; none where it is not known."""
    return _PROGRAMS.get(name, (name,) if name in _OWN_NAME else ())


def install_package(call: Call, name: str, modules: str, programs: str, version: str = "") -> None:
    """Note one package and its programs."""
    tool = call.executed.name
    call.make(f"{modules}/{name}", "npm", directory=True, details=version)
    call.installed("npm", name, modules, tool=tool, version=version)
    for program in programs_of(name):
        call.make(f"{programs}/{program}", "npm", mode=0o755, details=name)


def named(word: str) -> tuple[str, str] | None:
    """``@scope/name@version`` as its two parts; None for folders, archives and addresses."""
    at = word.find("@", 1)
    name, version = (word, "") if at < 0 else (word[:at], word[at + 1 :])
    is_name = name.count("/") == name.startswith("@")
    if not is_name or not name.lstrip("@")[:1].isalnum() or set(name) & set(":$*"):
        return None
    return name, version


def path_of_scripts(folder: str, path: Value) -> Value:
    """PATH for what a package runs: the programs of node_modules here and above come first."""
    if path is None:
        return None
    above = islice(ancestors(folder), _MOST_FOLDERS)
    own = [posixpath.join(one, "node_modules/.bin") for one in above]
    return ":".join([*own, path])


def only_for_development(machine: Machine, folder: str) -> frozenset[str]:
    """The packages that the lock file of npm marks as needed for development alone."""
    for name in ("npm-shrinkwrap.json", "package-lock.json"):
        origin = read(machine, posixpath.join(folder, name))
        if origin is not None:
            return _only_for_development(origin.text)
    return frozenset()


@lru_cache(maxsize=16)
def _only_for_development(text: str) -> frozenset[str]:
    data = json_table(text) or {}
    entries = {**table(data, "dependencies"), **table(data, "packages")}
    return frozenset(
        path.removeprefix("node_modules/")
        for path, entry in entries.items()
        if table(entry).get("dev") is True
    )
