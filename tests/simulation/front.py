"""What those outside meet: answers of the service, and its log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.local_cloud_run.api.iam import is_public
from pipeline.local_cloud_run.state.traffic import route
from pipeline.local_cloud_run.values import Refusal, RevisionKey, ServiceKey, Site
from pipeline.steps.probing import AGENT
from tests.simulation.revisions import Revisions, of_users

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud

KEY = ServiceKey("my-project", "us-central1", "agents")

_HOST = "agents.example"
_GOLDEN = 0.6180339887  # spreads users evenly over a split
_USERS_LOOKED_AT = 60  # seconds of users' requests that are written down at once


@dataclass
class Log:
    """Entries of each revision and execution, oldest first; they can be read after ``lag`` s."""

    lag: float
    fails: bool
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    answered: dict[str, Entry] = field(default_factory=dict)  # request log by trace

    def of(self, name: str) -> list[Entry]:
        return self.entries.setdefault(name, [])

    def readable(self, name: str, now: datetime) -> list[Entry]:
        until = now - timedelta(seconds=self.lag)
        return [entry for entry in self.entries.get(name, ()) if entry.at <= until]

    def of_trace(self, trace: str, now: datetime) -> list[Entry]:
        entry = self.answered.get(trace)
        return [entry] if entry and entry.at + timedelta(seconds=self.lag) <= now else []


class Front:
    """The front end, and the users that come to it: one request a second."""

    def __init__(self, cloud: Cloud, log: Log) -> None:
        self._cloud, self.log = cloud, log
        self.revisions = Revisions(lambda: cloud.time.now)
        self.users_until = self.open_at = 0.0
        self._users = count(1)

    @property
    def is_open(self) -> bool:
        """Whether the policy lets everybody in."""
        service = self._cloud.service
        return service is not None and is_public(service)

    def see_who_is_met(self) -> None:
        """Note since when users meet a revision; some then write what they did not before."""
        service = self._cloud.service
        for routed in service.observed if service and self.is_open else ():
            name = routed.revision
            if routed.target.percent and name not in self.revisions.met:
                self.revisions.met[name] = self._cloud.time.now
                nature = self.revisions.nature(name)
                self.log.of(name).extend(of_users(name, nature, self._cloud.now))

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """A request to one of the service's addresses, as the front end deals with it."""
        tag, dashes, _ = str(urlsplit(url).hostname).partition("---")
        site = Site(KEY, tag if dashes else None)
        found = route(self._cloud.state, site, self._cloud.chance.random())
        if isinstance(found, Refusal):
            return Answer(found.status)
        is_let_in = self.is_open and self._cloud.time.now >= self.open_at
        if not is_let_in and "X-Serverless-Authorization" not in headers:
            return Answer(403)
        answer, trace = self.revisions.answer(found.revision), headers["traceparent"].split("-")[1]
        self._write_request(found, answer, trace, AGENT)
        return answer

    def let_users_in(self) -> None:
        """Write down what users asked since it was last looked at."""
        until = int(self._cloud.time.now)
        first = max(int(self.users_until), until - _USERS_LOOKED_AT)
        self.users_until = until
        for _ in range(until - first if self.is_open else 0):
            number = next(self._users)
            met = route(self._cloud.state, Site(KEY), number * _GOLDEN % 1)
            if isinstance(met, RevisionKey):
                answer = self.revisions.for_users(met.revision)
                self._write_request(met, answer, f"user{number}", "a browser")

    def _write_request(self, met: RevisionKey, answer: Answer, trace: str, agent: str) -> None:
        http = {
            "status": answer.status, "requestMethod": "GET", "requestUrl": "/",
            "userAgent": agent, "latency": f"{answer.seconds}s",
        }  # fmt: skip
        now = self._cloud.now
        entry = Entry(now, "requests", "", "INFO", met.revision, trace, http, trace)
        self.log.answered[trace] = entry
        self.log.of(met.revision).append(entry)


def uri(site: Site) -> str:
    return f"https://{site.tag}---{_HOST}" if site.tag else f"https://{_HOST}"
