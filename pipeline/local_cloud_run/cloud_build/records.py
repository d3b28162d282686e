"""What Cloud Build keeps of a build: its message as JSON, from QUEUED to its end. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from pipeline.local_cloud_run.state.defaults import seconds
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import BuildKey, Json

ENDED = frozenset({"SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_OURS = (
    "name", "id", "projectId", "status", "statusDetail", "createTime", "startTime", "finishTime",
    "results", "logUrl", "failureInfo", "timing",
)  # fmt: skip
_NOT_EMULATED = ("artifacts", "secrets", "availableSecrets", "approval", "dependencies")
_LOGGED_ELSEWHERE = {"CLOUD_LOGGING_ONLY", "STACKDRIVER_ONLY", "NONE"}
_ACCOUNT_NEEDS = (
    "if 'build.service_account' is specified, the build must either (a) specify "
    "'build.logs_bucket', (b) use the REGIONAL_USER_OWNED_BUCKET "
    "build.options.default_logs_bucket_behavior option, or (c) use either CLOUD_LOGGING_ONLY / "
    "NONE logging options"
)


def accepted(body: Json, key: BuildKey, now: datetime) -> Json:
    """A build that was asked for, as it is queued. Raises ApiError for one that is not taken."""
    for name in _NOT_EMULATED:
        if body.get(name):
            raise not_emulated(f"{name} of a build")
    for tag in body.get("tags", []):
        if not _TAG.fullmatch(tag):
            raise invalid(f"invalid build: tag {tag!r} does not match {_TAG.pattern}")
    options = body.get("options", {})
    is_arranged = (
        options.get("logging") in _LOGGED_ELSEWHERE
        or body.get("logsBucket")
        or "defaultLogsBucketBehavior" in options
    )
    if body.get("serviceAccount") and not is_arranged:
        raise invalid(_ACCOUNT_NEEDS)
    asked = {name: value for name, value in body.items() if name not in _OURS}
    place = f"projects/{key.project}/locations/{key.location}/builds/{key.build}"
    return {
        "timeout": "3600s",
        "queueTtl": "3600s",
        **asked,
        "name": place,
        "id": key.build,
        "projectId": key.project,
        "status": "QUEUED",
        "createTime": timestamp(now),
    }


def started(build: Json, now: datetime) -> Json:
    return {**build, "status": "WORKING", "startTime": timestamp(now)}


def ended(
    build: Json, status: str, now: datetime, more: Mapping[str, object] | None = None
) -> Json:
    """Ended, unless it is so already: the first end counts."""
    if build["status"] in ENDED:
        return build
    return {**build, **(more or {}), "status": status, "finishTime": timestamp(now)}


def failed(detail: str, kind: str = "USER_BUILD_STEP") -> Json:
    return {"statusDetail": detail, "failureInfo": {"type": kind, "detail": detail}}


def limit(build: Json) -> float:
    """Seconds it may take."""
    return float(seconds(build["timeout"]))


def missing(key: BuildKey) -> ApiError:
    return ApiError(Code.NOT_FOUND, f"Requested entity was not found: build {key.build}.")


def timestamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
