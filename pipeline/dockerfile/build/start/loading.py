"""The sources that a start loads: the programs of its launches, and what they import in turn."""

from __future__ import annotations

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.node_sources import node_sources
from pipeline.dockerfile.build.start.python_sources import python_sources
from pipeline.dockerfile.build.start.reached import Reached


def reached(build: Build) -> tuple[Reached, ...]:
    """Every source that the start is known to load, each once."""
    return (*build.once(python_sources), *build.once(node_sources))
