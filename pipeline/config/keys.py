"""The legal keys, as the models have them, and which one an unknown key may have meant."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config.faults import Path, dotted
from pipeline.config.models import Document


def leaves(
    model: type[BaseModel] = Document, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every key that holds a value and not a section, in order, with its path."""
    for name, info in model.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from leaves(section, (*path, name))
        else:
            yield (*path, name), info


def model_at(path: Path) -> type[BaseModel] | None:
    """The model of the mapping at ``path``; None where keys are free or there is no mapping."""
    model: type[BaseModel] | None = Document
    for part in path:
        if isinstance(part, str):
            info = model.model_fields.get(part) if model else None
            model = model_in(info.annotation) if info else None
    return model


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a type is, or is made of, as ``Vpc | None`` and ``tuple[Job, ...]`` are."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := model_in(part))), None)


def meant(path: Path) -> str:
    """The remedy for an unknown key: the nearest key beside it, or of that name elsewhere."""
    *parent, name = path
    beside = list(fields_at(tuple(parent)))
    near = get_close_matches(str(name), beside, 1)
    if near:
        return f"Did you mean {near[0]}?"
    elsewhere = {leaf[-1]: leaf for leaf, _ in leaves()}
    near = get_close_matches(str(name), elsewhere, 1, 0.8)
    if near:
        return f"Did you mean {dotted(elsewhere[near[0]])}?"
    return f"The keys here are {', '.join(beside)}"


def fields_at(path: Path) -> dict[str, FieldInfo]:
    model = model_at(path)
    return dict(model.model_fields) if model else {}
