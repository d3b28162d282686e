"""The defaults, the JSON Schema and the reference say what the models say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from pipeline.config import schema
from pipeline.config.models import Document
from pipeline.config.reference import reference

ROOT = Path(__file__).parents[2]
DEFAULTS = (ROOT / "pipeline/defaults.yaml").read_text("utf-8")
REQUIRED = {
    "service": "my-service",
    "project": "my-project",
    "region": "us-central1",
    "image": "us-docker.pkg.dev/my-project/services/my-service",
}
validator = Draft202012Validator(schema())


def model_defaults(model: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found[name] = model_defaults(section)
        elif not info.is_required():
            found[name] = info.default
    return found


def descriptions(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield name, (section.__doc__ or "").removesuffix(".")
            yield from descriptions(section)
        elif not info.is_required():
            yield name, info.description or ""


def test_defaults_yaml_has_the_keys_and_values_of_the_models_in_their_order() -> None:
    written = yaml.safe_load(DEFAULTS)

    assert written == model_defaults(Document)
    assert list(written) == list(model_defaults(Document))


def test_defaults_yaml_has_the_descriptions_of_the_models_as_comments() -> None:
    comments = re.findall(r"^ *# (.+)\n *([a-z_]+):", DEFAULTS, re.M)

    assert [(key, comment) for comment, key in comments] == list(descriptions(Document))


def test_the_reference_is_current() -> None:
    """If not: python -m pipeline.config.reference > docs/configuration.md"""
    assert (ROOT / "docs/configuration.md").read_text("utf-8") == reference()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", ["pipeline/defaults.yaml", "pipeline.yaml"])
def test_our_own_files_are_valid_by_the_schema(file: str) -> None:
    document = yaml.safe_load((ROOT / file).read_text("utf-8"))

    assert list(validator.iter_errors({**REQUIRED, **document})) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"servise": "x"},
        {"service": "Agents"},
        {"image": "a/b:latest"},
        {"region": "us-central1-a"},
        {"platform": "linux/arm64"},
        {"run": {"memori": "1Gi"}},
        {"run": {"memory": 512}},
        {"run": {"timeout": 300}},
        {"run": {"port": "8080"}},
        {"run": {"env": {"A": 1}}},
        {"run": {"env": {"a-b": "x"}}},
        {"run": {"vpc": {"conector": "x"}}},
        {"health": {"path": "/healthz"}},
        {"health": {"path": "/_ah/x"}},
        {"cors": {"origins": ["https://a.example/x"]}},
        {"jobs": [{"name": "migrate"}]},
        {"traffic": {"steps": ["10%"]}},
        {"traffic": {"max_error_rate": 0.01}},
    ],
)
def test_the_schema_refuses(wrong: dict[str, Any]) -> None:
    assert not validator.is_valid({**REQUIRED, **wrong})


@pytest.mark.parametrize(
    "right",
    [
        {"run": {"cpu": "0.5", "memory": "1G", "timeout": "1h30m", "env": {"A": "1"}}},
        {"run": {"secrets": {"A": "name:3"}, "vpc": {"connector": "x"}, "service_account": None}},
        {"health": {"path": "/health?full=1", "expect": {"a": [1, None]}, "max_latency": "250ms"}},
        {"jobs": [{"name": "migrate", "command": ["python", "-m", "app.migrate"]}]},
        {"traffic": {"steps": [1, 100], "max_error_rate": "0.5%"}},
    ],
)
def test_the_schema_takes_human_spellings(right: dict[str, Any]) -> None:
    assert list(validator.iter_errors({**REQUIRED, **right})) == []


def test_every_key_of_the_schema_is_described() -> None:
    found = schema()
    for name, part in [("", found), *found["$defs"].items()]:
        for key, value in part.get("properties", {}).items():
            assert "description" in value or "$ref" in value, f"{name}.{key}"
