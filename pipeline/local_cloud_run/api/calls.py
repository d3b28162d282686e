"""One REST call: what its path, query and body say."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.local_cloud_run.api import operation_views
from pipeline.local_cloud_run.api.paging import page
from pipeline.local_cloud_run.control import ControlPlane
from pipeline.local_cloud_run.state.resources import Operation
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import ExecutionKey, JobKey, Json, RevisionKey, ServiceKey

PLACE = r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"


@dataclass(frozen=True)
class Call:
    """One request: the parts of its path, its query and its JSON body."""

    control: ControlPlane
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    @property
    def service(self) -> ServiceKey:
        return ServiceKey(self.path["project"], self.path["location"], self.path["service"])

    @property
    def revision(self) -> RevisionKey:
        return RevisionKey(*self.service, self.path["revision"])

    @property
    def job(self) -> JobKey:
        return JobKey(self.path["project"], self.path["location"], self.path["job"])

    @property
    def execution(self) -> ExecutionKey:
        return ExecutionKey(
            self.path["project"], self.path["location"], self.path["job"], self.path["execution"]
        )

    @property
    def operation(self) -> str:
        return "projects/{project}/locations/{location}/operations/{operation}".format(**self.path)

    def flag(self, name: str) -> bool:
        """Of the query; or of the body, where a POST has it there."""
        return self.query.get(name, "").lower() in ("true", "1") or self.field(name) is True

    @property
    def is_dry(self) -> bool:
        """Whether nothing is to change; v2 has ``validateOnly``."""
        return self.query.get("dryRun", "") == "all"

    def number(self, name: str) -> int:
        text = self.query.get(name) or "0"
        if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
            raise invalid(f"Invalid value at '{name}', \"{text}\"")
        return int(text)

    def field(self, name: str) -> Any:
        return self.body.get(name) if isinstance(self.body, dict) else None

    def page(self, items: Iterable[Any]) -> tuple[list[Any], str]:
        return page(list(items), self.number("pageSize"), self.query.get("pageToken", ""))

    def show(self, operation: Operation | None) -> Json:
        if operation is None:
            return {}
        return operation_views.operation(operation, self.control.state, self.control.uri)


Handler = Callable[[Call], Awaitable[Json]]
