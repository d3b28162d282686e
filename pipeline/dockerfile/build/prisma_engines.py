"""Python's prisma: whether the image has the client, and the engines where that looks for them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.carrying import ends
from pipeline.dockerfile.build.entries import Found
from pipeline.dockerfile.build.prisma import (
    PYTHON_CLIENT,
    PYTHON_ENGINES,
    Made,
    copied_here,
    is_closed,
    prisma_of,
)
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.place import Place

_PROGRAMS = frozenset({"prisma", "prisma-client-py"})


@dataclass(frozen=True)
class Lacking:
    """A client or engine that the start needs. ``certain`` False: a program may have made it."""

    place: Place
    message: str
    fix: str
    certain: bool = True


def asked_at_start(build: Build, *verbs: str) -> bool:
    """Whether the start itself runs prisma (with one of these words)."""
    return any(
        (launch.executed.name in _PROGRAMS or "prisma" in launch.executed.words[1:3])
        and (not verbs or set(verbs) & set(launch.executed.words))
        for launch in build.start.launches
    )


def lacking_engines(build: Build) -> Iterator[Lacking]:
    """Clients whose engines the image has not got, or not where its user can read them.

    A generated client has the absolute path of its engine in it; the cache of the user that runs
    it is looked into besides.
    """
    made = prisma_of(build)
    clients = [one for one in made if one.maker == PYTHON_CLIENT and one.paths]
    if not clients or build.final.machine.env.get("PRISMA_QUERY_ENGINE_BINARY", "") != "":
        return
    if asked_at_start(build, "generate", "fetch") or _is_beside(build):
        return
    for client in clients:
        engines = [
            one
            for one in made
            if one.maker == PYTHON_ENGINES
            and (one.place, one.stage.index) == (client.place, client.stage.index)
        ]
        if engines:  # none: Node's prisma was told where
            yield from _lacking(build, client, engines[-1])


def _lacking(build: Build, client: Made, engines: Made) -> Iterator[Lacking]:
    path = engines.entry.path
    there, closed = build.in_image(path), is_closed(build, path)
    if not closed and not there.unlikely:
        return
    others = [one for one in _caches(build) if one is not None and one != path]
    found = [build.in_image(one) for one in others if not is_closed(build, one)]
    unknown = None in _caches(build) and len(engines.paths) > 1
    if unknown or any(not one.unlikely for one in found):
        return
    certain = not asked_at_start(build) and all(one.absent for one in [*found, there] if not closed)
    yield _explained(build, client, path, there if closed else None, certain=certain)


def _explained(
    build: Build, client: Made, path: str, closed: Found | None, *, certain: bool
) -> Lacking:
    user = build.final.machine.user
    if closed is not None:
        step = copied_here(build, path) if closed.present else copied_here(build, client.paths[0])
        return Lacking(
            step.place if step else client.place,
            f"the client looks for its engine in {path}, where line {client.place.line} put it, "
            f"and {user}, who runs the image, cannot look into /root",
            "ENV PRISMA_BINARY_CACHE_DIR=/opt/prisma before prisma generate, or generate as "
            f"{user}.",
            certain,
        )
    step = copied_here(build, client.paths[0])
    if step is None:
        return Lacking(
            client.place,
            f"the engine is put into {path}, and that is gone when the image is finished",
            "Keep that folder (a cache mount and rm take it away), or set "
            "PRISMA_BINARY_CACHE_DIR to one that stays.",
            certain,
        )
    name = client.stage.name or client.stage.index
    return Lacking(
        step.place,
        f"the packages are copied, and the engine is not: line {client.place.line} put it into "
        f"{path} of stage {name}",
        f"COPY --from={name} {path} {path}, or run prisma generate in this stage.",
        certain,
    )


def _caches(build: Build) -> tuple[str | None, ...]:
    """Where a client looks besides: the cache of the user that runs it."""
    machine = build.final.machine
    told = machine.env.get("PRISMA_BINARY_CACHE_DIR", "")
    home = machine.env.get("PRISMA_HOME_DIR") or machine.home
    cache = f"{home}/.cache/prisma-python" if home is not None else None
    return (told or cache,) if told != "" else (cache,)


def _is_beside(build: Build) -> bool:
    """Whether an engine lies in the folder that the image works in."""
    folder = build.final.machine.workdir
    below = build.final.machine.files.below(folder) if folder else ()
    return any(
        posixpath.dirname(path) == folder and "query-engine-" in posixpath.basename(path)
        for path in below
    )


def lacking_client(build: Build) -> Iterator[Lacking]:
    """A start that imports prisma, where its packages hold no generated client."""
    installs = [
        one
        for stage in build.used
        for one in stage.machine.installed
        if one.manager == "pip" and one.name == "prisma"
    ]
    if not installs or any(one.paths for one in prisma_of(build) if one.maker == PYTHON_CLIENT):
        return
    if asked_at_start(build, "generate", "push", "dev"):
        return
    folder = build.final.machine.workdir
    if folder is None or not build.in_image(f"{folder}/prisma/__init__.py").absent:
        return
    for one in installs:
        for site in sorted(ends(build, one.stage, one.where)):
            there = build.in_image(f"{site}/prisma.dist-info").present
            client = build.in_image(f"{site}/prisma/client.py")
            if there and client.unlikely and _is_imported(build):
                step = copied_here(build, site)
                yield Lacking(
                    step.place if step else one.place,
                    f"prisma is imported, and the packages in {site} hold no generated client: "
                    "nothing runs prisma generate for them",
                    "RUN prisma generate after the schema is copied.",
                    client.unbrought,
                )
                return


def _is_imported(build: Build) -> bool:
    return any(
        imported.module.partition(".")[0] == "prisma" and not imported.level
        for source in reached(build)
        if source.language == "python" and source.certain and "prisma" in source.text
        for imported in source.imports
        if not imported.guards
    )
