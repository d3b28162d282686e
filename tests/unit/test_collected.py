"""No folder of tests is passed over: a test that nobody runs proves nothing."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def test_every_folder_with_tests_is_looked_into(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    folders = {
        part for file in TESTS.rglob("test_*.py") for part in file.parent.relative_to(TESTS).parts
    }

    assert not [name for name in folders if any(fnmatch(name, one) for one in passed_over)]
