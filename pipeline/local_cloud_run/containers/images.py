"""Which image a reference means: the engine's store stands in for the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline import commands, inspected
from pipeline.commands import Engine
from pipeline.errors import EngineFailed
from pipeline.local_cloud_run.containers.processes import finish

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/.+")
_UNREACHABLE = re.compile(r"cannot connect|permission denied|daemon running", re.IGNORECASE)


class Found(NamedTuple):
    """An image of the engine: its id (``sha256:…``), digest-pinned reference, and platform."""

    id: str
    pinned: str
    architecture: str
    entry: str  # the path of what it starts


class Reference(NamedTuple):
    """``NAME[:TAG][@DIGEST]`` taken apart; ``tag`` and ``digest`` may be empty."""

    name: str
    tag: str
    digest: str


def parse(reference: str) -> Reference:
    named, _, digest = reference.partition("@")
    name, colon, tag = named.rpartition(":")
    if not colon or "/" in tag:  # no tag: what looked like one is a registry's port
        name, tag = named, ""
    return Reference(name, tag, digest)


def on_loopback(reference: str) -> bool:
    """Whether a reference names a registry on this machine, the only kind we pull from."""
    return _LOOPBACK.fullmatch(reference) is not None


def pinned(reference: str, image: Mapping[str, Any]) -> str:
    """``NAME@DIGEST``: the registry's digest where the engine knows it, else the image's own id."""
    name, _, digest = parse(reference)
    known = [entry for entry in image.get("RepoDigests") or () if parse(entry).name == name]
    if digest:
        return f"{name}@{digest}"
    return str(known[0]) if known else f"{name}@{inspected.image_id(image)}"


async def find(engine: Engine, reference: str) -> Found | None:
    """The image that a reference means here, or None.

    ``NAME@DIGEST`` is an image pulled or pushed under that digest, or the image whose id it is.
    What is not here is pulled only from a registry on loopback. Raises EngineFailed.
    """
    if reference.startswith("-"):  # the engine would take it for an option
        return None
    image = await _local(engine, reference)
    if not image and on_loopback(reference):
        await finish(commands.pull_image(engine, reference))
        image = await _local(engine, reference)
    if not image:
        return None
    config = image.get("Config") or {}
    start = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()), ""]
    return Found(
        inspected.image_id(image),
        pinned(reference, image),
        str(image.get("Architecture", "")),
        start[0],
    )


async def _local(engine: Engine, reference: str) -> Mapping[str, Any]:
    for wanted in filter(None, (reference, parse(reference).digest)):
        answer = await finish(commands.inspect_image(engine, wanted))
        if not answer.ok and _UNREACHABLE.search(answer.errors):
            raise EngineFailed(
                f"{engine.name} does not answer: {answer.errors.strip()}",
                remedy="run scripts/engine: it starts an engine or says what to install",
            )
        if answer.ok:
            return inspected.first(answer.output)
    return {}
