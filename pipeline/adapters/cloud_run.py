"""One Cloud Run service, through the official client over REST.

Every call has a deadline. Reads are retried; writes are not, unless they were refused only because
the service's status moved. What the client raises becomes one of the pipeline's errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.adapters.clients import connection, go_direct
from pipeline.adapters.google import CALL, Google, read_again
from pipeline.adapters.messages import read_revision, read_service, traffic_target
from pipeline.adapters.operations import settle
from pipeline.adapters.policy import everybody_may_call, let_everybody_in
from pipeline.adapters.refusals import translated
from pipeline.adapters.template import Settings, new_service, write_settings
from pipeline.errors import ChangedMeanwhile, ServiceMissing
from pipeline.model import Revision, Service, Target

if TYPE_CHECKING:
    from google.cloud import run_v2

_TRIES = 3


@dataclass(frozen=True)
class Change:
    """What an update writes; None leaves a part as it is."""

    settings: Settings | None = None
    traffic: Sequence[Target] | None = None
    notes: Mapping[str, str] | None = None  # annotations to set; an empty value removes one


@dataclass(frozen=True)
class CloudRun:
    google: Google
    project: str
    location: str
    service: str

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def name(self) -> str:
        return f"{self.parent}/services/{self.service}"

    def find(self) -> Service | None:
        """The service, or None when there is none of that name."""
        try:
            return self.get()
        except ServiceMissing as error:
            if "does not exist" in error.what or "not found" in error.what.lower():
                return None
            raise

    def get(self) -> Service:
        with translated(self.name):
            return read_service(
                self._services.get_service(name=self.name, timeout=CALL, retry=read_again())
            )

    def create(self, settings: Settings, notes: Mapping[str, str]) -> Service:
        """Create the service; its first revision gets all traffic, so it is not opened here."""
        from google.cloud import run_v2

        request = run_v2.CreateServiceRequest(
            parent=self.parent, service_id=self.service, service=new_service(settings, notes)
        )
        return settle(
            lambda: self._services.create_service(request=request, timeout=CALL),
            self.name,
            settings.revision,
        )

    def update(self, seen: Service, change: Change) -> Service:
        """Write a change onto the service as it was seen; refused if somebody changed it since.

        The etag moves with the status too, for instance while a step of a shift is watched. Then
        the change is written onto what is there now.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._write(seen, change)
            except ChangedMeanwhile:
                now = self.get()
                if not _untouched(seen, now, change):
                    raise
                seen = now
        return self._write(seen, change)

    def _write(self, seen: Service, change: Change) -> Service:
        from google.cloud import run_v2
        from google.protobuf import field_mask_pb2

        message = run_v2.Service(seen.raw)
        # Sending a template back under the name it already had is refused (API facts §1.2).
        message.template.revision = ""
        paths: list[str] = []
        if change.settings is not None:
            paths += write_settings(message, change.settings)
        if change.traffic is not None:
            message.traffic = [traffic_target(target) for target in change.traffic]
            paths.append("traffic")
        if change.notes is not None:
            notes = {**seen.annotations, **change.notes}
            message.annotations = {key: value for key, value in notes.items() if value}
            paths.append("annotations")
        request = run_v2.UpdateServiceRequest(
            service=message, update_mask=field_mask_pb2.FieldMask(paths=paths)
        )
        return settle(
            lambda: self._services.update_service(request=request, timeout=CALL),
            self.name,
            change.settings.revision if change.settings else "",
        )

    def revision(self, name: str) -> Revision | None:
        from google.api_core import exceptions

        with translated(self.name):
            try:
                found = self._revisions.get_revision(
                    name=f"{self.name}/revisions/{name}", timeout=CALL, retry=read_again()
                )
            except exceptions.NotFound:
                return None
            return read_revision(found)

    def is_public(self, service: Service) -> bool:
        """Whether anybody may call the service without a token."""
        return service.invoker_iam_disabled or everybody_may_call(self._services, self.name)

    def make_public(self) -> None:
        """Let everybody call the service; needs run.services.setIamPolicy."""
        let_everybody_in(self._services, self.name)

    @cached_property
    def _services(self) -> run_v2.ServicesClient:
        from google.cloud import run_v2

        client = run_v2.ServicesClient(**connection(self.google))
        go_direct(self.google, client.transport, client.transport.operations_client.transport)
        return client

    @cached_property
    def _revisions(self) -> run_v2.RevisionsClient:
        from google.cloud import run_v2

        client = run_v2.RevisionsClient(**connection(self.google))
        go_direct(self.google, client.transport)
        return client


def _untouched(seen: Service, now: Service, change: Change) -> bool:
    """Whether nobody changed what a change is about; new settings are about everything."""
    same = now.traffic == seen.traffic and now.annotations == seen.annotations
    return same and (change.settings is None or now.generation == seen.generation)
