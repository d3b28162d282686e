"""Which packages of npm compile."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.projects.native import compiles


@pytest.mark.parametrize(
    ("name", "version", "node", "libc", "expected"),
    [
        ("node-expat", "", None, "glibc", True),
        ("bcrypt", "^5.1.0", "20", "musl", False),
        ("bcrypt", "^3.0.6", "18.20.1", "glibc", True),
        ("bcrypt", "^3.0.6", "12", "glibc", False),
        ("bcrypt", "^3.0.6", None, "musl", True),
        ("bcrypt", "latest", "20", "musl", False),
        ("node-sass", "~7.0.1", "20", "glibc", True),
        ("node-sass", "^9.0.0", "20", "glibc", False),
        ("express", "^4.0.0", "20", "musl", False),
    ],
)
def test_compiles(name: str, version: str, node: str | None, libc: str, expected: bool) -> None:
    assert compiles(name, version, node, libc) is expected
