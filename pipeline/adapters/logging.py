"""Reading Cloud Logging: one call, ``entries:list``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline.adapters.google import Google

_CLOCKS = timedelta(minutes=10)
"""By how much our clock may be ahead of Google's. A name and a trace are unique without it."""

_PAGE = 1000
_MOST_PAGES = 10


@dataclass(frozen=True)
class Entry:
    """One log entry. ``log`` is the short id: stdout, stderr, requests, varlog/system."""

    at: datetime
    log: str
    text: str
    severity: str
    revision: str
    trace: str = ""
    http: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Logs:
    """The logs of one service."""

    google: Google
    project: str
    location: str
    service: str

    def of_revision(self, revision: str, since: datetime) -> list[Entry]:
        """What a revision's containers and the platform wrote, oldest first."""
        clause = f' AND resource.labels.revision_name="{revision}"'
        return list(self._entries(clause, since - _CLOCKS))

    def of_trace(self, trace: str, since: datetime) -> list[Entry]:
        """The entries of one request; ``trace`` is 32 hexadecimal digits."""
        clause = f' AND trace="projects/{self.project}/traces/{trace}"'
        return list(self._entries(clause, since - _CLOCKS))

    def requests(self, since: datetime) -> list[Entry]:
        """The request log of the whole service."""
        log = f"projects/{self.project}/logs/run.googleapis.com%2Frequests"
        return list(self._entries(f' AND logName="{log}"', since))

    def _entries(self, clause: str, since: datetime) -> Iterator[Entry]:
        body: dict[str, Any] = {
            "resourceNames": [f"projects/{self.project}"],
            "filter": (
                'resource.type="cloud_run_revision"'
                f' AND resource.labels.service_name="{self.service}"'
                f' AND resource.labels.location="{self.location}"'
                f' AND timestamp>="{since.isoformat()}"' + clause
            ),
            "orderBy": "timestamp asc",
            "pageSize": _PAGE,
        }
        for _ in range(_MOST_PAGES):
            page = self.google.post("logging", "/v2/entries:list", body)
            yield from map(_entry, page.get("entries", []))
            if not page.get("nextPageToken"):
                return
            body["pageToken"] = page["nextPageToken"]


def _entry(raw: Mapping[str, Any]) -> Entry:
    log = str(raw.get("logName", "")).rsplit("/", 1)[-1]
    return Entry(
        at=datetime.fromisoformat(str(raw["timestamp"])),
        log=log.removeprefix("run.googleapis.com%2F").replace("%2F", "/"),
        text=_text(raw),
        severity=str(raw.get("severity", "DEFAULT")),
        revision=str(raw.get("resource", {}).get("labels", {}).get("revision_name", "")),
        trace=str(raw.get("trace", "")),
        http=raw.get("httpRequest", {}),
    )


def _text(raw: Mapping[str, Any]) -> str:
    if "textPayload" in raw:
        return str(raw["textPayload"])
    payload = raw.get("jsonPayload") or raw.get("protoPayload") or {}
    return str(payload.get("message") or payload.get("status", {}) or payload or "")
