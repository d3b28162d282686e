"""The types of the configuration's values: how a person writes each, and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema

from pipeline.config import names, texts, units
from pipeline.config.faults import RuleError


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T")
_N = TypeVar("_N", bound=_Named)


def _written(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def between(low: str, high: str) -> AfterValidator:
    """Bounds of a duration, written as durations."""
    least, most = units.duration(low), units.duration(high)

    def check(seconds: float) -> float:
        if least <= seconds <= most:
            return seconds
        shown = units.duration_text(seconds)
        raise RuleError(f"{shown} is out of range", f"Write a duration from {low} to {high}")

    return AfterValidator(check)


def _not_empty(values: tuple[_T, ...]) -> tuple[_T, ...]:
    if values:
        return values
    raise RuleError("the list is empty", "Write one element or more")


def _unique(values: tuple[_T, ...]) -> tuple[_T, ...]:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise RuleError(f"{units.show(value)} is there twice", "Remove one of them")
    return values


def _names_unique(values: tuple[_N, ...]) -> tuple[_N, ...]:
    _unique(tuple(value.name for value in values))
    return values


Duration = Annotated[float, BeforeValidator(units.duration), _written(units.DURATION)]
"""Seconds."""

Size = Annotated[int, BeforeValidator(units.size), _written(units.SIZE)]
"""Bytes."""

Rate = Annotated[float, BeforeValidator(units.rate), _written(units.RATE)]
"""A fraction, 0 to 1."""

Cpu = Annotated[float, BeforeValidator(units.cpu), WithJsonSchema({"type": ["number", "string"]})]
Pattern = Annotated[
    re.Pattern[str],
    BeforeValidator(texts.pattern),
    WithJsonSchema({"type": "string", "format": "regex", "minLength": 1}),
]
Secret = Annotated[texts.Secret, BeforeValidator(texts.secret), _written(texts.SECRETS)]

Text = Annotated[str, AfterValidator(texts.text), Field(json_schema_extra={"minLength": 1})]
ServiceName = Annotated[str, AfterValidator(names.service_name), _written(names.SERVICE)]
JobName = Annotated[str, AfterValidator(names.job_name), _written(names.SERVICE)]
ProjectId = Annotated[str, AfterValidator(names.project_id), _written(names.PROJECT)]
Region = Annotated[str, AfterValidator(names.region), _written(names.REGION)]
BuildRegion = Annotated[str, AfterValidator(names.build_region), _written(names.BUILD_REGION)]
ImageName = Annotated[str, AfterValidator(names.image_name), _written(names.IMAGE)]
EnvName = Annotated[str, AfterValidator(texts.env_name), _written(texts.ENV_NAME)]
EnvValue = Annotated[str, AfterValidator(texts.env_value)]
HealthPath = Annotated[str, AfterValidator(texts.health_path), _written(texts.HEALTH_PATH)]
UrlPath = Annotated[str, AfterValidator(texts.url_path), _written(texts.URL_PATH)]
Origin = Annotated[str, AfterValidator(texts.origin), _written(texts.ORIGIN)]
Module = Annotated[str, AfterValidator(texts.module), _written(texts.MODULE)]
Address = Annotated[str, AfterValidator(texts.address), _written(texts.ADDRESS)]
ServiceAccount = Annotated[
    str, AfterValidator(names.service_account), _written(names.SERVICE_ACCOUNT)
]
Bucket = Annotated[str, AfterValidator(names.bucket), _written(names.BUCKET)]
CloudSql = Annotated[str, AfterValidator(names.cloud_sql), _written(names.CLOUD_SQL)]
RuleId = Annotated[str, AfterValidator(names.rule_id), _written(names.RULE)]
PLATFORM = BeforeValidator(names.platform)

# Not strict, so that a list becomes a tuple; reading YAML makes nothing else of the kind.
Many = Annotated[tuple[_T, ...], Strict(strict=False)]
Some = Annotated[tuple[_T, ...], Strict(strict=False), AfterValidator(_not_empty)]
Unique = Annotated[tuple[_T, ...], Strict(strict=False), AfterValidator(_unique)]
Named = Annotated[tuple[_N, ...], Strict(strict=False), AfterValidator(_names_unique)]

_CLOSED: dict[str, Any] = {"additionalProperties": False}
Env = Annotated[Mapping[EnvName, EnvValue], Field(json_schema_extra=_CLOSED)]
Secrets = Annotated[Mapping[EnvName, Secret], Field(json_schema_extra=_CLOSED)]
