"""A build of Cloud Build as a message, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.adapters.storage import Stored
from pipeline.commands import CLOUD_BUILD, ImageBuild, build_image

if TYPE_CHECKING:
    from google.cloud.devtools import cloudbuild_v1

_DOCKER = "gcr.io/cloud-builders/docker"


@dataclass(frozen=True)
class Wanted:
    """An image to build from an archive; ``timeout`` is seconds. Paths are seen from its root."""

    image: ImageBuild
    source: Stored
    tags: tuple[str, ...]
    timeout: float
    service_account: str = ""


@dataclass(frozen=True)
class Build:
    """``status`` is Cloud Build's word, such as FAILURE; ``detail`` says more, where it does.

    ``failure`` is its word for what failed, such as PUSH_FAILED. ``asked`` has the images it was
    asked for, ``images`` the digests of those that it pushed, by their references.
    """

    id: str
    status: str
    detail: str
    created: datetime
    lines: tuple[str, ...] = ()
    failure: str = ""
    asked: tuple[str, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    page: str = ""  # where Google shows it


def build_message(wanted: Wanted, project: str) -> cloudbuild_v1.Build:
    """docker build with the arguments that an engine here would have; the push is Cloud Build's."""
    from google.cloud.devtools import cloudbuild_v1

    command = build_image(CLOUD_BUILD, wanted.image)
    account = f"projects/{project}/serviceAccounts/{wanted.service_account}"
    source = cloudbuild_v1.StorageSource(
        bucket=wanted.source.bucket,
        object_=wanted.source.name,
        generation=wanted.source.generation,
    )
    return cloudbuild_v1.Build(
        source=cloudbuild_v1.Source(storage_source=source),
        steps=[
            cloudbuild_v1.BuildStep(
                name=_DOCKER,
                args=[_literally(word) for word in command.argv[1:]],
                env=[f"{name}={value}" for name, value in command.env.items()],
            )
        ],
        images=[wanted.image.reference],
        tags=list(wanted.tags),
        timeout=timedelta(seconds=wanted.timeout),
        service_account=account if wanted.service_account else "",
        options=cloudbuild_v1.BuildOptions(
            logging=cloudbuild_v1.BuildOptions.LoggingMode.CLOUD_LOGGING_ONLY
        ),
    )


def _literally(word: str) -> str:
    """Cloud Build puts substitutions where a dollar is."""
    return word.replace("$", "$$")


def read_build(message: cloudbuild_v1.Build) -> Build:
    return Build(
        id=message.id,
        status=message.status.name,
        detail=_detail(message),
        created=message.create_time,  # type: ignore[arg-type]
        failure=message.failure_info.type_.name if message.failure_info.type_ else "",
        asked=tuple(message.images),
        images={one.name: one.digest for one in message.results.images},
        tags=tuple(message.tags),
        page=message.log_url,
    )


def _detail(build: cloudbuild_v1.Build) -> str:
    failed = [
        f"step {number} ({step.name}) ended with exit code {step.exit_code}"
        for number, step in enumerate(build.steps)
        if step.exit_code
    ]
    said = (build.status_detail, build.failure_info.detail, *failed)
    return "; ".join(dict.fromkeys(part for part in said if part))
