"""Distributions: their smallest images, and which one a tag names."""

from __future__ import annotations

from dataclasses import replace

from pipeline.dockerfile.build.images.base import Base
from pipeline.dockerfile.build.images.programs import (
    ALPINE,
    BUILDPACK,
    BUSYBOX,
    CERTIFICATES,
    DEBIAN,
    FETCH,
    REDHAT,
    SOURCES,
)
from pipeline.dockerfile.build.images.reference import Tag

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEBIAN_RELEASES = {
    "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
    "sid": "sid", "unstable": "sid", "testing": "14", "stable": "13", "oldstable": "12",
    "oldoldstable": "11",
}  # fmt: skip
UBUNTU_RELEASES = {
    "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04", "lunar": "23.04",
    "mantic": "23.10", "noble": "24.04", "oracular": "24.10", "plucky": "25.04",
    "questing": "25.10", "resolute": "26.04", "rolling": "26.04", "devel": "26.10",
}  # fmt: skip
ALPINE_NEWEST, UBUNTU_NEWEST, DEBIAN_NEWEST = "3.24", "26.04", "13"
_DEBIAN_PYTHON = {"10": "3.7", "11": "3.9", "12": "3.11", "13": "3.13"}
_FOLDERS = frozenset({"/root", "/home", "/opt", "/srv", "/usr/src"})
_HOMES = {"nobody": "/nonexistent", "www-data": "/var/www"}
_LIBSSL_SINCE = {"debian": 13, "ubuntu": 22}  # there apt or coreutils bring the library


def debian(version: str = DEBIAN_NEWEST) -> Base:
    """The distribution's own image; the slim one differs in documents only."""
    return _linux("debian", version, "glibc", "apt", DEBIAN)


def ubuntu(version: str = UBUNTU_NEWEST) -> Base:
    base = _linux("ubuntu", version, "glibc", "apt", DEBIAN)
    if version and _major(version) >= 23:  # these come with a user
        base = replace(
            base,
            homes={"ubuntu": "/home/ubuntu", "1000": "/home/ubuntu"},
            folders=base.folders | {"/home/ubuntu"},
        )
    return base


def alpine(version: str = ALPINE_NEWEST) -> Base:
    return _linux("alpine", version, "musl", "apk", ALPINE)


def redhat(distribution: str, version: str = "") -> Base:
    """A relative of Red Hat's; its images differ too much to name all that is there."""
    base = _linux(distribution, version, "glibc", "dnf", REDHAT)
    return replace(base, partial=True, openssl=None, cmd=("/bin/bash",))


def scratch() -> Base:
    return Base("scratch", "scratch", known=True, distribution="scratch", minimal=True,
                openssl=False, env={"PATH": PATH})  # fmt: skip


def busybox() -> Base:
    base = _linux("busybox", "", "", "", BUSYBOX)
    return replace(base, folders=frozenset({"/root", "/home"}))


def _linux(
    distribution: str, version: str, libc: str, manager: str, programs: frozenset[str]
) -> Base:
    since = _LIBSSL_SINCE.get(distribution)
    maybe = since is not None and (not version[:1].isdigit() or _major(version) >= since)
    shell = {"apt": "bash", "apk": "/bin/sh"}.get(manager, "sh")
    return Base(
        "", known=True, distribution=distribution, version=version, libc=libc, manager=manager,
        minimal=True, openssl=None if maybe else False, env={"PATH": PATH},
        homes=_HOMES if manager == "apt" else {"nobody": "/"}, programs=programs,
        folders=_FOLDERS, cmd=(shell,),
    )  # fmt: skip


def _major(version: str) -> int:
    major = version.partition(".")[0][:4]
    return int(major) if major.isdecimal() else 0


def with_certificates(base: Base) -> Base:
    """With ``ca-certificates``, which needs OpenSSL on Debian and its relatives only."""
    if base.manager != "apt":
        return base
    return replace(base, programs=base.programs | CERTIFICATES, openssl=True)


def with_sources(base: Base) -> Base:
    """As ``buildpack-deps:*-scm``; Mercurial brings the distribution's Python."""
    return replace(
        base, programs=base.programs | SOURCES, openssl=True, minimal=False,
        python=_DEBIAN_PYTHON.get(base.version, "3"), python_prefix="/usr",
    )  # fmt: skip


def full(base: Base) -> Base:
    """As ``buildpack-deps``: what the variants without ``slim`` are made from."""
    base = with_sources(base)
    return replace(base, programs=base.programs | BUILDPACK)


def buildpack(tag: Tag) -> Base | None:
    """``buildpack-deps`` itself."""
    parts = tag.but("curl", "scm")
    base, words = named_system(Tag("", parts.words), debian())
    if words or tag.version:
        return None
    if "curl" in tag.words:
        return replace(base, programs=base.programs | FETCH, openssl=True, minimal=False)
    return with_sources(base) if "scm" in tag.words else full(base)


def named_system(
    tag: Tag, default: Base, newest_alpine: str = ALPINE_NEWEST
) -> tuple[Base, frozenset[str]]:
    """The distribution that a tag's words name, else ``default``; and the words that are left."""
    for word in sorted(tag.words):
        rest = tag.words - {word}
        if word in DEBIAN_RELEASES:
            return debian(DEBIAN_RELEASES[word]), rest
        if word in UBUNTU_RELEASES:
            return ubuntu(UBUNTU_RELEASES[word]), rest
        if word.startswith("alpine"):
            version = word.removeprefix("alpine")
            numbers = {one for one in rest if one.startswith("3.")}  # temurin's alpine-3.20
            return alpine(version or max(numbers, default=newest_alpine)), rest - numbers
    return default, tag.words


def unnamed() -> Base:
    """Some distribution with glibc and a shell; no more is said."""
    return Base(
        "", known=True, libc="glibc", env={"PATH": PATH}, partial=True, folders=_FOLDERS,
        programs=frozenset({"sh", "cat", "chmod", "cp", "ls", "mkdir", "mv", "rm"}),
    )  # fmt: skip
