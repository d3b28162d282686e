"""What doctor asks about, and what several of its questions share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from pipeline.adapters.project import Found, Project, caller
from pipeline.context import Context
from pipeline.errors import ApiRefused, ApiUnreachable, PermissionMissing, ServiceMissing
from pipeline.model import Service

UNSEEN = (ApiRefused, ApiUnreachable, PermissionMissing, ServiceMissing)
"""What leaves a question open: it is no answer."""

_REPOSITORY = re.compile(r"([a-z0-9-]+)-docker\.pkg\.dev/((?:[a-z0-9.-]+:)?[^/]+)/([^/]+)/.+")


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
    def repository(self) -> str:
        """The image's repository in Artifact Registry; empty where it is kept elsewhere."""
        found = _REPOSITORY.fullmatch(self.context.config.image)
        return f"projects/{found[2]}/locations/{found[1]}/repositories/{found[3]}" if found else ""

    @cached_property
    def described(self) -> Found:
        return self.there.get()

    @cached_property
    def number(self) -> str:
        try:
            return str((self.described or {}).get("projectNumber", ""))
        except UNSEEN:
            return ""

    @cached_property
    def runs_as(self) -> str:
        """The account that the service runs as; empty where that is not known."""
        own = self.context.config.run.service_account or (
            self.service.account if self.service else ""
        )
        default = f"{self.number}-compute@developer.gserviceaccount.com" if self.number else ""
        return own or default
