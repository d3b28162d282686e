"""What a repository has: its Dockerfile, what that starts, where it listens, how it says it is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.interpret import interpret
from pipeline.dockerfile.build.listening.finding import listening
from pipeline.dockerfile.build.values import PORT as ANY_PORT
from pipeline.dockerfile.context import BuildContext, open_context
from pipeline.dockerfile.syntax.nodes import Dockerfile
from pipeline.dockerfile.syntax.parser import decode, parse
from pipeline.errors import SourceMissing
from pipeline.steps.setup.dockerfiles import only_dockerfile
from pipeline.steps.setup.health import Health, find_health, is_source
from pipeline.steps.targets import Target, find_context

PORT = 8080
"""What Cloud Run says in PORT unless it is told otherwise."""

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

    @property
    def dockerfile_shown(self) -> str:
        return self.dockerfile or (Path(self.source) / "Dockerfile").as_posix()

    def seen_from(self, folder: Path) -> Repository:
        """The same, with paths as a configuration in that folder writes them."""
        source = _shown(self.root / self.source, folder)
        own = _shown(self.root / self.dockerfile, folder) if self.dockerfile else ""
        return replace(self, source=source, dockerfile=own)


def look(root: Path, source: str) -> Repository:
    """Look at the Dockerfile in ``source``, or at the only one there is.

    Raises SourceMissing where there is none, and UsageError where there are several.
    """
    path = root / source / "Dockerfile" if source else only_dockerfile(root)
    dockerfile = parse(decode(_content(path)))
    folder = path.parent if source else find_context(Target(path), dockerfile)[0] or path.parent
    context = open_context(folder, path)
    own = _shown(path, root) if path != folder / "Dockerfile" else ""
    build = interpret(dockerfile, context, file=path.name, port=PORT)
    seen = Repository(root, _shown(folder, root), own, health=_health(context))
    return _with_start(seen, build) if build else seen


def _content(path: Path) -> bytes:
    """Raises SourceMissing; also for a pipe, which would wait for a writer."""
    why = "it is no file"
    try:
        if not stat.S_ISFIFO(path.stat().st_mode):
            return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
    raise SourceMissing(
        f"there is no Dockerfile that can be read: {why}",
        where=str(path),
        remedy="name the folder that has it: --source FOLDER",
    )


def _shown(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _health(context: BuildContext) -> Health | None:
    names = (path for path in sorted(context.files) if is_source(path))
    return find_health((name, context.text(name) or "") for name in names)


def _with_start(seen: Repository, build: Build) -> Repository:
    main = build.start.main
    return replace(
        seen,
        framework=_framework(build),
        starts=" ".join(main.executed.words).replace(ANY_PORT, "$PORT") if main else "",
        port=_port(build),
        is_root=build.final.machine.is_root,
        breaks=_breaks(build),
    )


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
