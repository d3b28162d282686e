"""Prisma's clients and engines: where the build makes them, and which of them the image has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from pipeline.dockerfile.build.build import Build, Stage
from pipeline.dockerfile.build.carrying import ends
from pipeline.dockerfile.build.entries import Entry, Presence, clean
from pipeline.dockerfile.build.machine import which
from pipeline.dockerfile.build.tools.node.engines import details
from pipeline.dockerfile.build.values import Step
from pipeline.dockerfile.place import Place

CLIENT, PYTHON_CLIENT, PYTHON_ENGINES = (
    "prisma-client", "prisma-python-client", "prisma-python-engines",
)  # fmt: skip
_MAKERS = frozenset({CLIENT, PYTHON_CLIENT, PYTHON_ENGINES})
_ENGINES_SINCE = {"debian": 12, "ubuntu": 22, "distroless": 12}  # releases with OpenSSL 3
_MUSL_SINCE = (3, 17)
_MOST = 100  # clients of one build
_WITHOUT_ENGINES = 7  # the version
_BARE = re.compile(r"""engineType\s*=\s*"client"|queryCompiler|prisma-client-py""")
_ASKED = re.compile(r""""@prisma/client"\s*:\s*"[\^~]?(\d{1,4})\.""")


@dataclass(frozen=True)
class Made:
    """One client, or the folder of Python's engines, as a step of a stage makes it.

    ``paths`` are where the image has this very one.
    """

    entry: Entry
    stage: Stage
    step: int
    paths: tuple[str, ...] = ()

    @property
    def maker(self) -> str:
        return self.entry.maker

    @property
    def place(self) -> Place:
        return self.entry.place

    @cached_property
    def told(self) -> dict[str, str]:
        return dict(details(self.entry.details))

    @property
    def needs_engine(self) -> bool | None:
        """Whether it works with an engine of Rust, which links OpenSSL; None: not known."""
        if self.told.get("engine") in {"client", "none", "wasm"}:
            return False
        version = self.version
        if self.maker != CLIENT:
            return True
        return version[0] < _WITHOUT_ENGINES if version else None

    @property
    def version(self) -> tuple[int, ...]:
        """Empty where it is not known."""
        return tuple(int(part) for part in self.told.get("version", "").split(".") if part)


def prisma_of(build: Build) -> tuple[Made, ...]:
    """All that prisma makes in the stages of the image, in order."""
    return build.once(_made)


def _made(build: Build) -> tuple[Made, ...]:
    """Of what is made several times in one place, the last."""
    found: dict[tuple[int, str], tuple[Stage, int, Entry]] = {}
    for stage in build.used:
        entries = sorted(stage.machine.files.made_by(_MAKERS), key=lambda one: one[0])
        found |= {(stage.index, entry.path): (stage, step, entry) for step, entry in entries}
    return tuple(
        Made(entry, stage, step, tuple(_in_image(build, stage, entry)))
        for stage, step, entry in islice(found.values(), _MOST)
    )


def _in_image(build: Build, stage: Stage, entry: Entry) -> Iterator[str]:
    for path in sorted(ends(build, stage.index, entry.path)):
        found = build.in_image(path).entry
        if found is not None and (found.maker, found.place) == (entry.maker, entry.place):
            yield path


def target_of(distribution: str, release: str, *, openssl: bool | None) -> str:
    """The name that prisma gives a system (``debian-openssl-3.0.x``); empty: not known."""
    numbers = tuple(int(one) for one in release.split(".") if one.isdecimal())
    if distribution == "alpine":
        if not openssl or not (numbers or release == "edge"):
            return ""
        old = bool(numbers) and numbers < _MUSL_SINCE
        return "linux-musl" if old else "linux-musl-openssl-3.0.x"
    since = _ENGINES_SINCE.get(distribution)
    if since is None or (not numbers and release != "sid") or openssl is None:
        return ""
    old = not openssl or (bool(numbers) and numbers[0] < since)
    return "debian-openssl-1.1.x" if old else "debian-openssl-3.0.x"


def libc_of(name: str) -> str:
    """The libc that a target's engine is linked with; empty: not known."""
    if name.startswith(("linux-musl", "linux-static")):
        return "musl"
    return "glibc" if name.startswith(("debian", "rhel", "linux-arm64", "linux-nixos")) else ""


def copied_here(build: Build, path: str) -> Step | None:
    """The copy that brought a path from another stage into the image; the last one counts."""
    return next(
        (
            step
            for stage in reversed(build.lineage(build.final))
            for step in reversed(stage.steps)
            for one in step.copied
            if (one.stage is not None or one.image) and one.target
            and f"{clean(path)}/".startswith(f"{clean(one.target).rstrip('/')}/")
        ),
        None,
    )  # fmt: skip


def is_closed(build: Build, path: str) -> bool:
    """Whether the image's user certainly cannot read what lies there: root's home."""
    machine = build.final.machine
    if machine.is_root or not machine.user or not f"{path}/".startswith("/root/"):
        return False
    return not any(
        word.rstrip("/") == "/root"
        for stage in build.lineage(build.final)
        for step in stage.commands("chmod", "chown", "setfacl", "usermod")
        for word in (step.executed.words if step.executed else ())
    )


def may_hold(build: Build, made: Made) -> bool:
    """Whether a copied folder that nobody can look into may have brought this client.

    Next's standalone output, what ``pnpm deploy`` makes: copied to where the image works.
    """
    if any(one.maker == CLIENT and one.paths for one in prisma_of(build)):
        return False
    workdir = build.final.machine.workdir
    return any(
        one.stage == made.stage.index
        and one.directory
        and (one.target == workdir or one.source.endswith("/standalone"))
        and build.in_image(f"{one.target}/node_modules/.prisma/client").presence is Presence.UNKNOWN
        for stage in build.lineage(build.final)
        for step in stage.steps
        for one in step.copied
    )


def runs_node(build: Build) -> bool:
    """Whether the image has Node."""
    machine = build.final.machine
    found = which(machine, "node", machine.search_path)
    return machine.base.node is not None or found.present


def generated_unseen(build: Build) -> bool:
    """Whether a tool for workspaces ran that nobody can look into, and one has such a client."""
    tools, options = (
        {"turbo", "nx", "lerna"},
        {"--filter", "-r", "--recursive", "-w", "--workspace"},
    )
    ran = any(
        tools & set(step.executed.words[:3])
        or options & {word.partition("=")[0] for word in step.executed.words}
        for stage in build.used
        for step in stage.commands()
        if step.executed
    )
    files = build.context.files if ran else ()
    schemas = [build.context.text(path) or "" for path in files if path.endswith(".prisma")]
    if not any('"prisma-client' in one for one in schemas) or any(map(_BARE.search, schemas)):
        return False
    packages = (path for path in files if path.endswith("package.json"))
    texts = (build.context.text(path) or "" for path in packages if "node_modules/" not in path)
    majors = {int(major) for text in islice(texts, 100) for major in _ASKED.findall(text)}
    return bool(majors) and max(majors) < _WITHOUT_ENGINES
