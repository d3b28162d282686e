"""The source's way to Cloud Build: packed, uploaded, built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.adapters.build_message import Wanted
from pipeline.adapters.registry import is_gone
from pipeline.adapters.storage import Stored, default_bucket, no_bucket
from pipeline.commands import CLOUD_BUILD, ImageBuild, build_image
from pipeline.context import Context
from pipeline.errors import PermissionMissing, SourceRefused
from pipeline.model import Image, Source
from pipeline.steps.cloud_build import CloudBuild
from pipeline.steps.packing import CONTEXT, DOCKERFILE, Packed, packed
from pipeline.steps.source import read_source


def image_in_cloud(context: Context, reference: str) -> Image | None:
    """The image that Cloud Build made for this source, if the registry still has it."""
    image = CloudBuild(context, reference).finished()
    if image and is_gone(context.google, image.digests[0]):
        context.report.warn("the registry no longer has the image that was built for this source")
        return None
    return image


def build_in_cloud(
    context: Context, source: Source, reference: str, labels: Mapping[str, str]
) -> Image:
    """Follow the build of this source that is under way, or start one."""
    cloud, config = CloudBuild(context, reference), context.config
    running = cloud.under_way()
    if running:
        told = "is under way: it is followed, and goes on when this is stopped"
        context.report.note(f"build {running.id} of this source {told}")
        with context.report.timed("built"):
            return cloud.follow(running.id)
    image = ImageBuild(
        reference=reference,
        folder=CONTEXT,
        dockerfile=DOCKERFILE,
        platform=config.platform,
        labels=labels,
        args=config.build.args,
        target=config.build.target,
    )
    stored = _uploaded(context, source)
    wanted = Wanted(
        image, stored, (cloud.tag,), config.build.timeout, config.build.service_account or ""
    )
    context.report.command(build_image(CLOUD_BUILD, image))
    with context.report.timed("built"):
        return cloud.run(lambda once: replace(wanted, tags=(*wanted.tags, once)))


def _uploaded(context: Context, source: Source) -> Stored:
    bucket = context.config.build.bucket or _own_bucket(context)
    with packed(context.config) as archive:
        if read_source(context.config, context.world, CLOUD_BUILD).digest != source.digest:
            raise SourceRefused(
                "it changed while it was packed",
                where=str(context.config.source_path),
                remedy="run `nox -s build` again when nothing writes to it",
            )
        return _stored(context, bucket, archive)


def _stored(context: Context, bucket: str, archive: Packed) -> Stored:
    """The archive as an object; its name says what is in it, so that it is uploaded once."""
    name = f"source/{archive.digest}.tar.gz"
    found = context.storage.find(bucket, name)
    if found and found.md5 == archive.md5:
        context.report.step(f"uploaded already: gs://{bucket}/{name}")
        return found
    with context.report.timed(f"uploaded {_shown(archive.size)} to gs://{bucket}"):
        stored = context.storage.upload(bucket, name, archive.file)
    if stored.md5 != archive.md5:
        raise SourceRefused(
            "what Cloud Storage has is not what was sent",
            where=f"gs://{bucket}/{name}",
            remedy="run `nox -s build` again: it is uploaded anew",
        )
    return stored


def _shown(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def _own_bucket(context: Context) -> str:
    """The default bucket, if it is the project's: names are world-wide."""
    project = context.config.project
    bucket = default_bucket(project)
    try:
        is_ours = context.storage.is_in(project, bucket)
    except PermissionMissing as error:
        error.remedy = (
            f"name a bucket of yours in build.bucket: nobody has to ask then whose {bucket} is"
        )
        raise
    if not is_ours:
        raise no_bucket(bucket)
    return bucket
