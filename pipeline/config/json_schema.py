"""The JSON Schema of pipeline.yaml, for editors: the spellings that a person writes."""

from __future__ import annotations

from typing import Any

from pipeline.config.models import Document


def schema() -> dict[str, Any]:
    """Unknown keys are refused, defaults are as they are written, descriptions are the models'."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(mode="validation"),
        "title": "pipeline.yaml",
    }
