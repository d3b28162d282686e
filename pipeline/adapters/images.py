"""Images in the engine and in registries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline import commands, inspected
from pipeline.adapters.engine import must_answer
from pipeline.adapters.world import World
from pipeline.commands import Engine, ImageBuild
from pipeline.errors import BuildFailed, EngineFailed, RegistryRefused
from pipeline.model import Image

_LOOPBACK = ("localhost:", "127.0.0.1:", "[::1]:")


@dataclass(frozen=True)
class Images:
    engine: Engine
    world: World

    def find(self, reference: str) -> Image | None:
        """The image in the engine's own store."""
        answer = self.world.run(commands.inspect_image(self.engine, reference))
        return _read(reference, answer.output) if answer.ok else None

    def pull(self, reference: str) -> Image | None:
        """The image from its registry, if it is there."""
        pulled = self.world.run(commands.pull_image(self.engine, reference))
        return self.find(reference) if pulled.ok else None

    def build(self, build: ImageBuild, on_line: Callable[[str], None]) -> Image:
        done = self.world.stream(commands.build_image(self.engine, build), on_line)
        if not done.ok:
            must_answer(self.world, self.engine, done.output.splitlines()[-10:])
            raise BuildFailed(
                f"{self.engine.name} build ended with exit code {done.code}",
                where=build.dockerfile,
                remedy="mend the step that failed; its own words are above",
                lines=done.output.splitlines(),
            )
        image = self.find(build.reference)
        if image is None:
            raise EngineFailed(
                f"the build went well, but {build.reference} is not in the engine's store",
                where=self.engine.path,
                remedy="choose a builder that loads what it builds, such as the default one",
            )
        return image

    def push(self, image: Image, on_line: Callable[[str], None]) -> str:
        """Push, and return the digest that the registry gave it: NAME@sha256:…"""
        done = self.world.stream(commands.push_image(self.engine, image.reference), on_line)
        if not done.ok:
            must_answer(self.world, self.engine, done.output.splitlines()[-10:])
            host = image.reference.split("/", 1)[0]
            raise RegistryRefused(
                f"{image.reference} was not accepted",
                where=host,
                remedy=f"check that the repository exists and that you may push to it: "
                f"gcloud auth configure-docker {host}; the role is artifactregistry.writer",
                lines=done.output.splitlines()[-10:],
            )
        pushed = self.find(image.reference)
        name = image.reference.rpartition(":")[0]
        for digest in pushed.digests if pushed else ():
            if digest.startswith(f"{name}@"):
                return digest
        raise RegistryRefused(
            f"{image.reference} was pushed, but the registry named no digest for it",
            where=image.reference,
            remedy="push again; if it persists the registry is not a full one",
        )


def is_loopback(name: str) -> bool:
    """Whether an image's registry is on this machine."""
    return name.startswith(_LOOPBACK)


def by_id(image: Image) -> str:
    """The image by digest where no registry gave it one: the engine's own id stands in."""
    return f"{image.reference.rpartition(':')[0]}@{image.id}"


def _read(reference: str, output: str) -> Image:
    raw = inspected.first(output)
    config = raw.get("Config") or {}
    return Image(
        reference=reference,
        id=inspected.image_id(raw),
        architecture=f"{raw.get('Os', 'linux')}/{raw.get('Architecture', '')}",
        labels=config.get("Labels") or {},
        digests=tuple(raw.get("RepoDigests") or ()),
    )
