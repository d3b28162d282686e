"""What an image is before the first instruction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NEVER = ("rhel", "fedora", "amazon")
_SINCE = {"alpine": (3, 19), "debian": (12, 0), "ubuntu": (23, 4)}
_ROLLING = frozenset({"edge", "sid"})


@dataclass(frozen=True)
class Base:
    """What an image is before the first instruction.

    ``known`` False: nothing else here can be relied upon. ``distribution`` is ``debian``,
    ``ubuntu``, ``alpine``, ``rhel``, ``fedora``, ``amazon``, ``distroless``, ``wolfi``,
    ``scratch``; ``libc`` ``glibc`` or ``musl``; ``manager`` ``apt``, ``apk``, ``dnf``; each empty
    where unknown or none. ``version`` is a number (``12``, ``3.20``) or ``sid`` or ``edge``.
    ``python`` and ``node`` are versions as far as the tag tells (``3.11``, ``3``, empty), None
    where there is none. ``python_prefix`` is ``/usr/local`` for official images, ``/usr`` for the
    distribution's own. ``openssl``: whether OpenSSL's command and library are there; None unknown.

    ``programs`` are those that are certainly on PATH; with ``partial`` there are more that are not
    named. ``paths`` are certainly there, and what is below them is not known; ``folders`` are
    certainly there and hold nothing but what is named. A variable in ``env`` is None where the
    image sets it to a value that the tag does not tell.
    """

    reference: str
    name: str = ""
    tag: str = ""
    known: bool = False
    distribution: str = ""
    version: str = ""
    recent: bool = False  # the version is not known, but that Python is externally managed in it
    libc: str = ""
    manager: str = ""
    minimal: bool = False  # a slim, alpine or distroless image: no compiler, no curl, no git
    python: str | None = None
    python_prefix: str = ""
    node: str | None = None
    openssl: bool | None = None
    user: str = "root"
    workdir: str = "/"
    env: Mapping[str, str | None] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    partial: bool = False
    paths: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()

    @property
    def externally_managed(self) -> bool | None:
        """Whether the distribution's Python refuses a pip install outside a virtual environment.

        False where the image brings a Python of its own, which pip then belongs to.
        """
        if not self.known:
            return None
        if self.python is not None and self.python_prefix != "/usr":
            return False
        if self.distribution in _NEVER:
            return False
        since = _SINCE.get(self.distribution)
        if since is None or not self.version:
            return self.recent or None
        return self.version in _ROLLING or _numbers(self.version) >= since


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"(\d{1,4})(?:\.(\d{1,4}))?", version)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)
