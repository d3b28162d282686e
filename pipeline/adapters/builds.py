"""A build of Cloud Build: how it ended, and what it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.adapters.clients import go_direct
from pipeline.adapters.google import CALL, Google, read_again
from pipeline.adapters.logging import CLOCKS, entries
from pipeline.adapters.refusals import translated


@dataclass(frozen=True)
class Build:
    """``status`` is Cloud Build's word, such as FAILURE; ``detail`` says more, where it does."""

    id: str
    status: str
    detail: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Builds:
    google: Google
    project: str
    location: str

    def find(self, build: str) -> Build | None:
        """The build of that id, of the region or of no region; None where there is none."""
        for location in (self.location, "global"):
            found = self._get(f"projects/{self.project}/locations/{location}/builds/{build}")
            if found is not None:
                return Build(build, found.status.name, _detail(found), self._lines(found))
        return None

    def _lines(self, build: Any) -> tuple[str, ...]:
        since = (build.create_time - CLOCKS).isoformat()
        wanted = f'resource.type="build" AND resource.labels.build_id="{build.id}"'
        written = entries(self.google, self.project, f'{wanted} AND timestamp>="{since}"')
        return tuple(entry.text for entry in written)

    def _get(self, name: str) -> Any:
        from google.api_core import exceptions
        from google.api_core.client_options import ClientOptions
        from google.cloud.devtools import cloudbuild_v1

        options = ClientOptions(api_endpoint=self.google.endpoint("cloudbuild"))
        client = cloudbuild_v1.CloudBuildClient(
            transport="rest", credentials=self.google.credentials, client_options=options
        )
        go_direct(self.google, client.transport)
        request = cloudbuild_v1.GetBuildRequest(name=name)
        with translated(name):
            try:
                return client.get_build(request=request, timeout=CALL, retry=read_again())
            except exceptions.NotFound:
                return None


def _detail(build: Any) -> str:
    failed = [
        f"step {number} ({step.name}) ended with exit code {step.exit_code}"
        for number, step in enumerate(build.steps)
        if step.exit_code
    ]
    said = (build.status_detail, build.failure_info.detail, *failed)
    return "; ".join(dict.fromkeys(part for part in said if part))
