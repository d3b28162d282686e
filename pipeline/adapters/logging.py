"""Reading Cloud Logging: one call, ``entries:list``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline.adapters.google import Google
from pipeline.payloads import told

CLOCKS = timedelta(minutes=10)
"""By how much our clock may be ahead of Google's. A name and a trace are unique without it."""

_PAGE = 1000
_MOST_PAGES = 10
FULL = _PAGE * _MOST_PAGES
"""A reading of so many entries or more may not have had all of them."""
NEWEST_PAGES = 3
"""Of a reading that is made again and again: each page counts in the quota."""
NEWEST_FIRST = "timestamp desc"


@dataclass(frozen=True)
class Entry:
    """One log entry. ``log`` is the short id: stdout, stderr, requests, varlog/system.

    ``id`` tells it from others of the same time; ``instance`` wrote it, where that is known.
    """

    at: datetime
    log: str
    text: str
    severity: str
    revision: str
    trace: str = ""
    http: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    instance: str = ""


@dataclass(frozen=True)
class Logs:
    """The logs of one service and of its jobs."""

    google: Google
    project: str
    location: str
    service: str

    def of_revision(self, revision: str, since: datetime) -> list[Entry]:
        """What a revision's containers and the platform wrote, oldest first.

        Of ``FULL`` entries or more, the oldest and the newest.
        """
        oldest = list(self._entries(_of(revision), since - CLOCKS))
        if len(oldest) < FULL:
            return oldest
        newest = self.newest(revision, oldest[-1].at)
        had = {(one.at, one.id) for one in oldest}
        return [*oldest, *(one for one in reversed(newest) if (one.at, one.id) not in had)]

    def newest(self, revision: str, since: datetime, others: Sequence[str] = ()) -> list[Entry]:
        """The last 3000 entries of a revision, and of requests to ``others``, newest first.

        ``since`` is as Google's clock is. Where there are more, what the revision wrote is read
        apart, so that requests do not crowd it out.
        """
        requests = f'logName="{self._requests}"'
        clause = _of(revision, *others)
        if others:
            clause += f' AND (resource.labels.revision_name="{revision}" OR {requests})'
        found = list(self._entries(clause, since, NEWEST_FIRST, NEWEST_PAGES))
        if len(found) < NEWEST_PAGES * _PAGE:
            return found
        written = f"{_of(revision)} AND NOT {requests}"
        found += self._entries(written, since, NEWEST_FIRST, 1)
        each = {(one.at, one.id): one for one in found}
        return sorted(each.values(), key=lambda one: one.at, reverse=True)

    def of_trace(self, trace: str, since: datetime) -> list[Entry]:
        """The entries of one request; ``trace`` is 32 hexadecimal digits."""
        clause = f' AND trace="projects/{self.project}/traces/{trace}"'
        return list(self._entries(clause, since - CLOCKS))

    def of_execution(self, job: str, execution: str, since: datetime) -> list[Entry]:
        """What an execution of a job wrote, oldest first; ``since`` is as Google's clock is."""
        of_job = f'resource.type="cloud_run_job" AND resource.labels.job_name="{job}"'
        label = f' AND labels."run.googleapis.com/execution_name"="{execution}"'
        return list(self._entries(label, since, of=of_job))

    def requests(self, since: datetime) -> list[Entry]:
        """The request log of the whole service."""
        return list(self._entries(f' AND logName="{self._requests}"', since))

    @property
    def _requests(self) -> str:
        return f"projects/{self.project}/logs/run.googleapis.com%2Frequests"

    def _entries(
        self,
        clause: str,
        since: datetime,
        order: str = "timestamp asc",
        pages: int = _MOST_PAGES,
        of: str = "",
    ) -> Iterator[Entry]:
        of_service = (
            f'resource.type="cloud_run_revision" AND resource.labels.service_name="{self.service}"'
        )
        wanted = (
            f'{of or of_service} AND resource.labels.location="{self.location}"'
            f' AND timestamp>="{since.isoformat()}"{clause}'
        )
        return entries(self.google, self.project, wanted, order, pages)


def entries(
    google: Google,
    project: str,
    wanted: str,
    order: str = "timestamp asc",
    pages: int = _MOST_PAGES,
) -> Iterator[Entry]:
    """The entries that a filter of Cloud Logging wants, page by page."""
    body: dict[str, Any] = {
        "resourceNames": [f"projects/{project}"],
        "filter": wanted,
        "orderBy": order,
        "pageSize": _PAGE,
    }
    for _ in range(pages):
        page = google.post("logging", "/v2/entries:list", body)
        yield from map(_entry, page.get("entries", []))
        if not page.get("nextPageToken"):
            return
        body["pageToken"] = page["nextPageToken"]


def _of(*revisions: str) -> str:
    names = " OR ".join(f'"{one}"' for one in revisions)
    return f" AND resource.labels.revision_name=({names})"


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
        id=str(raw.get("insertId", "")),
        instance=str(raw.get("labels", {}).get("instanceId", "")),
    )


def _text(raw: Mapping[str, Any]) -> str:
    if "textPayload" in raw:
        return str(raw["textPayload"])
    audit = raw.get("protoPayload") or {}
    said = audit.get("message") or (audit.get("status") or {}).get("message")
    return str(said) if said else told(raw.get("jsonPayload") or audit)
