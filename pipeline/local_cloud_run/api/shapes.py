"""Shapes that many resources share in JSON (API facts §1.7)."""

from __future__ import annotations

from datetime import datetime

from pipeline.local_cloud_run.state.conditions import Condition
from pipeline.local_cloud_run.values import Json

_COMMON_REASONS = frozenset({
    "UNKNOWN", "REVISION_FAILED", "PROGRESS_DEADLINE_EXCEEDED", "CONTAINER_MISSING",
    "CONTAINER_PERMISSION_DENIED", "CONTAINER_IMAGE_UNAUTHORIZED",
    "CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED", "ENCRYPTION_KEY_PERMISSION_DENIED",
    "ENCRYPTION_KEY_CHECK_FAILED", "SECRETS_ACCESS_CHECK_FAILED", "WAITING_FOR_OPERATION",
    "IMMEDIATE_RETRY", "POSTPONED_RETRY", "INTERNAL", "VPC_NETWORK_NOT_FOUND",
})  # fmt: skip
_EXECUTION_REASONS = frozenset({"NON_ZERO_EXIT_CODE", "CANCELLED", "CANCELLING"})


def timestamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def condition(kind: str, held: Condition) -> Json:
    shown: Json = {"type": kind, "state": held.state, "lastTransitionTime": timestamp(held.at)}
    if held.message:
        shown["message"] = held.message
    if held.reason:
        shown[_field(held.reason)] = held.reason
    return shown


def _field(reason: str) -> str:
    """A condition has one of three kinds of reason."""
    if reason in _COMMON_REASONS:
        return "reason"
    return "executionReason" if reason in _EXECUTION_REASONS else "revisionReason"
