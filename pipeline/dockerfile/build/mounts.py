"""``RUN --mount``: what is there for one instruction, and gone after it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.dockerfile.build.bench import Bench
from pipeline.dockerfile.build.copying import origin_of
from pipeline.dockerfile.syntax.nodes import Instruction


@dataclass(frozen=True)
class Mount:
    """``type`` is bind, cache, secret, ssh or tmpfs; ``target`` an absolute path."""

    type: str
    target: str
    source: str = ""
    origin: str = ""


def mounts_of(bench: Bench, instruction: Instruction) -> tuple[Mount, ...]:
    """The mounts of a RUN whose target is known."""
    values = [flag.value.value for flag in instruction.flags if flag.name == "mount" and flag.value]
    return tuple(mount for value in values if (mount := _mount(bench, value)) is not None)


def _mount(bench: Bench, value: str) -> Mount | None:
    keys = {}
    for part in value.split(","):
        name, _, setting = part.partition("=")
        keys[name.strip().lower()] = bench.known(setting.strip())
    target = keys.get("target") or keys.get("dst") or keys.get("destination") or ""
    if not target or "$" in target:
        return None
    workdir = bench.machine.workdir
    if not target.startswith("/") and workdir is None:
        return None
    target = posixpath.normpath(posixpath.join(workdir or "/", target))
    source = keys.get("source") or keys.get("src") or "/"
    return Mount(keys.get("type", "bind"), target, source, keys.get("from", ""))


@contextmanager
def mounted(bench: Bench, instruction: Instruction, mounts: Sequence[Mount]) -> Iterator[None]:
    """Bind mounts are seen inside; what was written into caches is gone afterwards."""
    files = bench.machine.files
    bound = [mount for mount in mounts if mount.type == "bind"]
    for mount in bound:
        origin = origin_of(bench, instruction, mount.origin)
        files.mount(mount.target, origin.tree, "/" + mount.source.lstrip("/"))
    yield
    for mount in bound:
        files.unbind(mount.target)
    for mount in mounts:
        if mount.type in {"cache", "tmpfs"}:
            files.remove(mount.target)
