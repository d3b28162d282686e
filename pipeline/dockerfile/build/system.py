"""The part of a stage's files that the base image and its package manager decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.build.bases import Base
from pipeline.dockerfile.build.entries import ABSENT, PRESENT, UNKNOWN, Found, Presence, ancestors
from pipeline.dockerfile.build.images.programs import NODE, PYTHON
from pipeline.dockerfile.build.packages import is_covered, is_familiar, may_bring, programs_of
from pipeline.dockerfile.build.values import Installed

_BINARIES = ("/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin")
_NAMES = (
    "bin boot busybox dev etc lib lib64 media mnt proc run sbin sys tmp usr usr/bin usr/lib "
    "usr/local usr/local/bin usr/local/lib usr/local/sbin usr/local/share usr/sbin usr/share var "
    "var/cache var/lib var/log var/run var/tmp"
)
_SYSTEM = frozenset(f"/{name}" for name in _NAMES.split())
_PERSONAL = {".cache", ".local"}  # no image and no package fills them
_CACHES = {"apk", "apt", "debconf", "dnf", "fontconfig", "ldconfig", "libdnf5", "man", "yum"}
_KERNEL = frozenset({"/dev", "/proc", "/sys"})


@dataclass(frozen=True)
class System:
    """Answers for a path that no step of the Dockerfile touched."""

    base: Base
    installed: Sequence[Installed]

    def lookup(self, path: str, at: int | None = None) -> Found:
        base = self.base
        if path == "/" or path in base.paths or path in base.folders:
            return PRESENT
        if not base.known:
            return UNKNOWN
        folder, _, name = path.rpartition("/")
        if folder in _BINARIES:
            return self._program(folder, name, at)
        system = _KERNEL if base.distribution == "scratch" else _SYSTEM
        if path in system:
            return PRESENT
        if not _PERSONAL.isdisjoint(path.split("/")) or self._is_new_cache(path, at):
            return ABSENT
        for above in ancestors(folder or "/"):
            if above in base.paths or above in system:
                return UNKNOWN
            if above in base.folders:
                return UNKNOWN if above == "/opt" and self._is_strange(at) else ABSENT
        return ABSENT

    def _is_elsewhere(self, folder: str, name: str) -> bool:
        """Slim images of a language have it below /usr/local alone."""
        base = self.base
        own = name in PYTHON if base.python_prefix == "/usr/local" else base.node and name in NODE
        return bool(own) and base.minimal and not folder.startswith("/usr/local")

    def _program(self, folder: str, name: str, at: int | None) -> Found:
        if name in self.base.programs and not self._is_elsewhere(folder, name):
            return PRESENT
        if self.base.distribution == "scratch":
            return ABSENT
        packages = self._packages(at)
        if any(name in programs_of(one.name) for one in packages):
            return PRESENT
        if self.base.partial:
            return UNKNOWN
        if not is_covered(name):
            named = any(name in one.name for one in packages)
            return UNKNOWN if named else Found(Presence.UNKNOWN, vague="packages")
        maybe = any(may_bring(one.name, name, recommended=one.recommended) for one in packages)
        return UNKNOWN if maybe else ABSENT

    def _is_new_cache(self, path: str, at: int | None) -> bool:
        """Whether it is below a folder of /var/cache that neither system nor package makes."""
        before, _, below = path.partition("/var/cache/")
        name = below.partition("/")[0]
        if before or not name or name in _CACHES or f"/var/cache/{name}" in self.base.paths:
            return False
        return not any(name in one.name for one in self._packages(at)) and not self._is_strange(at)

    def _is_strange(self, at: int | None) -> bool:
        """Whether a package is installed of which nothing is known."""
        return not all(is_familiar(one.name) for one in self._packages(at))

    def _packages(self, at: int | None) -> list[Installed]:
        return [one for one in self.installed if not one.where and one.there(at)]

    def below(self, _path: str) -> Iterator[str]:
        return iter(())
