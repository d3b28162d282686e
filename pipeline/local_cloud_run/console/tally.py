"""The answers of the last minute, counted from the request log when somebody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.api.shapes import timestamp
from pipeline.local_cloud_run.console.entries import is_request, revision_of
from pipeline.local_cloud_run.values import RevisionKey

WINDOW = timedelta(seconds=60)
_SECOND = len("2000-01-01T00:00:00")

Answers = Mapping[RevisionKey, Mapping[int, int]]
"""How often each status was answered, by revision; one without a name stands for the front end."""


@dataclass
class Tally:
    """Counts each entry once, however many look."""

    store: LogStore
    _last: int = 0
    _seconds: dict[str, Counter[tuple[RevisionKey, int]]] = field(default_factory=dict)
    _gap: str = ""  # the last second of which entries were lost before they were counted

    def count(self, now: datetime) -> tuple[Answers, bool]:
        """The answers, and whether they are all: the store forgets some under heavy load."""
        since = timestamp(now - WINDOW)
        if not self._catch_up(since):
            self._gap = timestamp(now)
        self._seconds = {at: each for at, each in self._seconds.items() if at >= since[:_SECOND]}
        answers: dict[RevisionKey, Counter[int]] = {}
        for second in self._seconds.values():
            for (key, status), number in second.items():
                answers.setdefault(key, Counter())[status] += number
        return answers, self._gap < since

    def _catch_up(self, since: str) -> bool:
        """Count what is new and young enough; False when something of it is gone."""
        newest, seen, first = self.store.last, 0, self._last + 1
        for number, entry in self.store.newest_first():
            arrived = entry["receiveTimestamp"]
            if number <= self._last or arrived < since:
                first = max(first, number + 1)
                break
            seen += 1
            if is_request(entry):
                second = self._seconds.setdefault(arrived[:_SECOND], Counter())
                second[revision_of(entry), entry["httpRequest"]["status"]] += 1
        self._last = newest
        return seen == newest - first + 1
