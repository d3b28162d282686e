"""What every resource has: conditions, and versions behind an etag (API facts §1.7, §1.9)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

RECONCILING = "CONDITION_RECONCILING"
SUCCEEDED = "CONDITION_SUCCEEDED"
FAILED = "CONDITION_FAILED"


@dataclass(frozen=True)
class Condition:
    """``google.cloud.run.v2.Condition``; ``reason`` is one of its three kinds of reason."""

    state: str
    at: datetime
    message: str = ""
    reason: str = ""


def microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def etag_of(version: int) -> str:
    """The opaque quoted string of a version (API facts §1.9)."""
    return f'"{base64.b64encode(str(version).encode()).decode()}"'


def version_of(etag: str) -> str:
    """The version inside an etag, or the etag itself where it is none of ours."""
    try:
        text = base64.b64decode(etag.strip('"'), validate=True).decode("ascii")
    except ValueError:
        return etag
    return text if text.isdigit() else etag
