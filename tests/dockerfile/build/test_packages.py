"""Which programs packages bring, and where that is not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dockerfile.build.packages import is_covered, is_familiar, may_bring, programs_of


@pytest.mark.parametrize(
    ("package", "programs"),
    [
        ("build-essential", {"gcc", "g++", "make"}),
        ("build-base", {"gcc", "g++", "make"}),
        ("gcc-c++", {"g++", "gcc"}),
        ("python3-pip", {"pip3", "python3"}),
        ("python3.11", {"python3.11"}),
        ("python-is-python3", {"python"}),
        ("openjdk-17-jre-headless", {"java"}),
        ("openjdk21-jre", {"java"}),
        ("npm", {"npm", "npx", "node"}),
        ("supervisor", {"supervisord"}),
        ("postgresql15-client", {"psql"}),
        ("gettext-base", {"envsubst"}),
        ("gcc:amd64", {"gcc"}),
    ],
)
def test_what_a_package_brings(package: str, programs: set[str]) -> None:
    assert programs <= programs_of(package)


@pytest.mark.parametrize("package", ["gcc-12", "libpq-dev", "python3-dev", "ca-certificates"])
def test_packages_without_the_command_gcc(package: str) -> None:
    assert "gcc" not in programs_of(package)
    assert not may_bring(package, "gcc")


@pytest.mark.parametrize(
    ("package", "program"),
    [
        ("build-essential", "gcc"), ("libtool", "gcc"), ("r-base-dev", "gcc"), ("rustc", "cc"),
        ("alpine-sdk", "git"), ("ca-certificates", "openssl"), ("nodejs", "npm"),
        ("default-jdk", "java"), ("netcat-openbsd", "nc"), ("never-heard-of", "gcc"),
        ("$PACKAGES", "gcc"),
    ],
)  # fmt: skip
def test_what_may_bring_a_program(package: str, program: str) -> None:
    assert may_bring(package, program)


@pytest.mark.parametrize(
    ("package", "program"),
    [("python3-pip", "gcc"), ("curl", "openssl"), ("cmake", "make"), ("zip", "unzip")],
)
def test_only_recommended(package: str, program: str) -> None:
    assert may_bring(package, program)
    assert not may_bring(package, program, recommended=False)


def test_programs_that_no_distribution_packages() -> None:
    assert is_covered("prisma")
    assert not may_bring("curl", "prisma")
    assert not is_covered("my-own-script")
    assert may_bring("curl", "my-own-script")


@pytest.mark.parametrize(
    "package",
    ["tzdata", "libgl1", "fonts-noto", "zlib1g-dev", "python3-psycopg2", "curl", "libstdc++6"],
)
def test_familiar_packages(package: str) -> None:
    assert is_familiar(package)


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_names_have_an_answer(package: str, program: str) -> None:
    if program in programs_of(package):
        assert may_bring(package, program)
    assert may_bring(package, program) or not may_bring(package, program, recommended=False)
