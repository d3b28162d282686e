"""``tsconfig.json`` of a machine, with what it extends."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from functools import lru_cache

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.machine import Machine
from pipeline.dockerfile.projects.typescript import TsConfig, tsconfig
from pipeline.dockerfile.shell.executed import Value

_DEPTH = 5


@dataclass(frozen=True)
class Settings:
    """Folders are absolute. ``out_dir`` None: the output stands beside its source.

    ``root_dir`` None: it is that of the sources, wherever they are.
    """

    out_dir: str | None = None
    root_dir: str | None = None
    no_emit: bool = False
    references: tuple[str, ...] = ()
    config: str = ""  # the file that says all this


def settings_at(machine: Machine, path: Value) -> Settings | None:
    """What a ``tsconfig.json``, or that of a folder, says; None where it cannot be known."""
    if path is None:
        return None
    if not path.endswith(".json"):
        path = posixpath.join(path, "tsconfig.json")
    return _settings(machine, path, 0)


def _settings(machine: Machine, path: str, depth: int) -> Settings | None:
    origin = read(machine, path) if depth < _DEPTH else None
    own = _parsed(origin.text) if origin else None
    if own is None:
        return None
    settings = Settings()
    for name in own.extends:  # the last one wins
        above = _settings(machine, _from(path, _as_file(name)), depth + 1)
        if above is not None:
            settings = replace(
                above,
                out_dir=above.out_dir or settings.out_dir,
                root_dir=above.root_dir or settings.root_dir,
            )
        elif not own.out_dir:
            return None
    return Settings(
        _from(path, own.out_dir) if own.out_dir else settings.out_dir,
        _from(path, own.root_dir) if own.root_dir else settings.root_dir,
        own.no_emit or settings.no_emit,
        tuple(_from(path, one) for one in own.references if one),
        path,
    )


def _as_file(name: str) -> str:
    name = name if name.endswith(".json") else f"{name}.json"
    return name if name.startswith((".", "/")) else f"node_modules/{name}"


def _from(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


@lru_cache(maxsize=64)
def _parsed(source: str) -> TsConfig | None:
    return tsconfig(source)
