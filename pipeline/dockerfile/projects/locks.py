"""Lock files and conda environments: which distributions an install of them brings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.dockerfile.projects.requirements import Requirement, normalise, requirement
from pipeline.dockerfile.projects.tables import json_table, table, tables, text, texts, toml


def locked(source: str) -> Mapping[str, str] | None:
    """Name and version of what a lock file of poetry, uv or pdm, or a ``pylock.toml``, holds.

    Those of groups and extras, and the project itself, are among them. None: cannot be read.
    """
    data = toml(source)
    if data is None:
        return None
    packages = tables(data.get("package")) + tables(data.get("packages"))
    return {normalise(text(entry, "name")): text(entry, "version") for entry in packages}


def needed_by(source: str, names: Iterable[str]) -> frozenset[str] | None:
    """What these need by a lock file of poetry, uv or pdm; None where it says nothing of needs."""
    data = toml(source) or {}
    needs = {
        normalise(text(entry, "name")): _needs(entry.get("dependencies"))
        for entry in tables(data.get("package"))
    }
    if not any(needs.values()):
        return None
    waiting, found = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return frozenset(found)


def _needs(said: object) -> tuple[str, ...]:
    """The names in poetry's table, uv's list of tables, pdm's list of requirements."""
    if isinstance(said, Mapping):
        return tuple(map(normalise, said))
    named = [text(entry, "name") for entry in tables(said)]
    parsed = (requirement(item) for item in texts(said))
    return (*map(normalise, named), *(one.name for one in parsed if one is not None))


def pipfile_lock(source: str) -> Mapping[str, str] | None:
    """Name and version of the packages that ``pipenv install --deploy`` brings."""
    data = json_table(source)
    if data is None:
        return None
    return {
        normalise(name): text(table(entries, name), "version").removeprefix("==")
        for entries in (table(data, "default"),)
        for name in entries
    }


def environment_yml(source: str) -> tuple[Requirement, ...]:
    """The dependencies of a conda environment, those for pip included."""
    found: list[Requirement] = []
    inside = False
    for line in source.removeprefix("\ufeff").splitlines():
        if line[:1] not in (" ", "\t", "-", "#", ""):
            inside = line.startswith("dependencies:")
        item = re.match(r"\s*-\s+([^#]*)", line) if inside else None
        written = item[1].strip().strip("\"'") if item else ""
        if not written or written.endswith(":"):
            continue
        written = written.rpartition("::")[2]
        conda = re.fullmatch(r"([A-Za-z0-9._-]+)=([^=].*)", written)
        parsed = requirement(f"{conda[1]}=={conda[2].split('=')[0]}" if conda else written)
        if parsed and parsed.name != "python":
            found.append(parsed)
    return tuple(found)
