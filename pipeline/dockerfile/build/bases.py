"""What base images are known to hold. Anything not said here is unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from pipeline.dockerfile.build.images import languages, registries, runtimes
from pipeline.dockerfile.build.images.base import Base
from pipeline.dockerfile.build.images.reference import Reference, Tag, parse_reference
from pipeline.dockerfile.build.images.systems import (
    ALPINE_NEWEST,
    DEBIAN_NEWEST,
    DEBIAN_RELEASES,
    UBUNTU_NEWEST,
    UBUNTU_RELEASES,
    alpine,
    buildpack,
    busybox,
    debian,
    redhat,
    scratch,
    ubuntu,
)

__all__ = ["Base", "base_of"]

_ROLLING = frozenset({"stable", "oldstable", "oldoldstable", "testing"})
Family = Callable[[Tag], Base | None]


@lru_cache(maxsize=1_024)
def base_of(reference: str | None) -> Base:
    """What is known of an image by its reference (None or with unexpanded variables: unknown)."""
    if reference == "scratch":
        return scratch()
    parsed = parse_reference(reference) if reference else None
    if parsed is None:
        return Base(reference or "")
    unknown = Base(parsed.text, parsed.repository, parsed.tag)
    family = _family(parsed)
    base = family(Tag.of(parsed.tag)) if family and parsed.tag else None
    if base is None:
        return unknown
    return replace(base, reference=parsed.text, name=parsed.repository, tag=parsed.tag)


def _family(reference: Reference) -> Family | None:
    repository = reference.repository
    if repository in _FAMILIES:
        return _FAMILIES[repository]
    for prefix, family in _FOLDERS.items():
        if repository.startswith(prefix):
            return partial(family, repository.removeprefix(prefix))
    return None


def _debian(tag: Tag) -> Base | None:
    words = tag.words - {"slim", "backports"}
    if words - DEBIAN_RELEASES.keys() or len(words) > 1 or len(words) + bool(tag.version) > 2:
        return None
    if not words:
        return debian(tag.version.partition(".")[0] or DEBIAN_NEWEST)
    name = min(words)
    return debian("" if name in _ROLLING and tag.version else DEBIAN_RELEASES[name])


def _ubuntu(tag: Tag) -> Base | None:
    if tag.words - UBUNTU_RELEASES.keys() or len(tag.words) > 1:
        return None
    return ubuntu(UBUNTU_RELEASES[min(tag.words)] if tag.words else tag.version or UBUNTU_NEWEST)


def _alpine(tag: Tag) -> Base | None:
    if tag.words:
        return alpine("edge") if tag.words == {"edge"} else None
    if tag.version.isdecimal():  # 3, or the date of an edge
        return alpine(ALPINE_NEWEST if tag.version == "3" else "edge")
    return alpine(tag.version or ALPINE_NEWEST)


def _of_red_hat(distribution: str, tag: Tag) -> Base | None:
    return None if tag.words - {"minimal", "rawhide"} else redhat(distribution, tag.version)


_FAMILIES: dict[str, Family] = {
    **languages.FAMILIES,
    **runtimes.FAMILIES,
    "debian": _debian,
    "ubuntu": _ubuntu,
    "alpine": _alpine,
    "buildpack-deps": buildpack,
    "busybox": lambda _tag: busybox(),
    "fedora": partial(_of_red_hat, "fedora"),
    "amazonlinux": partial(_of_red_hat, "amazon"),
    "rockylinux": partial(_of_red_hat, "rhel"),
    "rockylinux/rockylinux": partial(_of_red_hat, "rhel"),
    "almalinux": partial(_of_red_hat, "rhel"),
    "mcr.microsoft.com/playwright": partial(registries.playwright, ""),
    "nginx": registries.nginx,
    "nginxinc/nginx-unprivileged": registries.nginx_unprivileged,
    "ghcr.io/nginxinc/nginx-unprivileged": registries.nginx_unprivileged,
    "quay.io/nginx/nginx-unprivileged": registries.nginx_unprivileged,
    "ghcr.io/astral-sh/uv": registries.uv,
    "astral/uv": registries.uv,
    "continuumio/miniconda3": registries.conda,
    "continuumio/anaconda3": registries.conda,
    "condaforge/miniforge3": registries.conda,
    "condaforge/mambaforge": registries.conda,
    "mambaorg/micromamba": registries.micromamba,
}
_FOLDERS: dict[str, Callable[[str, Tag], Base | None]] = {
    "gcr.io/distroless/": registries.distroless,
    "cgr.dev/chainguard/": registries.chainguard,
    "chainguard/": registries.chainguard,
    "mcr.microsoft.com/dotnet/": registries.dotnet,
    "mcr.microsoft.com/playwright/": registries.playwright,
    "registry.access.redhat.com/": registries.ubi,
    "registry.redhat.io/": registries.ubi,
    "redhat/": registries.ubi,
}
