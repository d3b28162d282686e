"""The log store: entries in the JSON shape of Cloud Logging, in memory (API facts §8).

Bounded: the last 5,000 entries of each revision, execution or build, 50,000 overall, and 64 MiB
of text; what is older goes first. A text longer than 256 KiB, Cloud Logging's own limit, is cut.
"""

from __future__ import annotations

import json
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.values import BuildKey, ExecutionKey, Json, LogEntry, RevisionKey

CLOUD_BUILD = "cloudbuild"
LONGEST_TEXT = 256 * 1024  # characters
Key = RevisionKey | ExecutionKey | BuildKey


@dataclass(frozen=True)
class Bounds:
    per_key: int = 5_000  # entries
    overall: int = 50_000  # entries
    text: int = 64 * 1024 * 1024  # characters


@dataclass
class LogStore:
    now: Callable[[], datetime]
    bounds: Bounds = field(default_factory=Bounds)
    lag: Callable[[], float] = lambda: 0.0  # seconds
    _entries: OrderedDict[int, Json] = field(default_factory=OrderedDict)
    _sizes: dict[int, int] = field(default_factory=dict)
    _of: defaultdict[Key, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    _keys: dict[int, Key] = field(default_factory=dict)
    _count: int = 0
    _size: int = 0

    def add(self, entry: LogEntry) -> None:
        self._count += 1
        number, shown = self._count, entry_json(entry, self._count, self.now())
        self._entries[number], self._keys[number] = shown, entry.key
        self._sizes[number] = _length(shown)
        self._size += self._sizes[number]
        mine = self._of[entry.key]
        mine.append(number)
        if len(mine) > self.bounds.per_key:
            self._drop(mine[0])
        while len(self._entries) > self.bounds.overall or self._size > self.bounds.text:
            self._drop(next(iter(self._entries)))

    def entries(self) -> Iterator[Json]:
        """Every entry that can be read by now, in order of arrival."""
        held, lag = list(self._entries.values()), self.lag()
        if not lag:
            return iter(held)
        readable = timestamp(self.now() - timedelta(seconds=lag))
        return (entry for entry in held if entry["receiveTimestamp"] <= readable)

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 when none has ever come."""
        return self._count

    def newest_first(self) -> Iterator[tuple[int, Json]]:
        """Every entry held with its number, which counts up from 1. Read it at one go."""
        return iter(reversed(self._entries.items()))

    def _drop(self, number: int) -> None:
        """Forget an entry, which is the oldest of its revision or execution."""
        del self._entries[number]
        self._size -= self._sizes.pop(number)
        key = self._keys.pop(number)
        self._of[key].popleft()
        if not self._of[key]:
            del self._of[key]


def entry_json(entry: LogEntry, number: int, received: datetime) -> Json:
    """A google.logging.v2.LogEntry; ``number`` becomes an insertId that sorts as entries came."""
    key = entry.key
    labels = {**entry.labels, **_labels(key)}
    return {
        "logName": f"projects/{key.project}/logs/{quote(_log_id(entry.log), safe='')}",
        "resource": _resource(key),
        "insertId": f"{number:016x}",
        "timestamp": timestamp(entry.at),
        "receiveTimestamp": timestamp(received),
        **({"severity": entry.severity} if entry.severity != "DEFAULT" else {}),
        **_payload(entry),
        **({"labels": labels} if labels else {}),
        **({"trace": entry.trace} if entry.trace else {}),
        **({"spanId": entry.span} if entry.span else {}),
        **({"httpRequest": entry.http_request} if entry.http_request else {}),
    }


@lru_cache(maxsize=1024)  # shared by the entries of a revision: less to hold and to collect
def _resource(key: Key) -> Json:
    if isinstance(key, BuildKey):
        labels = {"project_id": key.project, "build_id": key.build, "build_trigger_id": ""}
        return {"type": "build", "labels": labels}
    labels = {"project_id": key.project, "location": key.location}
    if isinstance(key, ExecutionKey):
        return {"type": "cloud_run_job", "labels": {**labels, "job_name": key.job}}
    of_service = {
        "service_name": key.service,
        "revision_name": key.revision,
        "configuration_name": key.service,
    }
    return {"type": "cloud_run_revision", "labels": {**labels, **of_service}}


def _labels(key: Key) -> dict[str, str]:
    """The resource of a job does not say which execution; a label of the entry does."""
    execution = key.execution if isinstance(key, ExecutionKey) else ""
    return {"run.googleapis.com/execution_name": execution} if execution else {}


def _log_id(log: str) -> str:
    """The full id: Cloud Run's own logs are given by their last part, others as they are."""
    is_whole = log == CLOUD_BUILD or "." in log.partition("/")[0]
    return log if is_whole else f"run.googleapis.com/{log}"


def _payload(entry: LogEntry) -> Json:
    if entry.payload is not None:
        if _length(entry.payload) <= LONGEST_TEXT:
            return {"jsonPayload": entry.payload}
        return {"textPayload": json.dumps(entry.payload)[:LONGEST_TEXT]}
    return {} if entry.text is None else {"textPayload": entry.text[:LONGEST_TEXT]}


def _length(value: Json) -> int:
    return len(json.dumps(value, default=str))
