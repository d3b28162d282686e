"""The configuration as a value: the keys of pipeline.yaml, and where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config import fields
from pipeline.config.run import Run
from pipeline.config.sections import (
    Build,
    Cors,
    Health,
    Job,
    Lint,
    Rehearse,
    Section,
    Smoke,
    Startup,
    Traffic,
    key,
)


class Document(Section):
    """The keys of pipeline.yaml."""

    service: fields.ServiceName = key(
        "Name of the Cloud Run service, 37 characters or less", examples=["my-service"]
    )
    project: fields.ProjectId = key("Id of the Google Cloud project", examples=["my-project"])
    region: fields.Region = key("Region of Cloud Run", examples=["us-central1"])
    image: fields.ImageName = key(
        "Where the image is kept, without tag and digest",
        examples=["us-central1-docker.pkg.dev/my-project/services/my-service"],
    )
    source: fields.Text = key("Folder to build, seen from the folder of this file", ".")
    dockerfile: fields.Text | None = key(
        "Dockerfile, seen from the same folder; null is the one in source", None
    )
    platform: Annotated[Literal["linux/amd64"], fields.PLATFORM] = key(
        "Platform of the image; Cloud Run has no other", "linux/amd64"
    )
    lint: Lint = Field(default_factory=Lint)
    build: Build = Field(default_factory=Build)
    run: Run = Field(default_factory=Run)
    health: Health = Field(default_factory=Health)
    startup: Startup = Field(default_factory=Startup)
    cors: Cors = Field(default_factory=Cors)
    smoke: Smoke = Field(default_factory=Smoke)
    jobs: fields.Named[Job] = key(
        "Jobs to run with the new image, each {name, command, when, timeout, reversible}", []
    )
    traffic: Traffic = Field(default_factory=Traffic)
    rehearse: Rehearse = Field(default_factory=Rehearse)
    allow_key_file: bool = key(
        "Whether a service account's key, kept in a file, is a credential to deploy with",
        default=False,
    )
    catalogue: fields.Text | None = key(
        "File of failures of your own, seen from the folder of this file", None
    )


class Config(Document):
    """A document that holds, and where it came from.

    ``file`` is absolute. ``named`` has the dotted path of every key that the file or the
    environment wrote, such as ``run.memory`` and ``run.env.LOG_LEVEL``: only those are written
    onto a service that exists. ``lines`` has the line of every key and list item in the file.
    """

    file: Path
    named: frozenset[str]
    lines: Mapping[str, int]

    def variables(self) -> Iterator[tuple[str, str]]:
        """Every variable and build argument with its value, wherever it is written."""
        services = (each for one in self.smoke.services for each in (one.env, one.provides))
        for env in (self.run.env, self.smoke.env, self.rehearse.broken_env, *services):
            yield from env.items()
        yield from self.build.args.items()

    @property
    def folder(self) -> Path:
        """The folder of the file: paths in it start there."""
        return self.file.parent

    @property
    def source_path(self) -> Path:
        return self.folder / self.source

    @property
    def dockerfile_path(self) -> Path:
        return self.folder / self.dockerfile if self.dockerfile else self.source_path / "Dockerfile"
