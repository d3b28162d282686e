"""The v1 API that gcloud uses, over the same state (API facts §13.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.local_cloud_run.api.calls import PLACE, Call, Handler
from pipeline.local_cloud_run.api.knative import job_calls, operations, service_calls
from pipeline.local_cloud_run.control import ControlPlane
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import Json

_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    *service_calls.ROUTES,
    *job_calls.ROUTES,
    *operations.ROUTES,
)
_KINDS = "services|jobs|revisions|routes|configurations|defaultServiceAccount"
_OURS = re.compile(rf"/apis/.*|/v1/projects/[^/]+/locations|/v1/{PLACE}/(?:{_KINDS})(?:[/:].*)?")
_OPERATION = re.compile(rf"/v1/(?P<name>{PLACE}/operations/[^/:]+)(?P<wait>:wait)?")
_REGIONAL = re.compile(r"([a-z]+-[a-z]+[0-9]+)-.+")


def is_path(path: str, control: ControlPlane) -> bool:
    """Cloud Build's operations have paths of the same form."""
    operation = _OPERATION.fullmatch(path)
    if operation:
        return bool(operation["wait"]) or operation["name"] in control.state.operations
    return _OURS.fullmatch(path) is not None


def region(host: str) -> str:
    """The region that a host name begins with, as in ``us-central1-run.localhost``; or ""."""
    match = _REGIONAL.fullmatch(host)
    return match[1] if match else ""


async def answer(
    control: ControlPlane,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
    location: str,
) -> Json:
    """Answer one call; ``location`` is what the host says, or "". Raises ApiError."""
    try:
        return await _answer(control, method, path, query, body, location)
    except ApiError as error:
        if error.code == Code.UNIMPLEMENTED:  # a 501 would have gcloud retry for half a minute
            raise invalid(error.message) from error
        raise


async def _answer(
    control: ControlPlane,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
    location: str,
) -> Json:
    for verb, pattern, handler in _ROUTES:
        match = re.fullmatch("/" + pattern, path) if verb == method else None
        if match:
            parts = {"location": location, **match.groupdict()}
            return await handler(Call(control, parts, query, body))
    raise not_emulated(f"{method} {path}")
