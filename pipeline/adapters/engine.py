"""Which container engine this machine has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence

from pipeline.adapters.world import World
from pipeline.commands import Command, Engine, engine_answers
from pipeline.errors import EngineFailed, EngineMissing

_ENGINES = ("docker", "podman")
_LAST_CLIENT_WITH_BUILDKIT_INSIDE = 22  # from 23 on, docker build needs the buildx plug-in


def find_engine(world: World, wanted: str = "auto") -> Engine:
    """The first docker or podman that answers, one with BuildKit before one without."""
    names = (wanted,) if wanted in _ENGINES else _ENGINES
    answering: list[Engine] = []
    silent: list[str] = []
    for path in _on_path(names, world.environ.get("PATH", "")):
        engine = _probe(world, path)
        if engine is None:
            silent.append(path)
        elif engine.buildkit or engine.name == "podman":
            return engine
        else:
            answering.append(engine)
    if answering:
        return answering[0]
    raise EngineMissing(
        f"{' and '.join(silent)} found, but nothing answers"
        if silent
        else f"neither of {', '.join(names)} is on PATH"
        if len(names) > 1
        else f"{names[0]} is not on PATH",
        remedy="run scripts/engine: it starts an engine or says what to install",
    )


def must_answer(world: World, engine: Engine, lines: Sequence[str]) -> None:
    """Tell an engine that went away from work that failed; ``lines`` is what was said last."""
    if not world.run(engine_answers(engine)).ok:
        raise EngineFailed(
            f"{engine.name} stopped answering",
            where=engine.path,
            remedy="start it again with scripts/engine, then run the same command",
            lines=lines,
        )


def _on_path(names: tuple[str, ...], path: str) -> Iterator[str]:
    for name in names:
        for folder in path.split(os.pathsep):
            found = shutil.which(name, path=folder) if folder else None
            if found:
                yield found


def _probe(world: World, path: str) -> Engine | None:
    if os.path.basename(path) == "podman":
        answer = world.run(Command((path, "version", "--format", "{{.Version}}")))
        return Engine(path, "podman") if answer.ok else None
    answer = world.run(Command((path, "version", "--format", "{{.Client.Version}}|{{.Server.Os}}")))
    if not answer.ok:
        return None
    version = answer.output.strip().split("|")[0]
    major = int(version.split(".")[0]) if version.split(".")[0].isdigit() else 0
    if 0 < major <= _LAST_CLIENT_WITH_BUILDKIT_INSIDE:
        return Engine(path, "docker", buildkit=True)
    buildx = world.run(Command((path, "buildx", "version"))).ok
    return Engine(path, "docker", buildkit=buildx, buildx=buildx)
