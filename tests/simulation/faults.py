"""The errors of API facts §10, as Google's client raises them."""

from __future__ import annotations

import requests
from google.api_core import exceptions

from pipeline.local_cloud_run.state.rpc import HTTP_STATUS, ApiError
from tests.simulation.plan import Kind

_WHERE = "PATCH https://run.googleapis.com/v2/services/agents: "
_QUOTA = "Quota exceeded for quota metric 'Write requests' of service 'run.googleapis.com'"
_SAID = {
    Kind.QUOTA: _QUOTA,
    Kind.INTERNAL: "Internal error encountered.",
    Kind.UNAVAILABLE: "The service is currently unavailable.",
    Kind.DEADLINE: "Deadline exceeded.",
    Kind.CONFLICT: "Conflict for resource 'agents': version '1' was specified but is not current.",
    Kind.DENIED: "Permission 'run.services.update' denied on resource 'agents'.",
}
ENDS = frozenset({Kind.INTERRUPT, Kind.KILL})
"""What strikes the process, whatever it is at."""


def error_of(kind: Kind) -> BaseException:
    if kind is Kind.HANGS:
        return requests.exceptions.ReadTimeout("Read timed out.")
    if kind is Kind.LOST:
        return requests.exceptions.ConnectionError("Connection reset by peer")
    return _raised(int(kind), _SAID[kind])


def refusal(error: ApiError) -> BaseException:
    """What the state model says no with, as the client raises it."""
    return _raised(HTTP_STATUS[error.code], str(error))


def _raised(status: int, text: str) -> BaseException:
    found: BaseException = exceptions.from_http_status(status, _WHERE + text)  # type: ignore[no-untyped-call]
    return found
