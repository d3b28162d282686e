"""Builds of Cloud Build, through the official client over REST.

Reads are retried, and so is nothing else: a build whose answer was lost may be under way. It can be
found, for each has a tag of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.adapters.build_message import Build, Wanted, build_message, read_build
from pipeline.adapters.clients import connection, go_direct
from pipeline.adapters.google import CALL, Google, read_again
from pipeline.adapters.logging import CLOCKS, NEWEST_FIRST, NEWEST_PAGES, Entry, entries
from pipeline.adapters.refusals import Trouble, translated, trouble_of
from pipeline.errors import PermissionMissing

if TYPE_CHECKING:
    from google.cloud.devtools import cloudbuild_v1

_NEWEST = 20  # builds of one source that are looked at


@dataclass(frozen=True)
class Builds:
    google: Google
    project: str
    location: str

    def find(self, build: str) -> Build | None:
        """The build of that id with its log, of the region or of no region; or None."""
        for location in (self.location, "global"):
            found = self._find(f"projects/{self.project}/locations/{location}/builds/{build}")
            if found is not None:
                written = self.log(found, found.created - CLOCKS)
                return replace(found, lines=tuple(entry.text for entry in written))
        return None

    def get(self, build: str) -> Build:
        """As it is now, without its log."""
        from google.cloud.devtools import cloudbuild_v1

        request = cloudbuild_v1.GetBuildRequest(name=self._name(build))
        with self._allowed(request.name):
            return read_build(
                self._client.get_build(request=request, timeout=CALL, retry=read_again())
            )

    def tagged(self, tag: str) -> list[Build]:
        """The builds with a tag, the newest first."""
        from google.cloud.devtools import cloudbuild_v1

        request = cloudbuild_v1.ListBuildsRequest(parent=self._parent, filter=f'tags="{tag}"')
        with self._allowed(self._parent):
            found = self._client.list_builds(request=request, timeout=CALL, retry=read_again())
            return [read_build(one) for one in islice(found, _NEWEST) if tag in one.tags]

    def start(self, wanted: Wanted) -> str:
        """Ask for a build; its id. Raises ApiUnreachable when the answer was lost."""
        from google.cloud.devtools import cloudbuild_v1
        from google.protobuf import json_format

        message = build_message(wanted, self.project)
        request = cloudbuild_v1.CreateBuildRequest(parent=self._parent, build=message)
        with self._allowed(self._parent), _unknown_is_lost():
            begun = self._client.create_build(request=request, timeout=CALL).metadata
            if not begun or not begun.build.id:
                raise json_format.ParseError("the answer names no build")
            return str(begun.build.id)

    def cancel(self, build: str) -> None:
        from google.cloud.devtools import cloudbuild_v1

        request = cloudbuild_v1.CancelBuildRequest(name=self._name(build))
        with self._allowed(request.name):
            self._client.cancel_build(request=request, timeout=CALL)

    def log(self, build: Build, since: datetime) -> list[Entry]:
        """What a build wrote, oldest first: its last 3000 entries, for they say how it ended.

        ``since`` is as Google's clock is.
        """
        wanted = f'resource.type="build" AND resource.labels.build_id="{build.id}"'
        since_then = f'{wanted} AND timestamp>="{since.isoformat()}"'
        newest = entries(self.google, self.project, since_then, NEWEST_FIRST, NEWEST_PAGES)
        return list(newest)[::-1]

    def _find(self, name: str) -> Build | None:
        from google.api_core import exceptions
        from google.cloud.devtools import cloudbuild_v1

        request = cloudbuild_v1.GetBuildRequest(name=name)
        with self._allowed(name):
            try:
                found = self._client.get_build(request=request, timeout=CALL, retry=read_again())
            except exceptions.NotFound:
                return None
            return read_build(found)

    @contextmanager
    def _allowed(self, where: str) -> Iterator[None]:
        """A refusal names what is missing: the API, or a role."""
        try:
            with translated(where):
                yield
        except PermissionMissing as error:
            if "has not been used" in error.what or "is disabled" in error.what:
                error.remedy = (
                    f"gcloud services enable cloudbuild.googleapis.com --project={self.project}"
                )
            elif "actAs" not in error.what:
                error.remedy = (
                    "grant roles/cloudbuild.builds.editor on the project, for instance: gcloud "
                    f"projects add-iam-policy-binding {self.project} --member=MEMBER "
                    "--role=roles/cloudbuild.builds.editor"
                )
            raise

    @property
    def _parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    def _name(self, build: str) -> str:
        return f"{self._parent}/builds/{build}"

    @cached_property
    def _client(self) -> cloudbuild_v1.CloudBuildClient:
        from google.cloud.devtools import cloudbuild_v1

        client = cloudbuild_v1.CloudBuildClient(**connection(self.google, "cloudbuild"))
        go_direct(self.google, client.transport)
        return client


@contextmanager
def _unknown_is_lost() -> Iterator[None]:
    """A server that broke down over a write may have done it all the same."""
    from google.api_core import exceptions

    try:
        yield
    except exceptions.GoogleAPICallError as error:
        if trouble_of(error) is not Trouble.LOST:
            raise
        raise exceptions.ServiceUnavailable(error.message) from error  # type: ignore[no-untyped-call]
