"""What a stage works with: the configuration, the world, the report, and Google."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.adapters.builds import Builds
from pipeline.adapters.cloud_run import CloudRun
from pipeline.adapters.engine import find_engine
from pipeline.adapters.google import Google
from pipeline.adapters.identity import IdTokens
from pipeline.adapters.jobs import Jobs
from pipeline.adapters.logging import Logs
from pipeline.adapters.secrets import Secrets
from pipeline.adapters.storage import Storage
from pipeline.adapters.world import World
from pipeline.commands import CLOUD_BUILD, Engine
from pipeline.release.lease import Holder
from pipeline.report.terminal import Report

if TYPE_CHECKING:
    from pipeline.config import Config


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line, beside the configuration."""

    format: str = "text"
    to: str = ""  # a revision for rollback, a percentage for shift
    candidate: str = ""  # the revision that was approved
    hold: bool = False
    pause: bool = False
    resume: bool = False
    abort: bool = False
    force: str = ""  # why a rejected image is deployed all the same


@dataclass(frozen=True)
class Context:
    config: Config
    world: World
    report: Report
    options: Options = field(default_factory=Options)

    @cached_property
    def engine(self) -> Engine:
        """The container engine of this machine."""
        return find_engine(self.world, self.config.build.engine)

    @property
    def builds_in_cloud(self) -> bool:
        return self.config.build.engine == "cloud-build"

    @property
    def builder(self) -> Engine:
        """What builds the image: Cloud Build, or the engine of this machine."""
        return CLOUD_BUILD if self.builds_in_cloud else self.engine

    @cached_property
    def google(self) -> Google:
        allowed = self.config.allow_key_file
        return Google.from_environ(self.world.environ, takes_key_file=allowed)

    @cached_property
    def cloud_run(self) -> CloudRun:
        world = self.world
        return CloudRun(self.google, *self._place, sleep=world.sleep, monotonic=world.monotonic)

    @cached_property
    def builds(self) -> Builds:
        region = self.config.build.region or self.config.region
        return Builds(self.google, self.config.project, region)

    @cached_property
    def storage(self) -> Storage:
        return Storage.of(self.google, self.world.environ)

    @cached_property
    def logs(self) -> Logs:
        return Logs(self.google, *self._place)

    @cached_property
    def jobs(self) -> Jobs:
        world = self.world
        return Jobs(self.google, *self._place, sleep=world.sleep, monotonic=world.monotonic)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.google, self.config.project)

    @cached_property
    def id_tokens(self) -> IdTokens:
        return IdTokens(self.google, self.config.project)

    @cached_property
    def holder(self) -> Holder:
        return self.world.holder(self.world.environ)

    def now(self) -> str:
        """RFC 3339, to the second: what notes and labels say of the time."""
        return self.world.now().isoformat(timespec="seconds")

    @property
    def _place(self) -> tuple[str, str, str]:
        return self.config.project, self.config.region, self.config.service
