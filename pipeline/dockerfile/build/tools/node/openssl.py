"""Whether prisma finds OpenSSL on a machine."""

from __future__ import annotations

from pipeline.dockerfile.build.machine import Machine, which
from pipeline.dockerfile.build.tools.node.packages import words

_OPENSSL = {
    "apt": ("openssl", "ca-certificates", "libssl-dev", "libssl3", "libssl3t64", "libssl1.1"),
    "apk": ("openssl", "openssl-dev", "openssl1.1-compat"),
    "dnf": ("openssl", "openssl-libs", "openssl-devel"),
}
_LIBRARIES = tuple(
    f"{folder}/x86_64-linux-gnu/libssl.so.{version}"
    for folder in ("/usr/lib", "/lib")
    for version in ("3", "1.1")
)
_WITHOUT = words(
    "tini dumb-init procps tzdata bash dash make gcc g++ libc6 libc6-dev libstdc++6 locales gosu "
    "netcat-openbsd netcat-traditional vim vim-tiny nano less jq unzip zip xz-utils bzip2 gzip tar "
    "patch file pkg-config tree htop psmisc lsof iproute2 iputils-ping net-tools dos2unix gettext "
    "gettext-base sed gawk grep findutils coreutils util-linux passwd adduser fontconfig "
    "build-essential sqlite3 inotify-tools cron apt-utils hostname libcap2-bin "
    "libatomic1 libgcc-s1 zlib1g fonts-liberation"
)
"""Packages of Debian that need no OpenSSL; others may bring its library, as curl does."""


def has_openssl(machine: Machine) -> bool | None:
    """Whether OpenSSL's command or library is there; None where that cannot be known."""
    if machine.base.openssl or any(machine.has_package(one, *_OPENSSL[one]) for one in _OPENSSL):
        return True
    found = which(machine, "openssl", machine.search_path)
    if found.present:
        return True
    if machine.base.manager == "apt":
        if any(machine.files.lookup(path).present for path in _LIBRARIES):
            return True
        packages = {one.name for one in machine.installed if not one.where and one.there()}
        if not packages <= _WITHOUT:
            return None
    return False if found.unbrought and machine.base.openssl is False else None
