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


@dataclass(frozen=True, order=True)
class JobKey:
    """A job's place: ``projects/P/locations/L/jobs/J``.

    No tuple, so that it never equals the key of a service of the same name.
    """

    project: str
    location: str
    job: str


@dataclass(frozen=True, order=True)
class ExecutionKey:
    """An execution's place; ``execution`` is the short name."""

    project: str
    location: str
    job: str
    execution: str

    @property
    def of_job(self) -> JobKey:
        return JobKey(self.project, self.location, self.job)


@dataclass(frozen=True, order=True)
class BuildKey:
    """A build's place: ``projects/P/locations/L/builds/ID``."""

    project: str
    location: str
    build: str


class SecretRef(NamedTuple):
    """A version of a secret that a variable is filled from."""

    secret: str
    version: str


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
class TaskSpec:
    """Everything needed for one attempt at one task of an execution; both count from 0."""

    key: ExecutionKey
    image: str
    index: int = 0
    attempt: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    cpu: float = 1.0
    memory: int = 512 * 1024 * 1024  # bytes
    timeout: float = 600.0  # seconds


@dataclass(frozen=True)
class TaskEnd:
    """How an attempt ended. ``message`` is Google's text, and empty when it succeeded."""

    exit_code: int = 0
    signal: int = 0
    message: str = ""


@dataclass(frozen=True)
class StartFailure:
    """Why an instance did not start; ``message`` is Google's text."""

    message: str
    reason: str = "HEALTH_CHECK_CONTAINER_ERROR"  # of Condition.revision_reason or .reason
    code: int = 9  # google.rpc.Code of the operation's error


@dataclass(frozen=True)
class LogEntry:
    """One entry of Cloud Logging.

    ``log`` is stdout, stderr, requests, varlog/system or cloudbuild.
    """

    at: datetime
    key: RevisionKey | ExecutionKey | BuildKey
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
class Census:
    """The instances of a revision at one moment.

    ``running`` maps those that are ready to their requests in flight; ``waiting`` counts requests
    that have no instance yet.
    """

    running: Mapping[str, int] = field(default_factory=dict)
    starting: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class Addresses:
    """Where the local Cloud Run listens: ``HOST:PORT`` each."""

    rest: str
    grpc: str = ""


@dataclass(frozen=True)
class Refusal:
    """The front end's own answer to a request (API facts §4.4)."""

    status: int
    message: str
    logged: bool = True
