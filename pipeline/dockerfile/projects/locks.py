"""Lock files: which distributions an install of them brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.dockerfile.projects.requirements import normalise, requirement
from pipeline.dockerfile.projects.tables import tables, text, texts, toml


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
