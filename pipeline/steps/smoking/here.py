"""The image that Cloud Build made, brought to this machine to be tried."""

from __future__ import annotations

from dataclasses import replace

from pipeline.adapters.images import Images
from pipeline.context import Context
from pipeline.errors import EngineMissing, RegistryRefused
from pipeline.model import Image


def brought_here(context: Context, image: Image) -> Image | None:
    """The image in the engine's store; None where there is no engine, which is said."""
    try:
        engine = context.engine
    except EngineMissing as missing:
        context.report.warn(f"the image is not tried before it is deployed: {missing.what}")
        context.report.note(
            "left out: its start, its health, jobs, crashes, memory and its end. Verify tries "
            "start and health on Cloud Run, before there is traffic"
        )
        return None
    images, digest = Images(engine, context.world), image.digests[0]
    found = images.find(digest) or images.find(image.id)
    if found is None:
        with context.report.timed("pulled"):
            found = images.pull(digest)
    if found is None:
        host = image.reference.split("/", 1)[0]
        raise RegistryRefused(
            f"{digest} cannot be pulled to be tried here",
            where=host,
            remedy=f"gcloud auth configure-docker {host}; the role is artifactregistry.reader",
        )
    return replace(found, reference=image.reference)
