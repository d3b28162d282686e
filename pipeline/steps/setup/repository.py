"""What a repository has: its Dockerfile, what that starts, where it listens, how it says it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.adapters.world import World
from pipeline.commands import Command
from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.build.listening.finding import listening
from pipeline.dockerfile.build.values import PORT as ANY_PORT
from pipeline.dockerfile.context import BuildContext, open_context
from pipeline.dockerfile.syntax.nodes import Dockerfile
from pipeline.dockerfile.syntax.parser import decode, parse
from pipeline.errors import SourceMissing, UsageError
from pipeline.steps.setup.examples import example
from pipeline.steps.setup.health import Health, find_health, is_source
from pipeline.steps.targets import Target, find_context

PORT = 8080
"""What Cloud Run says in PORT unless it is told otherwise."""

_DOCKERFILE = re.compile(r"Dockerfile|Dockerfile\.[\w-]+|[\w-]+\.Dockerfile", re.IGNORECASE)
_LEFT_OUT = frozenset({
    "node_modules", "vendor", "venv", "dist", "build", "target", "test", "tests", "examples",
})  # fmt: skip
_DEEPEST = 4  # folders
_MOST = 20_000  # folders
_FRAMEWORKS = {
    "flask": "Flask", "fastapi": "FastAPI", "django": "Django", "starlette": "Starlette",
    "aiohttp": "aiohttp", "streamlit": "Streamlit", "express": "Express", "fastify": "Fastify",
    "@nestjs/core": "NestJS", "next": "Next.js", "koa": "Koa", "hono": "Hono",
}  # fmt: skip
_BREAKS = {
    "python": {"PYTHONHOME": "/nowhere"},
    "node": {"NODE_OPTIONS": "--nowhere"},
    "java": {"JAVA_TOOL_OPTIONS": "-XX:Nowhere"},
    "go": {"GOMEMLIMIT": "nowhere"},
}
"""What no program of a kind starts with, for those that are found without PATH."""


@dataclass(frozen=True)
class Repository:
    """Paths are seen from ``root``. ``dockerfile`` is empty where it is the one in ``source``.

    ``port`` is the one that the program listens on, or may. ``breaks`` are variables that keep it
    from starting; None where no PATH is enough, and nothing else is known.
    """

    root: Path
    source: str
    dockerfile: str = ""
    framework: str = ""
    starts: str = ""
    port: int = PORT
    is_root: bool = False
    health: Health | None = None
    breaks: Mapping[str, str] | None = field(default_factory=dict)


def root_of(world: World, folder: Path) -> Path:
    """The top of the checkout that a folder is in, or the folder itself."""
    found = world.run(Command(("git", "-C", str(folder), "rev-parse", "--show-toplevel")))
    top = found.output.strip()
    return Path(top) if top and found.ok else folder.absolute()


def look(root: Path, source: str) -> Repository:
    """Look at the Dockerfile in ``source``, or at the only one there is.

    Raises SourceMissing where there is none, and UsageError where there are several.
    """
    path = root / source / "Dockerfile" if source else _only_one(root)
    try:
        dockerfile = parse(decode(path.read_bytes()))
    except OSError as error:
        raise SourceMissing(
            f"there is no Dockerfile that can be read: {error.strerror}",
            where=str(path),
            remedy="name the folder that has it: --source FOLDER",
        ) from error
    folder = path.parent if source else find_context(Target(path), dockerfile)[0] or path.parent
    context = open_context(folder, path)
    own = _shown(path, root) if path != folder / "Dockerfile" else ""
    build = interpret(dockerfile, context, file=path.name, port=PORT)
    seen = Repository(root, _shown(folder, root), own, health=_health(context))
    return _with_start(seen, build) if build else seen


def _only_one(root: Path) -> Path:
    found = sorted(_dockerfiles(root), key=lambda path: (len(path.parts), path))
    plain = [path for path in found if path.name == "Dockerfile"] or found
    if not plain:
        raise SourceMissing(
            "there is no Dockerfile: the pipeline deploys what one builds",
            where=str(root),
            remedy="write one that starts the service on $PORT, such as the one above, then run "
            "this again",
            lines=example(root),
        )
    if plain[0].parent == root or len(plain) == 1:
        return plain[0]
    raise UsageError(
        f"there are {len(plain)} Dockerfiles, and one service is deployed at a time",
        where=", ".join(_shown(path, root) for path in plain[:10]),
        remedy="name the folder of the one: --source FOLDER",
    )


def _dockerfiles(root: Path) -> Iterator[Path]:
    for count, (name, folders, files) in enumerate(os.walk(root)):
        folder = Path(name)
        is_deep = len(folder.relative_to(root).parts) >= _DEEPEST or count >= _MOST
        kept = [one for one in folders if one not in _LEFT_OUT and not one.startswith(".")]
        folders[:] = [] if is_deep else sorted(kept)
        yield from (folder / one for one in files if _DOCKERFILE.fullmatch(one))


def _shown(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _health(context: BuildContext) -> Health | None:
    names = (path for path in sorted(context.files) if is_source(path))
    return find_health((name, context.text(name) or "") for name in names)


def _with_start(seen: Repository, build: Build) -> Repository:
    main = build.start.main
    return Repository(
        seen.root, seen.source, seen.dockerfile,
        framework=_framework(build),
        starts=" ".join(main.executed.words).replace(ANY_PORT, "$PORT") if main else "",
        port=_port(build),
        is_root=build.final.machine.is_root,
        health=seen.health,
        breaks=_breaks(build),
    )  # fmt: skip


def _framework(build: Build) -> str:
    names = {one.name.lower() for stage in build.used for one in stage.machine.installed}
    return next((shown for name, shown in _FRAMEWORKS.items() if name in names), "")


def _port(build: Build) -> int:
    """The fixed port of the server; else what EXPOSE names, which PORT will say as well."""
    bounds = build.once(listening).bounds
    fixed = [int(one.number) for one in bounds if one.number]
    if bounds and not fixed:
        return PORT
    return next(iter([*fixed, *_exposed(build.dockerfile)]), PORT)


def _exposed(dockerfile: Dockerfile) -> Iterator[int]:
    for instruction in dockerfile.instructions:
        if instruction.name == "EXPOSE":
            ports = (word.value.partition("/")[0] for word in instruction.words)
            yield from (int(port) for port in ports if re.fullmatch(r"[1-9]\d{0,4}", port))


def _breaks(build: Build) -> Mapping[str, str] | None:
    """Nothing more than PATH where the program is looked for there."""
    main = build.start.main
    words = main.written.words if main else ()
    if not words or not words[0].startswith(("/", "./")):
        return {}
    name = words[0].rpartition("/")[2]
    compiled = any(step.executed for stage in build.used for step in stage.commands("go"))
    kind = "go" if compiled else next((one for one in _BREAKS if name.startswith(one)), "")
    return _BREAKS.get(kind)
