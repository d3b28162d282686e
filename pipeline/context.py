"""What a stage works with: the configuration, the world, the report, and Google."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.adapters.cloud_run import CloudRun
from pipeline.adapters.engine import find_engine
from pipeline.adapters.google import Google
from pipeline.adapters.identity import IdTokens
from pipeline.adapters.jobs import Jobs
from pipeline.adapters.logging import Logs
from pipeline.adapters.secrets import Secrets
from pipeline.adapters.world import World
from pipeline.commands import Engine
from pipeline.release.lease import Holder
from pipeline.report.terminal import Report

if TYPE_CHECKING:
    from pipeline.config import Config


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line, beside the configuration."""

    format: str = "text"
    to: str = ""  # a revision for rollback, a percentage for shift
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
        return find_engine(self.world, self.config.build.engine)

    @cached_property
    def google(self) -> Google:
        return Google.from_environ(self.world.environ)

    @cached_property
    def cloud_run(self) -> CloudRun:
        world = self.world
        return CloudRun(self.google, *self._place, sleep=world.sleep, monotonic=world.monotonic)

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
