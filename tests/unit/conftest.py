"""A service in memory that serves, and the context of a stage that sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.context import Context
from tests.unit.in_memory import Cloud, a_context, serving


@pytest.fixture
def cloud() -> Cloud:
    return serving()


@pytest.fixture
def context(cloud: Cloud, tmp_path: Path) -> Context:
    return a_context(cloud, tmp_path)
