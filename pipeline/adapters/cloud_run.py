"""One Cloud Run service, through the official client over REST.

Every call has a deadline. Reads are retried; writes are not. What the client raises becomes one of
the pipeline's errors. Waiting for an operation is waiting for the service to settle.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.adapters.google import Google, said, translated
from pipeline.adapters.messages import read_revision, read_service, traffic_target
from pipeline.adapters.template import Settings, new_service, write_settings
from pipeline.errors import ApiRefused, PipelineError, RevisionFailed, ServiceMissing
from pipeline.model import Revision, Service, Target

if TYPE_CHECKING:
    from google.cloud import run_v2

CALL = 20.0
"""Seconds that one call may take."""

OPERATION = 300.0
"""Seconds that a change may take to settle: Cloud Run's 240 s to start, and some."""


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
            return read_service(self._services.get_service(name=self.name, timeout=CALL))

    def create(self, settings: Settings, notes: Mapping[str, str]) -> Service:
        """Create the service; its first revision gets all traffic, so it is not opened here."""
        from google.cloud import run_v2

        request = run_v2.CreateServiceRequest(
            parent=self.parent, service_id=self.service, service=new_service(settings, notes)
        )
        return self._settle(
            lambda: self._services.create_service(request=request, timeout=CALL),
            settings.revision,
        )

    def update(self, seen: Service, change: Change) -> Service:
        """Write a change onto the service as it was seen; refused if it changed since (etag)."""
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
        return self._settle(
            lambda: self._services.update_service(request=request, timeout=CALL),
            change.settings.revision if change.settings else "",
        )

    def revision(self, name: str) -> Revision | None:
        from google.api_core import exceptions

        with translated(self.name):
            try:
                found = self._revisions.get_revision(
                    name=f"{self.name}/revisions/{name}", timeout=CALL, retry=_read_again()
                )
            except exceptions.NotFound:
                return None
            return read_revision(found)

    def is_public(self, service: Service) -> bool:
        if service.invoker_iam_disabled:
            return True
        return any(
            binding.role == "roles/run.invoker" and "allUsers" in binding.members
            for binding in self._policy().bindings
        )

    def make_public(self) -> None:
        """Let everybody call the service; needs run.services.setIamPolicy."""
        from google.iam.v1 import iam_policy_pb2

        policy = self._policy()
        policy.bindings.add(role="roles/run.invoker", members=["allUsers"])
        request = iam_policy_pb2.SetIamPolicyRequest(resource=self.name, policy=policy)
        with translated(f"{self.name}:setIamPolicy"):
            self._services.set_iam_policy(request=request, timeout=CALL)

    def _policy(self) -> Any:
        from google.iam.v1 import iam_policy_pb2

        request = iam_policy_pb2.GetIamPolicyRequest(resource=self.name)
        with translated(self.name):
            return self._services.get_iam_policy(request=request, timeout=CALL, retry=_read_again())

    def _settle(self, write: Callable[[], Any], revision: str) -> Service:
        """Send a write and wait until it has taken effect, or say why it did not."""
        from google.api_core import exceptions
        from google.api_core.future.polling import DEFAULT_POLLING

        with translated(self.name):
            operation = write()
            polling = DEFAULT_POLLING.with_delay(initial=0.2, multiplier=1.5, maximum=5.0)
            try:
                return read_service(operation.result(polling=polling, timeout=OPERATION))
            except concurrent.futures.TimeoutError as error:
                what = f"the change did not settle within {OPERATION:.0f} s"
                raise _refused(revision, what) from error
            except exceptions.GoogleAPICallError as error:
                if error.response is operation.operation:  # the outcome, not a failed poll
                    raise _refused(revision, said(error)) from error
                raise

    @cached_property
    def _services(self) -> run_v2.ServicesClient:
        from google.cloud import run_v2

        return run_v2.ServicesClient(**self._connection())

    @cached_property
    def _revisions(self) -> run_v2.RevisionsClient:
        from google.cloud import run_v2

        return run_v2.RevisionsClient(**self._connection())

    def _connection(self) -> dict[str, Any]:
        from google.api_core.client_options import ClientOptions

        return {
            "transport": "rest",
            "credentials": self.google.credentials,
            "client_options": ClientOptions(api_endpoint=self.google.endpoint("run")),
        }


def _refused(revision: str, text: str) -> PipelineError:
    what = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    if revision:
        return RevisionFailed(what, where=f"revision {revision}")
    return ApiRefused(what, remedy="look with `nox -s status`")


def _read_again() -> Any:
    from google.api_core import exceptions, retry

    passing = retry.if_exception_type(
        exceptions.ServiceUnavailable,
        exceptions.TooManyRequests,
        exceptions.GatewayTimeout,
        exceptions.InternalServerError,
    )
    return retry.Retry(predicate=passing, initial=0.5, maximum=5.0, timeout=30.0)
