"""What base images are known to hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dockerfile.build.bases import base_of
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.images.reference import parse_reference
from pipeline.dockerfile.build.packages_table import COVERED
from pipeline.dockerfile.build.system import System


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("python", "python", "latest"),
        ("python:3.12-slim", "python", "3.12-slim"),
        ("library/python:3.12", "python", "3.12"),
        ("docker.io/library/python:3.12", "python", "3.12"),
        ("docker.io/python", "python", "latest"),
        ("public.ecr.aws/docker/library/python:3.12", "python", "3.12"),
        ("mirror.gcr.io/library/node:22", "node", "22"),
        ("registry.hub.docker.com/library/node:22", "node", "22"),
        ("python@sha256:0a", "python", ""),
        ("python:3.11@sha256:0a", "python", "3.11"),
        ("localhost:5000/python", "localhost:5000/python", "latest"),
        ("localhost:5000/python:3.1", "localhost:5000/python", "3.1"),
        ("ghcr.io/astral-sh/uv:latest", "ghcr.io/astral-sh/uv", "latest"),
        ("mycompany/python:3.11", "mycompany/python", "3.11"),
    ],
)
def test_references(reference: str, repository: str, tag: str) -> None:
    parsed = parse_reference(reference)

    assert parsed is not None
    assert (parsed.repository, parsed.tag) == (repository, tag)


@pytest.mark.parametrize(
    "reference",
    [
        None, "", "${BASE}", "python:$VERSION", "mycompany/python:3.11", "python@sha256:0a",
        "python:3.12-mine", "node:20-alpine-slim", "quay.io/me/node:20", "bitnami/python:3.11",
        "python:3.12-windowsservercore", "gcr.io/distroless/unheard", "a b", "x" * 5_000,
    ],
)  # fmt: skip
def test_what_is_not_known(reference: str | None) -> None:
    base = base_of(reference)

    assert not base.known
    assert base.externally_managed is None


@pytest.mark.parametrize(
    ("reference", "distribution", "version", "libc", "manager", "minimal"),
    [
        ("python", "debian", "13", "glibc", "apt", False),
        ("python:3.12-slim", "debian", "13", "glibc", "apt", True),
        ("python:3.12-slim-bookworm", "debian", "12", "glibc", "apt", True),
        ("python:3.12.4-slim", "debian", "", "glibc", "apt", True),
        ("python:3.12-alpine3.20", "alpine", "3.20", "musl", "apk", True),
        ("node:20", "debian", "12", "glibc", "apt", False),
        ("node:22-slim", "debian", "12", "glibc", "apt", True),
        ("node:20-bullseye", "debian", "11", "glibc", "apt", False),
        ("node:22-alpine3.20", "alpine", "3.20", "musl", "apk", True),
        ("node:16-alpine", "alpine", "", "musl", "apk", True),
        ("debian:bookworm-slim", "debian", "12", "glibc", "apt", True),
        ("debian:12.5", "debian", "12", "glibc", "apt", True),
        ("ubuntu:24.04", "ubuntu", "24.04", "glibc", "apt", True),
        ("ubuntu:jammy-20240111", "ubuntu", "22.04", "glibc", "apt", True),
        ("alpine:3.20", "alpine", "3.20", "musl", "apk", True),
        ("golang:1.22-alpine", "alpine", "", "musl", "apk", True),
        ("eclipse-temurin:21-jre-alpine-3.20", "alpine", "3.20", "musl", "apk", True),
        ("eclipse-temurin:17-jre-jammy", "ubuntu", "22.04", "glibc", "apt", True),
        ("gcr.io/distroless/python3-debian12", "distroless", "12", "glibc", "", True),
        ("gcr.io/distroless/static", "distroless", "", "", "", True),
        ("registry.access.redhat.com/ubi9/python-311", "rhel", "9", "glibc", "dnf", True),
        ("redhat/ubi9", "rhel", "9", "glibc", "dnf", True),
        ("fedora:41", "fedora", "41", "glibc", "dnf", True),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "debian", "12", "glibc", "apt", True),
        ("scratch", "scratch", "", "", "", True),
    ],
)
def test_systems(
    reference: str, distribution: str, version: str, libc: str, manager: str, *, minimal: bool
) -> None:
    base = base_of(reference)

    assert base.known
    assert (base.distribution, base.version) == (distribution, version)
    assert (base.libc, base.manager, base.minimal) == (libc, manager, minimal)


@pytest.mark.parametrize(
    ("reference", "refused"),
    [
        ("python:3.12", False),
        ("python:3.12-alpine", False),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm", False),
        ("continuumio/miniconda3", False),
        ("debian:bullseye", False),
        ("debian:bookworm-slim", True),
        ("debian", True),
        ("debian:sid", True),
        ("ubuntu:22.04", False),
        ("ubuntu:24.04", True),
        ("ubuntu", True),
        ("alpine:3.18", False),
        ("alpine:3.19", True),
        ("alpine", True),
        ("alpine:edge", True),
        ("node:20-bookworm", True),
        ("node:20", True),
        ("node:20-bullseye", False),
        ("node:22-alpine", True),
        ("node:18-alpine3.18", False),
        ("node:16-alpine", None),
        ("node:18.12-alpine", None),
        ("node:20.11-alpine", True),
        ("fedora:41", False),
        ("redhat/ubi9", False),
    ],
)
def test_whether_the_distribution_refuses_pip(reference: str, *, refused: bool | None) -> None:
    assert base_of(reference).externally_managed is refused


@pytest.mark.parametrize(
    ("reference", "there", "absent"),
    [
        (
            "python:3.12-slim",
            "python python3 pip python3.12 openssl bash perl",
            "gcc curl git node",
        ),
        ("python:3.12", "gcc g++ make curl wget git openssl xz unzip pip", "node psql jq cmake"),
        ("python:3.12-alpine", "sh wget unzip nc python3 pip", "bash gcc curl git openssl"),
        ("node:20-slim", "node npm npx yarn corepack bash", "openssl curl gcc pnpm prisma"),
        ("node:20", "node npm python3 gcc git openssl", "pip3 psql tini"),
        ("node:26-slim", "node npm", "yarn"),
        ("node:20-alpine", "node yarn sh wget", "bash openssl curl pip3"),
        ("debian:12", "bash apt-get useradd", "openssl curl node"),
        ("golang:1.26", "go gcc git", "node unzip"),
        ("golang:1.26-alpine", "go", "gcc git bash"),
        ("rust:1", "cargo rustc gcc curl", "node"),
        ("nginx:latest", "nginx envsubst curl openssl bash", "node git"),
        ("nginx:alpine", "nginx envsubst curl", "bash node"),
        ("gcr.io/distroless/python3-debian12", "python3 python3.11", "sh bash pip3 curl"),
        ("gcr.io/distroless/base:debug", "sh wget", "bash"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "uv uvx python pip", "curl git"),
        ("scratch", "", "sh bash"),
    ],
)
def test_programs(reference: str, there: str, absent: str) -> None:
    system = System(base_of(reference), ())
    names = (*there.split(), *absent.split())

    found = {name: system.lookup(f"/usr/local/bin/{name}").presence for name in names}

    assert {name for name, presence in found.items() if presence is Presence.PRESENT} == {
        *there.split()
    }
    assert {name for name, presence in found.items() if presence is Presence.ABSENT} == {
        *absent.split()
    }


def test_a_program_that_no_package_is_known_for_is_not_called_absent() -> None:
    assert System(base_of("python:3.12-slim"), ()).lookup("/usr/bin/mine").presence is (
        Presence.UNKNOWN
    )


def test_an_image_that_holds_more_than_is_named_lacks_nothing_for_sure() -> None:
    system = System(base_of("php:8.2-apache"), ())

    assert all(not system.lookup(f"/usr/bin/{name}").absent for name in COVERED.split())


@pytest.mark.parametrize(
    ("reference", "path", "presence"),
    [
        ("python:3.12-slim", "/root", Presence.PRESENT),
        ("python:3.12-slim", "/root/.cache", Presence.ABSENT),
        ("python:3.12-slim", "/app", Presence.ABSENT),
        ("python:3.12-slim", "/usr/src/app/x", Presence.ABSENT),
        ("python:3.12-slim", "/usr/local/lib/python3", Presence.UNKNOWN),
        ("python:3.12-slim", "/etc", Presence.PRESENT),
        ("python:3.12-slim", "/etc/mine", Presence.UNKNOWN),
        ("python:3.12-slim", "/opt/venv", Presence.ABSENT),
        ("node:20", "/home/node", Presence.PRESENT),
        ("node:20", "/home/node/.cache", Presence.ABSENT),
        ("nginx", "/usr/share/nginx/html", Presence.PRESENT),
        ("nginx", "/usr/share/nginx/html/x.js", Presence.UNKNOWN),
        ("continuumio/miniconda3", "/opt/conda/lib/x", Presence.UNKNOWN),
        ("gcr.io/distroless/nodejs20-debian12", "/nodejs/bin/node", Presence.PRESENT),
        ("ghcr.io/astral-sh/uv:latest", "/uv", Presence.PRESENT),
        ("ghcr.io/astral-sh/uv:0.5", "/usr/bin/x", Presence.ABSENT),
        ("scratch", "/etc/ssl", Presence.ABSENT),
        ("mycompany/base", "/app", Presence.UNKNOWN),
    ],
)
def test_paths(reference: str, path: str, presence: Presence) -> None:
    assert System(base_of(reference), ()).lookup(path).presence is presence


@pytest.mark.parametrize(
    ("reference", "user", "workdir", "entrypoint", "cmd"),
    [
        ("python:3.12", "root", "/", (), ("python3",)),
        ("node:20", "root", "/", ("docker-entrypoint.sh",), ("node",)),
        ("golang:1.26", "root", "/go", (), ("bash",)),
        ("nginx", "root", "/", ("/docker-entrypoint.sh",), ("nginx", "-g", "daemon off;")),
        ("gcr.io/distroless/python3-debian12:nonroot", "65532", "/home/nonroot",
         ("/usr/bin/python3.11",), ()),
        ("gcr.io/distroless/nodejs22-debian12", "root", "/", ("/nodejs/bin/node",), ()),
        ("oven/bun:1", "root", "/home/bun/app", ("/usr/local/bin/docker-entrypoint.sh",),
         ("/usr/local/bin/bun",)),
        ("registry.access.redhat.com/ubi9/nodejs-20", "1001", "/opt/app-root/src", (), ()),
    ],
)  # fmt: skip
def test_how_they_start(
    reference: str, user: str, workdir: str, entrypoint: tuple[str, ...], cmd: tuple[str, ...]
) -> None:
    base = base_of(reference)

    assert (base.user, base.workdir, base.entrypoint, base.cmd) == (user, workdir, entrypoint, cmd)


@pytest.mark.parametrize(
    ("reference", "openssl"),
    [
        ("python:3.12-slim", True),
        ("python:3.12", True),
        ("python:3.12-alpine", False),
        ("node:20-slim", False),
        ("node:18-alpine", False),
        ("node:20", True),
        ("node:26-slim", None),
        ("debian:bookworm-slim", False),
        ("debian:trixie-slim", None),
        ("ubuntu:24.04", None),
        ("gcr.io/distroless/base-debian12", True),
        ("gcr.io/distroless/static-debian12", False),
    ],
)
def test_openssl(reference: str, *, openssl: bool | None) -> None:
    assert base_of(reference).openssl is openssl


@pytest.mark.parametrize(
    ("reference", "python", "prefix", "node"),
    [
        ("python", "", "/usr/local", None),
        ("python:3", "3", "/usr/local", None),
        ("python:3.11-slim", "3.11", "/usr/local", None),
        ("node:20-bookworm", "3.11", "/usr", "20"),
        ("node:lts-slim", None, "", "24"),
        ("node:iron-alpine", None, "", "20"),
        ("gcr.io/distroless/python3-debian12", "3.11", "/usr", None),
        ("gcr.io/distroless/nodejs20-debian12", None, "", "20"),
        ("debian:12", None, "", None),
    ],
)
def test_languages(reference: str, python: str | None, prefix: str, node: str | None) -> None:
    base = base_of(reference)

    assert (base.python, base.python_prefix, base.node) == (python, prefix, node)


def test_variables_whose_value_the_tag_does_not_tell_are_unknown() -> None:
    assert base_of("python:3.12").env["PYTHON_VERSION"] is None
    assert base_of("python:3.12.4").env["PYTHON_VERSION"] == "3.12.4"
    assert base_of("node:20").env["NODE_VERSION"] is None
    assert base_of("golang").env["PATH"] == (
        "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    )
    assert "HOME" not in base_of("node:20").env


@given(st.text(max_size=60))
def test_any_reference_has_an_answer(text: str) -> None:
    base = base_of(text)

    assert base.known or base.externally_managed is None


@given(
    st.sampled_from(["python", "node", "debian", "alpine", "golang", "ghcr.io/astral-sh/uv"]),
    st.lists(
        st.sampled_from(["3.12", "20", "slim", "alpine", "alpine3.9", "bookworm", "sid", "x", ""]),
        max_size=5,
    ),
)
def test_any_tag_has_an_answer(image: str, words: list[str]) -> None:
    base = base_of(f"{image}:{'-'.join(words)}")

    assert base.known or not base.programs
