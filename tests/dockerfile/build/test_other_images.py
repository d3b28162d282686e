"""What is known of the images of runtimes, builders and other makers."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.bases import base_of
from pipeline.dockerfile.build.entries import Presence
from pipeline.dockerfile.build.system import System

DOTNET = "mcr.microsoft.com/dotnet"
PLAYWRIGHT = "mcr.microsoft.com/playwright"
CHAINGUARD = "cgr.dev/chainguard"
REDHAT = "registry.access.redhat.com"


@pytest.mark.parametrize(
    ("reference", "distribution", "version", "libc", "minimal"),
    [
        ("pypy:3.10", "debian", "", "glibc", False),
        ("pypy:3.10-7.3.16-slim-bookworm", "debian", "12", "glibc", True),
        ("golang", "debian", "13", "glibc", False),
        ("golang:1", "debian", "13", "glibc", False),
        ("golang:1.25", "debian", "13", "glibc", False),
        ("golang:1.24", "debian", "", "glibc", False),
        ("golang:1.25.1", "debian", "", "glibc", False),
        ("rust:1", "debian", "13", "glibc", False),
        ("rust:1.80-slim", "debian", "", "glibc", True),
        ("ruby:3.3", "debian", "13", "glibc", False),
        ("ruby:3.1", "debian", "", "glibc", False),
        ("ruby:3.3-slim", "debian", "13", "glibc", True),
        ("php:8.3-cli-alpine", "alpine", "3.24", "musl", False),
        ("php:7.4-apache", "debian", "", "glibc", False),
        ("perl:5.40", "debian", "", "glibc", False),
        ("perl:stable-threaded-bookworm", "debian", "12", "glibc", False),
        ("denoland/deno:2.1.4", "debian", "", "glibc", True),
        ("denoland/deno:alpine-2.1.4", "alpine", "", "musl", True),
        ("denoland/deno:ubuntu", "ubuntu", "", "glibc", True),
        ("oven/bun:1-alpine", "alpine", "", "musl", True),
        ("oven/bun:canary-debian", "debian", "", "glibc", True),
        ("openjdk:17-slim", "", "", "glibc", False),
        ("amazoncorretto:21", "", "", "", False),
        ("maven:3.9-eclipse-temurin-21", "", "", "", False),
        ("buildpack-deps", "debian", "13", "glibc", False),
        ("buildpack-deps:bookworm-scm", "debian", "12", "glibc", False),
        ("buildpack-deps:noble-curl", "ubuntu", "24.04", "glibc", False),
        ("busybox:1.36", "busybox", "", "", True),
        (f"{CHAINGUARD}/node:22", "wolfi", "", "glibc", True),
        (f"{DOTNET}/aspnet:8.0", "", "", "", False),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", "ubuntu", "22.04", "glibc", False),
        ("mambaorg/micromamba:1.5", "", "", "glibc", False),
        (f"{REDHAT}/ubi8/ubi-minimal", "rhel", "8", "glibc", True),
        ("redhat/ubi9-minimal", "rhel", "9", "glibc", True),
    ],
)
def test_systems(
    reference: str, distribution: str, version: str, libc: str, *, minimal: bool
) -> None:
    base = base_of(reference)

    assert base.known
    assert (base.distribution, base.version) == (distribution, version)
    assert (base.libc, base.minimal) == (libc, minimal)


@pytest.mark.parametrize(
    "reference",
    [
        "pypy:3.10-mine", "golang:1.24-mine", "php:8.3-mine", "perl:5-mine", "ruby:3.3-mine",
        "openjdk:17-mine", "oven/bun:distroless", "denoland/deno:distroless",
        "denoland/deno:alpine-debian", "buildpack-deps:mine", "buildpack-deps:1-bookworm",
        f"{CHAINGUARD}/redis", f"{DOTNET}/monitor:8", f"{PLAYWRIGHT}/go:v1-jammy",
        f"{PLAYWRIGHT}:v1.49.0-mine", f"{REDHAT}/ubi9/httpd-24", "gcr.io/distroless/base:mine",
    ],
)  # fmt: skip
def test_tags_and_images_that_nobody_knows(reference: str) -> None:
    assert not base_of(reference).known


@pytest.mark.parametrize(
    ("reference", "user", "workdir", "entrypoint", "cmd"),
    [
        ("pypy:3.10", "root", "/", (), ("pypy3",)),
        ("ruby:3.3", "root", "/", (), ("irb",)),
        ("php:8.3-fpm", "root", "/var/www/html", ("docker-php-entrypoint",), ("php-fpm",)),
        ("php:8.3-apache", "root", "/var/www/html", ("docker-php-entrypoint",),
         ("apache2-foreground",)),
        ("php:8.3-cli", "root", "/", ("docker-php-entrypoint",), ("php", "-a")),
        ("denoland/deno", "root", "/", ("/tini", "--", "docker-entrypoint.sh"), ("bash",)),
        ("eclipse-temurin:21-jre", "root", "/", (), ("jshell",)),
        ("gcr.io/distroless/java21-debian12", "root", "/", ("/usr/bin/java", "-jar"), ()),
        ("gcr.io/distroless/java-base-debian12", "root", "/", (), ()),
        ("gcr.io/distroless/python3-debian13", "root", "/", ("/usr/bin/python3.13",), ()),
        (f"{CHAINGUARD}/node", "65532", "/app", ("/usr/bin/node",), ()),
        (f"{CHAINGUARD}/python", "65532", "/home/nonroot", ("/usr/bin/python",), ()),
        (f"{CHAINGUARD}/static", "65532", "/", (), ()),
        (f"{CHAINGUARD}/wolfi-base", "root", "/", (), ()),
        (f"{DOTNET}/aspnet:8.0", "root", "/", (), ()),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", "root", "/", (), ("/bin/bash",)),
        ("mambaorg/micromamba", "mambauser", "/tmp", ("/usr/local/bin/_entrypoint.sh",),
         ("/bin/bash",)),
        ("nginxinc/nginx-unprivileged", "101", "/", ("/docker-entrypoint.sh",),
         ("nginx", "-g", "daemon off;")),
        (f"{REDHAT}/ubi9/python-311", "1001", "/opt/app-root/src", (), ()),
        ("fedora:41", "root", "/", (), ("/bin/bash",)),
        ("ghcr.io/astral-sh/uv:bookworm", "root", "/", (), ("/usr/local/bin/uv",)),
    ],
)  # fmt: skip
def test_how_they_start(
    reference: str, user: str, workdir: str, entrypoint: tuple[str, ...], cmd: tuple[str, ...]
) -> None:
    base = base_of(reference)

    assert (base.user, base.workdir, base.entrypoint, base.cmd) == (user, workdir, entrypoint, cmd)


@pytest.mark.parametrize(
    ("reference", "python", "prefix", "node"),
    [
        ("pypy:3.10-slim", "3.10", "/opt/pypy", None),
        ("golang:1.26", "3.13", "/usr", None),
        ("gcr.io/distroless/nodejs", None, "", ""),
        (f"{CHAINGUARD}/python:3.12", "3.12", "/usr", None),
        (f"{CHAINGUARD}/node:22", None, "", "22"),
        ("continuumio/miniconda3", "", "/opt/conda", None),
        ("mambaorg/micromamba", None, "/opt/conda", None),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", None, "", ""),
        (f"{PLAYWRIGHT}/python:v1.49.0-jammy", "", "/usr", ""),
        (f"{PLAYWRIGHT}/dotnet:v1.49.0-jammy", None, "", None),
        (f"{REDHAT}/ubi9/python-311", "3.11", "/opt/app-root", None),
        (f"{REDHAT}/ubi9/nodejs-20-minimal", None, "", "20"),
    ],
)
def test_languages(reference: str, python: str | None, prefix: str, node: str | None) -> None:
    base = base_of(reference)

    assert (base.python, base.python_prefix, base.node) == (python, prefix, node)


@pytest.mark.parametrize(
    ("reference", "there", "unknown", "absent"),
    [
        ("pypy:3.10-slim", "pypy3 openssl", "gcc curl", ""),
        ("ruby:3.3", "ruby bundle gcc", "", "node"),
        ("ruby:3.3-slim", "ruby gem openssl", "gcc", ""),
        ("php:8.3-fpm", "php php-fpm openssl", "gcc apache2-foreground", ""),
        ("perl:5.40", "perl gcc curl", "node", ""),
        ("denoland/deno", "deno bash", "curl", ""),
        ("eclipse-temurin:21-jre", "java sh", "javac curl", ""),
        ("eclipse-temurin:21-jdk", "java javac jar", "curl", ""),
        ("maven:3.9", "java", "mvn", ""),
        ("buildpack-deps", "gcc curl git", "", "node"),
        ("buildpack-deps:scm", "curl git python3", "", "gcc node"),
        ("buildpack-deps:curl", "curl openssl", "", "git gcc"),
        ("busybox", "sh wget", "", "bash curl"),
        ("gcr.io/distroless/java21-debian12", "java", "", "sh curl"),
        ("gcr.io/distroless/cc-debian12", "", "", "sh java"),
        (f"{CHAINGUARD}/node", "", "sh node", ""),
        (f"{DOTNET}/aspnet:8.0", "dotnet", "curl", ""),
        (f"{DOTNET}/runtime-deps:8.0", "", "dotnet", ""),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", "bash curl node npx", "gcc", ""),
        (f"{PLAYWRIGHT}/dotnet:v1.49.0-jammy", "bash curl", "node", ""),
        ("mambaorg/micromamba", "bash micromamba", "gcc", ""),
        ("fedora:41", "bash curl rpm", "git gcc", ""),
        ("nginx:alpine-slim", "nginx envsubst", "", "curl"),
        ("nginx:1.28-alpine", "nginx curl", "", "bash"),
    ],
)
def test_programs(reference: str, there: str, unknown: str, absent: str) -> None:
    system = System(base_of(reference), ())
    names = (*there.split(), *unknown.split(), *absent.split())
    found = {name: system.lookup(f"/usr/local/bin/{name}").presence for name in names}

    assert found == {
        **dict.fromkeys(there.split(), Presence.PRESENT),
        **dict.fromkeys(unknown.split(), Presence.UNKNOWN),
        **dict.fromkeys(absent.split(), Presence.ABSENT),
    }


@pytest.mark.parametrize(
    ("reference", "path", "presence"),
    [
        ("pypy:3.10", "/opt/pypy/lib", Presence.UNKNOWN),
        ("golang", "/usr/local/go/src", Presence.UNKNOWN),
        ("golang", "/go", Presence.PRESENT),
        ("golang", "/go/bin", Presence.ABSENT),
        ("ruby:3.3", "/usr/local/bundle", Presence.PRESENT),
        ("php:8.3-apache", "/var/www/html", Presence.PRESENT),
        ("denoland/deno", "/deno-dir", Presence.PRESENT),
        ("oven/bun", "/home/bun/app", Presence.PRESENT),
        ("oven/bun", "/usr/local/bun-node-fallback-bin/node", Presence.PRESENT),
        ("mambaorg/micromamba", "/opt/conda/bin/python", Presence.UNKNOWN),
        ("mambaorg/micromamba", "/home/mambauser", Presence.PRESENT),
        ("mambaorg/micromamba", "/home/mambauser/x", Presence.ABSENT),
        ("continuumio/miniconda3", "/opt/conda/bin/pip", Presence.PRESENT),
        (f"{DOTNET}/aspnet:8.0", "/home/app", Presence.PRESENT),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", "/ms-playwright/chromium", Presence.UNKNOWN),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", "/home/pwuser", Presence.PRESENT),
        (f"{REDHAT}/ubi9/nodejs-20", "/opt/app-root/src", Presence.UNKNOWN),
        ("nginx", "/var/cache/nginx/x", Presence.UNKNOWN),
    ],
)
def test_paths(reference: str, path: str, presence: Presence) -> None:
    assert System(base_of(reference), ()).lookup(path).presence is presence


@pytest.mark.parametrize(
    ("reference", "homes"),
    [
        (f"{CHAINGUARD}/python", {"nonroot": "/home/nonroot", "65532": "/home/nonroot"}),
        (f"{CHAINGUARD}/node", {"node": "/home/node", "nonroot": "/home/nonroot"}),
        ("gcr.io/distroless/base", {"nonroot": "/home/nonroot", "nobody": "/nonexistent"}),
        ("mambaorg/micromamba", {"mambauser": "/home/mambauser", "57439": "/home/mambauser"}),
        (f"{DOTNET}/sdk:8.0", {"app": "/home/app", "1654": "/home/app"}),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", {"pwuser": "/home/pwuser"}),
        (f"{REDHAT}/ubi9/python-311", {"1001": "/opt/app-root/src"}),
        ("denoland/deno", {"deno": "/home/deno"}),
        ("oven/bun", {"bun": "/home/bun", "1000": "/home/bun"}),
        ("nginxinc/nginx-unprivileged", {"101": "/nonexistent"}),
        ("nginxinc/nginx-unprivileged:alpine", {"101": "/var/cache/nginx"}),
        ("ubuntu:24.04", {"ubuntu": "/home/ubuntu", "1000": "/home/ubuntu"}),
    ],
)
def test_homes_of_their_users(reference: str, homes: dict[str, str]) -> None:
    assert homes.items() <= base_of(reference).homes.items()


@pytest.mark.parametrize(
    ("reference", "variables"),
    [
        ("python:3.12", {"LANG": "C.UTF-8"}),
        ("gcr.io/distroless/base", {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}),
        ("golang", {"GOPATH": "/go", "GOTOOLCHAIN": "local", "GOLANG_VERSION": None}),
        ("rust", {"CARGO_HOME": "/usr/local/cargo", "RUSTUP_HOME": "/usr/local/rustup"}),
        ("ruby:3.3", {"GEM_HOME": "/usr/local/bundle", "LANG": "C.UTF-8"}),
        ("denoland/deno", {"DENO_DIR": "/deno-dir/", "DENO_INSTALL_ROOT": "/usr/local"}),
        ("oven/bun", {"BUN_INSTALL_BIN": "/usr/local/bin"}),
        ("eclipse-temurin:21", {"JAVA_HOME": None, "PATH": None}),
        ("amazoncorretto:21", {"JAVA_HOME": None, "PATH": None}),
        (f"{CHAINGUARD}/node", {"PATH": None}),
        (f"{DOTNET}/sdk:8.0", {"PATH": None}),
        ("mambaorg/micromamba", {"MAMBA_ROOT_PREFIX": "/opt/conda", "MAMBA_USER": "mambauser"}),
        (f"{PLAYWRIGHT}:v1.49.0-jammy", {"PLAYWRIGHT_BROWSERS_PATH": "/ms-playwright"}),
        (f"{REDHAT}/ubi9/python-311", {"PATH": None, "HOME": "/opt/app-root/src"}),
        ("ghcr.io/astral-sh/uv:bookworm", {"UV_TOOL_BIN_DIR": "/usr/local/bin"}),
        ("nginx", {"NGINX_VERSION": None}),
    ],
)
def test_variables(reference: str, variables: dict[str, str | None]) -> None:
    assert variables.items() <= base_of(reference).env.items()


@pytest.mark.parametrize(
    ("reference", "first"),
    [
        ("pypy:3.10", "/opt/pypy/bin"), ("rust", "/usr/local/cargo/bin"),
        ("ruby:3.3", "/usr/local/bundle/bin"), ("continuumio/miniconda3", "/opt/conda/bin"),
        ("mambaorg/micromamba", "/opt/conda/bin"), ("debian", "/usr/local/sbin"),
    ],
)  # fmt: skip
def test_where_they_look_for_programs_first(reference: str, first: str) -> None:
    path = base_of(reference).env["PATH"]
    assert path is not None
    assert path.partition(":")[0] == first


@pytest.mark.parametrize(
    ("reference", "manager"),
    [
        (f"{CHAINGUARD}/python:latest-dev", "apk"), (f"{CHAINGUARD}/python", ""),
        (f"{CHAINGUARD}/wolfi-base", "apk"), ("fedora:41", "dnf"), ("busybox", ""),
    ],
)  # fmt: skip
def test_package_managers(reference: str, manager: str) -> None:
    assert base_of(reference).manager == manager


@pytest.mark.parametrize(
    ("reference", "openssl"),
    [
        ("fedora:41", None), (f"{PLAYWRIGHT}:v1.49.0-jammy", None), ("denoland/deno", None),
        ("oven/bun", None), ("ruby:3.3-slim", True), ("buildpack-deps:curl", True),
        ("gcr.io/distroless/base-nossl", False), ("busybox", False), ("nginx:alpine", False),
    ],
)  # fmt: skip
def test_openssl(reference: str, *, openssl: bool | None) -> None:
    assert base_of(reference).openssl is openssl


@pytest.mark.parametrize(
    ("reference", "refused"),
    [
        ("golang:1.22", True), ("golang:1.21", None), ("golang:1.22-alpine", True),
        ("rust:1.76", True), ("rust:1.75", None), ("nginx:1.26", True), ("nginx:1.25", None),
        ("pypy:3.10", False), ("mambaorg/micromamba", None),
        (f"{REDHAT}/ubi9/python-311", False), ("amazonlinux:2023", False),
    ],
)  # fmt: skip
def test_whether_the_distribution_refuses_pip(reference: str, *, refused: bool | None) -> None:
    assert base_of(reference).externally_managed is refused
