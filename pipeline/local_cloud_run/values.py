"""The values that the parts of the local Cloud Run hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

Json = dict[str, Any]


class ServiceKey(NamedTuple):
    """A service's place: ``projects/P/locations/L/services/S``."""

    project: str
    location: str
    service: str


class RevisionKey(NamedTuple):
    """A revision's place; ``revision`` is the short name."""

    project: str
    location: str
    service: str
    revision: str

    @property
    def of_service(self) -> ServiceKey:
        return ServiceKey(self.project, self.location, self.service)


@dataclass(frozen=True)
class Probe:
    """A startup probe; all times in seconds. ``path`` is None for a TCP probe."""

    path: str | None = None
    port: int = 8080
    initial_delay: float = 0.0
    timeout: float = 240.0
    period: float = 240.0
    failure_threshold: int = 1
    default: bool = True  # Cloud Run's own, when the template names none
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InstanceSpec:
    """Everything needed to start instances of one revision."""

    key: RevisionKey
    image: str
    container: str = "container-1"
    port: int = 8080
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    cpu: float = 1.0
    memory: int = 512 * 1024 * 1024  # bytes
    concurrency: int = 80
    min_instances: int = 0
    max_instances: int = 100
    request_timeout: float = 300.0  # seconds
    probe: Probe = field(default_factory=Probe)


@dataclass(frozen=True)
class StartFailure:
    """Why an instance did not start; ``message`` is Google's text."""

    message: str
    reason: str = "HEALTH_CHECK_CONTAINER_ERROR"  # of Condition.revision_reason or .reason
    code: int = 9  # google.rpc.Code of the operation's error


@dataclass(frozen=True)
class LogEntry:
    """One entry of Cloud Logging. ``log`` is stdout, stderr, requests or varlog/system."""

    at: datetime
    key: RevisionKey
    log: str
    text: str | None = None
    payload: Json | None = None
    severity: str = "DEFAULT"
    trace: str | None = None  # projects/P/traces/ID
    span: str | None = None
    http_request: Json | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """One public address: a service's URL, or one of its tag URLs."""

    key: ServiceKey
    tag: str | None = None


@dataclass(frozen=True)
class Refusal:
    """The front end's own answer to a request (API facts §4.4)."""

    status: int
    message: str
    logged: bool = True
