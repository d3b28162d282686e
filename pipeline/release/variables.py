"""``cloud-run-pipeline/variables``: names of what pipeline.yaml set at the last deploy."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.model import Service
from pipeline.release.notes import PREFIX, read, write

VARIABLES = f"{PREFIX}variables"


def variables_of(service: Service) -> frozenset[str]:
    """Variables that came from pipeline.yaml: one that it no longer names is to be removed."""
    notes = read(service.annotations.get(VARIABLES, ""))
    return frozenset(map(str, notes)) if isinstance(notes, list) else frozenset()


def note_variables(names: Iterable[str]) -> dict[str, str]:
    return {VARIABLES: write(sorted(names))}
