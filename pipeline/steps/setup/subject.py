"""What doctor asks about, and what several of its questions share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pipeline.adapters.project import Found, Project, caller
from pipeline.context import Context
from pipeline.errors import (
    ApiRefused,
    ApiUnreachable,
    PermissionMissing,
    PipelineError,
    ServiceMissing,
)
from pipeline.model import Service
from pipeline.steps.setup.registry import Registry, registry_of

UNSEEN = (ApiRefused, ApiUnreachable, PermissionMissing, ServiceMissing)
"""What leaves a question open: it is no answer."""


@dataclass(frozen=True)
class Subject:
    """A service and its project, each fact asked for once."""

    context: Context

    @cached_property
    def there(self) -> Project:
        return Project(self.context.google, self.context.config.project)

    @cached_property
    def member(self) -> str:
        return caller(self.context.google)

    @cached_property
    def service(self) -> Service | None:
        """The service as it is; None also where it may not be seen."""
        try:
            return self.context.cloud_run.find()
        except UNSEEN:
            return None

    @cached_property
    def is_public(self) -> bool:
        return self.service is not None and self.context.cloud_run.is_public(self.service)

    @cached_property
    def registry(self) -> Registry | None:
        """The image's repository in Artifact Registry; None where it is kept elsewhere."""
        return registry_of(self.context.config.image)

    @cached_property
    def answered(self) -> Found | PipelineError:
        """What was said of the project, a refusal too: it is asked for once."""
        try:
            return self.there.get()
        except UNSEEN as error:
            return error

    @property
    def described(self) -> Found:
        """The project; raises what it was refused with."""
        if isinstance(self.answered, PipelineError):
            raise self.answered
        return self.answered

    @property
    def number(self) -> str:
        known = {} if isinstance(self.answered, PipelineError) else self.answered or {}
        return str(known.get("projectNumber") or "")

    @cached_property
    def runs_as(self) -> str:
        """The account that the service runs as; empty where that is not known."""
        own = self.context.config.run.service_account or (
            self.service.account if self.service else ""
        )
        default = f"{self.number}-compute@developer.gserviceaccount.com" if self.number else ""
        return own or default
