"""The sections of the configuration, one frozen model each; ``run`` has a file of its own.

Defaults are spelt as a person writes them, and equal those in ``defaults.yaml``; a test says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

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


class Health(Section):
    """The health document: what must be true before a revision gets traffic."""

    path: fields.HealthPath = key("Path that answers with the document, as JSON", "/health")
    expect: Mapping[str, JsonValue] = key(
        "What it must say: each key a path into it, * any key, each value any JSON",
        {"status": "healthy", "services.*": True},
    )
    max_latency: Annotated[fields.Duration, fields.between("1ms", "1h")] = key(
        "Time the answer may take", "1s"
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


class Smoke(Section):
    """The image, run here as Cloud Run would run it."""

    env: fields.Env = key("Variables for this run only, over those of run.env", {}, repr=False)


class Job(Section):
    """A command, run as a Cloud Run job with the new image."""

    name: fields.JobName = key("Name of the job", examples=["migrate"])
    command: fields.Some[str] = key(
        "Program and arguments, a list; no shell reads it",
        examples=[["python", "-m", "app.migrate"]],
    )
    when: Literal["before-traffic"] = key("When it runs", "before-traffic")


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
    max_error_rate: fields.Rate = key("Share of errors above which the shift is undone", "1%")
    watch: Annotated[fields.Duration, fields.between("0s", "24h")] = key(
        "Time that the service is watched after the last step", "5m"
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
