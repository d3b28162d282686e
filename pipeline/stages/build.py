"""Build: the image for this source, once."""

from __future__ import annotations

from pipeline import commands
from pipeline.adapters.images import Images, is_loopback
from pipeline.commands import SOURCE_LABEL, ImageBuild
from pipeline.context import Context
from pipeline.errors import ImageNotBuilt, TagMoved, WrongArchitecture
from pipeline.model import Image, Source
from pipeline.report.masking import secret_values
from pipeline.steps.building import build_in_cloud, image_in_cloud
from pipeline.steps.source import find_dockerfile, read_source

_FOUND = "already built for this source"
_DIGITS = 16  # of the source's digest, in its image's tag and label


def build(context: Context) -> None:
    """Build the image, or find the one already built for this source."""
    source = read_source(context.config, context.world, context.builder)
    reference = reference_of(context, source)
    context.report.stage("build", reference)
    if context.builds_in_cloud:
        image = _from_cloud(context, source, reference)
    else:
        image = _already_built(context, source, reference) or _build(context, source, reference)
    _must_fit(context, image)
    context.report.step(f"{image.architecture}  {image.id[:19]}  {reference}")


def reference_of(context: Context, source: Source) -> str:
    """The image's name and tag; the tag is the digest of the build's input."""
    return f"{context.config.image}:src-{source.digest[:_DIGITS]}"


def built_image(context: Context) -> tuple[Source, Image]:
    """The image that build made for the source as it is now."""
    source = read_source(context.config, context.world, context.builder)
    reference = reference_of(context, source)
    if context.builds_in_cloud:
        image = image_in_cloud(context, reference)
    else:
        image = Images(context.engine, context.world).find(reference)
    if image is None:
        raise ImageNotBuilt(
            "the source has changed since the last build, or was never built",
            where=str(context.config.source_path),
            remedy="run `nox -s build` first",
        )
    if not context.builds_in_cloud and not _is_ours(image, source):
        raise TagMoved(
            f"{image.id[:19]} has the tag of this source, and is not the image that was built",
            where=image.reference,
            remedy="run `nox -s build` and `nox -s smoke`: somebody moved the tag",
        )
    return source, image


def _is_ours(image: Image, source: Source) -> bool:
    """Whether build made it: a tag can be moved by anybody."""
    return image.labels.get(SOURCE_LABEL) == source.digest[:_DIGITS]


def _already_built(context: Context, source: Source, reference: str) -> Image | None:
    images = Images(context.engine, context.world)
    image = images.find(reference)
    if image is None and not context.google.emulator and not is_loopback(reference):
        image = images.pull(reference)
    if image is not None and not _is_ours(image, source):
        context.report.warn("another image has the tag of this source: it is built anew")
        return None
    if image is not None:
        context.report.step(_FOUND)
    return image


def _from_cloud(context: Context, source: Source, reference: str) -> Image:
    image = image_in_cloud(context, reference)
    if image is not None:
        context.report.step(_FOUND)
        return image
    if any(secret_values(context.config.build.args.items())):
        context.report.warn(
            "build.args has what looks like a secret: Cloud Build keeps it, for all to see who "
            "may see builds"
        )
    return build_in_cloud(context, source, reference, _labels(context, source))


def _build(context: Context, source: Source, reference: str) -> Image:
    config, images = context.config, Images(context.engine, context.world)
    wanted = ImageBuild(
        reference=reference,
        folder=str(config.source_path),
        dockerfile=str(find_dockerfile(config)),
        platform=config.platform,
        labels=_labels(context, source),
        args=config.build.args,
        target=config.build.target,
    )
    context.report.command(commands.build_image(context.engine, wanted))
    with context.report.timed("built"):
        return images.build(wanted, context.report.progress)


def _labels(context: Context, source: Source) -> dict[str, str]:
    labels = {
        SOURCE_LABEL: source.digest[:_DIGITS],
        "org.opencontainers.image.revision": source.version,
        "org.opencontainers.image.source": source.repository,
        "org.opencontainers.image.created": context.now(),
    }
    return {name: value for name, value in labels.items() if value}


def _must_fit(context: Context, image: Image) -> None:
    if image.architecture != context.config.platform:
        raise WrongArchitecture(
            f"the image is for {image.architecture}; Cloud Run runs {context.config.platform}",
            where=image.reference,
            remedy="use a base image for amd64: remove --platform from FROM, or the digest of "
            "another architecture",
        )
