"""The sections of the configuration, one frozen model each; ``run`` has a file of its own.

Defaults are spelt as a person writes them, and equal those in ``defaults.yaml``; a test says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from pipeline.config import fields
from pipeline.config.faults import RuleError


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


def key(description: str, default: object = ..., **more: Any) -> Any:
    """A key's description and its default as YAML spells it; without one the key is required."""
    return Field(default, description=description, **more)


class Ignored(Section):
    """A rule whose findings are left out."""

    rule: fields.RuleId = key("Id of the rule", examples=["DL3008"])
    reason: str = key("Why; lint warns where there is none", "")
    path: fields.Text | None = key(
        "Pattern of the files, such as docker/*, seen from the folder of this file; null is all",
        None,
    )


class Lint(Section):
    """What lint does not tell, beside what a comment in the Dockerfile says."""

    ignore: fields.Many[Ignored] = key("Rules to leave out, each {rule, reason, path}", [])


class Build(Section):
    """How the image is built."""

    engine: Literal["auto", "docker", "podman", "cloud-build"] = key(
        "What builds; auto takes the docker or podman that answers", "auto"
    )
    args: fields.Env = key("Build arguments, each value in quotes", {}, repr=False)
    target: str | None = key("Stage of the Dockerfile to build; null is the last", None)
    bucket: fields.Bucket | None = key(
        "Bucket that cloud-build gets the source from; null is PROJECT_cloudbuild", None
    )
    service_account: fields.ServiceAccount | None = key(
        "Identity that cloud-build builds as; null is the project's default", None
    )
    region: fields.BuildRegion | None = key(
        "Region of cloud-build, or global; null is that of the service", None
    )
    timeout: Annotated[fields.Duration, fields.between("1m", "24h")] = key(
        "Time that cloud-build may take", "1h"
    )


class Health(Section):
    """The health document: what must be true before a revision gets traffic."""

    path: fields.HealthPath = key("Path that answers with the document, as JSON", "/health")
    expect: Mapping[str, JsonValue] = key(
        "What it must say: each key a path into it, * any key, each value any JSON",
        {"status": "healthy", "services.*": True},
    )
    max_latency: Annotated[fields.Duration, fields.between("1ms", "1h")] = key(
        "Time the answer of a warm instance may take", "1s"
    )
    settle: Annotated[fields.Duration, fields.between("0s", "10m")] = key(
        "Time over which it must stay healthy once it is", "3s"
    )
    probes: Annotated[int, Field(ge=1, le=100)] = key("Probes over that time; each must pass", 5)
    revision: fields.Text | None = key(
        "Where the service itself says which revision answers (K_REVISION): a path into the "
        "document, or header:NAME; null asks the request log",
        None,
    )


class Startup(Section):
    """What a start must look like. Patterns are regular expressions, searched for in each line."""

    listen_within: Annotated[fields.Duration, fields.between("1ms", "4m")] = key(
        "Time until the port is open; Cloud Run allows 4m", "10s"
    )
    required_logs: fields.Many[fields.Pattern] = key("Patterns the log must have", [])
    forbidden_logs: fields.Many[fields.Pattern] = key(
        "Patterns the log must not have",
        [
            r"Traceback \(most recent call last\)",
            r"\b(EACCES|EADDRINUSE|BinaryNotFoundError)\b",
            r"failed to detect the libssl/openssl version",
        ],
    )
    imports: fields.Many[fields.Module] = key(
        "Python modules that must import inside the image, such as app.main", []
    )


class Cors(Section):
    """Front ends on other origins that must be able to call the service."""

    origins: fields.Unique[fields.Origin] = key(
        "Origins, each scheme and host, such as https://app.example.com", []
    )
    path: fields.UrlPath = key("Path asked for in the preflight requests", "/")


class Dependency(Section):
    """Something the service needs, such as a database: a container of its own, or an address.

    In ``provides``, {host} and {port} stand for where the service finds it.
    """

    name: fields.JobName = key("Name of the dependency", examples=["postgres"])
    image: fields.Text | None = key("Image to run beside the service", None)
    address: fields.Address | None = key(
        "HOST:PORT where it runs already; 127.0.0.1 is this machine", None
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = key("Port that the image listens on", None)
    env: fields.Env = key("Variables for the image", {}, repr=False)
    provides: fields.Env = key(
        "Variables for the service, such as DATABASE_URL: postgresql://app@{host}:{port}/app",
        {},
        repr=False,
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.image is None) == (self.address is None):
            raise RuleError(
                "there must be an image or an address, and not both", "Keep one of the two"
            )
        if (self.image is None) != (self.port is None):
            raise RuleError(
                "port goes with image", "Write the port that the image listens on, and no other"
            )
        return self


class Smoke(Section):
    """The image, run here as Cloud Run would run it."""

    env: fields.Env = key("Variables for this run only, over those of run.env", {}, repr=False)
    services: fields.Named[Dependency] = key(
        "What the service needs beside it, each {name, image or address, port, env, provides}", []
    )


class Job(Section):
    """A command, run as a Cloud Run job with the new image."""

    name: fields.JobName = key("Name of the job", examples=["migrate"])
    command: fields.Some[str] = key(
        "Program and arguments, a list; no shell reads it",
        examples=[["python", "-m", "app.migrate"]],
    )
    when: Literal["before-traffic", "before-deploy"] = key(
        "When it runs; before-deploy is for a service that does not start without it",
        "before-traffic",
    )
    timeout: Annotated[fields.Duration, fields.between("1s", "24h")] = key(
        "Time it may take", "10m"
    )
    reversible: bool = key("Whether the revision before can live with what it did", default=False)


class LogRate(Section):
    """A line that must not be written more often than this."""

    pattern: fields.Pattern = key("Regular expression", examples=["aggregator returned None"])
    per_minute: Annotated[float, Field(ge=0, strict=False)] = key(
        "Lines a minute that are borne", 0
    )


class Traffic(Section):
    """How a verified revision gets traffic, step by step."""

    steps: fields.Some[Annotated[int, Field(ge=1, le=100)]] = key(
        "Percent of traffic at each step; the last is 100", [10, 50, 100]
    )
    step_time: Annotated[fields.Duration, fields.between("0s", "24h")] = key(
        "Time that each step before the last is watched", "60s"
    )
    min_requests: Annotated[int, Field(ge=0)] = key(
        "Requests below which an error rate says nothing", 20
    )
    wait_for_requests: Annotated[fields.Duration, fields.between("0s", "24h")] = key(
        "Time that a step waits longer for min_requests; then the own probes count alone", "0s"
    )
    max_error_rate: fields.Rate = key("Share of errors above which the shift is undone", "1%")
    max_slowdown: Annotated[float, Field(ge=1, le=100, strict=False)] = key(
        "How many times slower than the revision before it may be, at the median and the 95th "
        "percentile",
        2,
    )
    watch: Annotated[fields.Duration, fields.between("0s", "24h")] = key(
        "Time that the service is watched after the last step", "5m"
    )
    keep: Annotated[int, Field(ge=1, le=100)] = key(
        "Revisions of this pipeline that are kept; older ones that nobody needs are deleted", 5
    )
    log_rates: fields.Many[LogRate] = key(
        "Patterns that may be in its log only so often, each {pattern, per_minute}",
        [
            {"pattern": "BACKGROUND_TASK_FAILURE", "per_minute": 0},
            {
                "pattern": r"\b(OperationalError|PrismaClient\w*Error|ECONNREFUSED)\b",
                "per_minute": 1,
            },
            {
                "pattern": "connect: connection refused|[Tt]oo many (clients|connections)",
                "per_minute": 1,
            },
            {
                "pattern": r"\b(SQLSTATE|PSQLException|CommunicationsException)\b",
                "per_minute": 1,
            },
        ],
    )

    @field_validator("steps")
    @classmethod
    def _rises_to_100(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if list(steps) == sorted(set(steps)) and steps[-1] == 100:
            return steps
        raise RuleError(
            "steps must rise, and end with 100", "Write them in order, such as [10, 50, 100]"
        )


class Rehearse(Section):
    """The rehearsal on a local Cloud Run, with a release that must be stopped."""

    broken_env: fields.Env = key(
        "Variables that break the service where it is deployed; no program is found on this PATH",
        {"PATH": "/nowhere"},
        repr=False,
    )
