"""What distributions provide, bring and need to be built."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.dockerfile.projects import distributions
from pipeline.dockerfile.projects.distributions import (
    STDLIB,
    brings,
    command_distributions,
    console_scripts,
    distribution_of,
    is_known,
)
from pipeline.dockerfile.projects.requirements import normalise
from pipeline.dockerfile.projects.wheels import Needs, build_needs, needs_compiler


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("yaml", {"pyyaml"}),
        ("PIL.Image", {"pillow", "pillow-simd"}),
        ("psycopg2.extras", {"psycopg2", "psycopg2-binary"}),
        ("dotenv", {"python-dotenv"}),
        ("google.cloud.storage.blob", {"google-cloud-storage"}),
        ("google.cloud.secretmanager", {"google-cloud-secret-manager"}),
        ("google.cloud.kms_v1", {"google-cloud-kms"}),
        ("google.oauth2.service_account", {"google-auth"}),
        ("azure.identity.aio", {"azure-identity", "azure-identity-aio"}),
        ("fastapi", {"fastapi"}),
        ("pydantic_settings", {"pydantic-settings"}),
        ("some_thing.deep", {"some-thing"}),
    ],
)
def test_modules(module: str, names: set[str]) -> None:
    assert distribution_of(module) == names


def test_what_is_certain() -> None:
    assert is_known("yaml")
    assert is_known("fastapi.routing")
    assert not is_known("copy_that")
    assert not is_known("google.cloud.kms_v1")


def test_the_standard_library() -> None:
    assert {"os", "tomllib", "distutils", "imp", "asyncore"} <= STDLIB
    assert "yaml" not in STDLIB


def test_commands() -> None:
    assert console_scripts("Uvicorn") == ("uvicorn",)
    assert console_scripts("django") == ("django-admin",)
    assert console_scripts("supervisor")[:2] == ("supervisord", "supervisorctl")
    assert console_scripts("starlette") == ()
    assert console_scripts("Un_known") == ("un-known",)
    assert command_distributions("fastapi") == {"fastapi", "fastapi-cli"}
    assert command_distributions("no-such-command") == frozenset()


def test_what_comes_with_a_distribution() -> None:
    assert {"starlette", "pydantic", "anyio", "idna"} <= brings("FastAPI")
    assert "uvicorn" not in brings("fastapi")
    assert "uvicorn" in brings("fastapi", "standard")
    assert "six" in brings("pandas")
    assert brings("unknown") == frozenset()


@pytest.mark.parametrize("name", ["modules", "commands", "brings"])
def test_the_tables_are_sound(name: str) -> None:
    text = Path(distributions.__file__).with_name("data").joinpath(f"{name}.txt").read_text()
    entries = [line for line in text.splitlines() if not line.startswith(("#", "  "))]
    keys = [line.partition(":")[0] for line in entries]
    assert all(":" in line for line in entries)
    assert len(keys) == len(set(keys))
    values = [value for found in distributions._table(name).values() for value in found]
    if name != "commands":
        assert [value for value in values if value != normalise(value)] == []


@pytest.mark.parametrize(
    ("name", "version", "python", "libc", "expected"),
    [
        ("psycopg2", None, None, None, True),
        ("psycopg2", "2.9.9", "3.12", "glibc", True),
        ("psycopg2-binary", "2.9.9", "3.12", "glibc", None),
        ("psycopg2-binary", "2.9.3", "3.12.1", "glibc", True),
        ("mysqlclient", None, None, "musl", True),
        ("uWSGI", None, None, None, True),
        ("numpy", None, "3.12", "glibc", None),
        ("numpy", "1.24.0", "3.12", "glibc", True),
        ("numpy", "1.26.0", "3.12", "glibc", None),
        ("numpy", "1.21.6", "3.10", "musl", True),
        ("psutil", "7.1.3", "3.12", "musl", True),
        ("psutil", "7.2.0", "3.12", "musl", None),
        ("psutil", "7.1.3", "3.12", "glibc", None),
        ("httptools", "0.6.0", "3.12", "glibc", True),
        ("httptools", "0.6.1", "3.12", "glibc", None),
        ("pydantic-core", "2.18.4", "3.13", "glibc", True),
        ("pydantic-core", "2.20.0", "3.13", "glibc", None),
        ("orjson", "3.10.0", "3.13", "glibc", True),
        ("opencv-python", None, None, "musl", True),
        ("opencv-python", None, None, "glibc", None),
        ("pygraphviz", "1.11", None, None, True),
        ("pygraphviz", None, None, None, None),
        ("requests", None, None, "musl", False),
        ("unheard-of", None, None, None, None),
    ],
)
def test_compilers(
    name: str, version: str | None, python: str | None, libc: str | None, expected: bool | None
) -> None:
    assert needs_compiler(name, version, python, libc) is expected


def test_an_unusual_architecture_is_unknown() -> None:
    assert needs_compiler("numpy", "1.24.0", "3.12", "glibc", "riscv64") is None


def test_what_a_build_needs() -> None:
    assert build_needs("psycopg2") == Needs(("libpq-dev",), ("libpq-dev",))
    assert "pkg-config" in build_needs("pygraphviz").debian
    assert build_needs("requests") == Needs()
