"""One Cloud Run service, through the official client over REST.

Every call has a deadline. Reads are asked again; a write only where a look showed that it was not
applied. What the client raises becomes one of the pipeline's errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.adapters.clients import connection, go_direct
from pipeline.adapters.google import Google
from pipeline.adapters.messages import read_revision, read_service, traffic_target
from pipeline.adapters.patience import PATIENT, Limits, Pace
from pipeline.adapters.policy import everybody_may_call, let_everybody_in, let_nobody_in
from pipeline.adapters.refusals import translated
from pipeline.adapters.sending import Write
from pipeline.adapters.template import Settings, new_service, write_settings
from pipeline.adapters.writing import Change
from pipeline.errors import ServiceMissing
from pipeline.model import Revision, Service

if TYPE_CHECKING:
    from google.cloud import run_v2

__all__ = ["Change", "CloudRun"]


@dataclass(frozen=True)
class CloudRun:
    google: Google
    project: str
    location: str
    service: str
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    limits: Limits = PATIENT

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def name(self) -> str:
        return f"{self.parent}/services/{self.service}"

    def hurried(self) -> CloudRun:
        """The same for who wants to leave: every call together ends in about six seconds.

        A write is asked for all the same. Raises NotSettled when it was accepted, but has not taken
        effect by then.
        """
        copy = replace(self, limits=self._pace.hurried())
        clients = vars(self).keys() & {"_services", "_revisions"}  # those that were made
        vars(copy).update((name, vars(self)[name]) for name in clients)
        return copy

    def find(self) -> Service | None:
        """The service, or None when there is none of that name."""
        try:
            return self.get()
        except ServiceMissing as error:
            if "does not exist" in error.what or "not found" in error.what.lower():
                return None
            raise

    def get(self) -> Service:
        pace = self._pace
        with translated(self.name):
            return read_service(
                self._services.get_service(name=self.name, timeout=pace.call, retry=pace.again)
            )

    def create(self, settings: Settings, notes: Mapping[str, str]) -> Service:
        """Create the service; its first revision gets all traffic, so it is not opened here."""
        from google.cloud import run_v2

        request = run_v2.CreateServiceRequest(
            parent=self.parent, service_id=self.service, service=new_service(settings, notes)
        )

        def send(_: Service | None) -> Any:
            return self._services.create_service(request=request, timeout=self._pace.call)

        change = Change(settings, notes=notes)
        return Write(self.name, change, self._pace, send, self.find).onto(None)

    def update(self, seen: Service, change: Change) -> Service:
        """Write a change onto the service as it was seen; refused if somebody changed it since.

        The etag moves with the status too, for instance while a step of a shift is watched. Then
        the change is written onto what is there now.
        """

        def send(now: Service | None) -> Any:
            request = _update_request(now or seen, change)
            return self._services.update_service(request=request, timeout=self._pace.call)

        return Write(self.name, change, self._pace, send, self.get).onto(seen)

    def revision(self, name: str) -> Revision | None:
        from google.api_core import exceptions

        full, pace = f"{self.name}/revisions/{name}", self._pace
        with translated(self.name):
            try:
                found = self._revisions.get_revision(name=full, timeout=pace.call, retry=pace.again)
            except exceptions.NotFound:
                return None
            return read_revision(found)

    def revisions(self) -> Sequence[Revision]:
        """Its revisions, newest first."""
        pace = self._pace
        with translated(self.name):
            found = self._revisions.list_revisions(
                parent=self.name, timeout=pace.call, retry=pace.again
            )
            return [read_revision(one) for one in found]

    def delete_revision(self, name: str) -> None:
        """Ask for a revision to be deleted; one that is gone already is fine."""
        from google.api_core import exceptions

        full = f"{self.name}/revisions/{name}"
        with translated(full):
            try:
                self._revisions.delete_revision(name=full, timeout=self._pace.call)
            except exceptions.NotFound:
                return

    def is_public(self, service: Service) -> bool:
        """Whether anybody may call the service without a token."""
        return service.invoker_iam_disabled or everybody_may_call(
            self._services, self.name, self._pace
        )

    def make_public(self) -> None:
        """Let everybody call the service; needs run.services.setIamPolicy."""
        let_everybody_in(self._services, self.name, self._pace)

    def make_private(self) -> None:
        """Take away what ``make_public`` added; others who may call it still may."""
        let_nobody_in(self._services, self.name, self._pace)

    @property
    def _pace(self) -> Pace:
        return Pace(self.sleep, self.monotonic, self.limits)

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


def _update_request(seen: Service, change: Change) -> run_v2.UpdateServiceRequest:
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
    return run_v2.UpdateServiceRequest(
        service=message, update_mask=field_mask_pb2.FieldMask(paths=paths)
    )
