"""The section ``run``: the service on Cloud Run, and what its settings need of each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipeline.config import fields, resources, texts
from pipeline.config.faults import RuleError
from pipeline.config.sections import Section, key


class Vpc(Section):
    """The way into a VPC: a connector, or a network or subnet for direct egress."""

    connector: str | None = key("Name of a Serverless VPC Access connector", None)
    network: str | None = key("Name of a network, for direct VPC egress", None)
    subnet: str | None = key("Name of a subnet, for direct VPC egress", None)
    egress: Literal["private-ranges-only", "all-traffic"] = key(
        "What goes that way", "private-ranges-only"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        direct = self.network is not None or self.subnet is not None
        if direct != (self.connector is not None):
            return self
        raise RuleError(
            "there must be a connector, or a network or subnet, and not both",
            "Keep one of the two ways; vpc: null is none",
        )


class Run(Section):
    """The service on Cloud Run. On a service that exists, only keys you write are changed."""

    env: fields.Env = key("Variables of the service, each value in quotes", {}, repr=False)
    secrets: fields.Secrets = key(
        "Variables from Secret Manager: NAME: secret, or NAME: secret:version", {}
    )
    cpu: fields.Cpu = key("CPUs of an instance: 1, 2, 4, 6, 8, or from 0.08 to 1", 1)
    memory: fields.Size = key("Memory of an instance, files that it writes included", "512Mi")
    concurrency: Annotated[int, Field(ge=1, le=1000)] = key(
        "Requests that an instance serves at a time", 80
    )
    timeout: Annotated[fields.Duration, fields.between("1s", "1h")] = key(
        "Time a request may take", "5m"
    )
    port: Annotated[int, Field(ge=1, le=65535)] = key(
        "Port the container listens on, told it in PORT", 8080
    )
    min_instances: Annotated[int, Field(ge=0)] = key("Instances kept up without requests", 0)
    max_instances: Annotated[int, Field(ge=1)] = key("Instances there may be", 100)
    service_account: fields.ServiceAccount | None = key(
        "Identity the service runs as; null is the project's default", None
    )
    cloud_sql: fields.Unique[fields.CloudSql] = key(
        "Cloud SQL instances to connect, each project:region:instance", []
    )
    vpc: Vpc | None = key(
        "Way into a VPC: {connector: …}, or {network: …, subnet: …}; and egress", None
    )
    ingress: Literal["all", "internal", "internal-and-cloud-load-balancing"] = key(
        "Networks from which the service can be reached", "all"
    )
    allow_unauthenticated: bool = key("Whether anybody may call the service", default=False)

    @field_validator("secrets")
    @classmethod
    def _not_in_env(
        cls, secrets: Mapping[str, texts.Secret], info: ValidationInfo
    ) -> Mapping[str, texts.Secret]:
        both = sorted(secrets.keys() & info.data.get("env", {}).keys())
        if both:
            raise RuleError(f"{', '.join(both)} is in run.env too", "Remove it from one of them")
        return secrets

    @field_validator("memory")
    @classmethod
    def _memory_fits(cls, memory: int, info: ValidationInfo) -> int:
        resources.memory_in_range(memory)
        return resources.memory_fits(memory, info.data["cpu"]) if "cpu" in info.data else memory

    @field_validator("concurrency")
    @classmethod
    def _concurrency_fits(cls, concurrency: int, info: ValidationInfo) -> int:
        return resources.concurrency_fits(concurrency, info.data.get("cpu", 1.0))

    @field_validator("max_instances")
    @classmethod
    def _not_below_least(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("min_instances", 0)
        if most >= least:
            return most
        raise RuleError(f"{most} is less than run.min_instances, {least}", f"Write {least} or more")
