"""The parts of an image reference, and what the words of a tag say."""

from __future__ import annotations

import re
from dataclasses import dataclass

HUB = "docker.io"
_HUBS = frozenset({HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_MIRRORS = {"public.ecr.aws/docker/": HUB, "mirror.gcr.io/": HUB}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:\.?(?:a|b|rc|alpha|beta)\d*)?(?:_\d+)?", re.ASCII)
_LONGEST = 512


@dataclass(frozen=True)
class Reference:
    """``repository`` is without Docker Hub and its library: ``python``, ``a/b``, ``ghcr.io/a/b``.

    ``tag`` is empty where a digest stands alone.
    """

    text: str
    repository: str
    tag: str


def parse_reference(text: str) -> Reference | None:
    """An image reference; None where it is none."""
    if not text or len(text) > _LONGEST or re.search(r"[\s$`{}\"']", text):
        return None
    name, _, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, "" if digest else "latest"
    for mirror, registry in _MIRRORS.items():
        if head.startswith(mirror):
            head = f"{registry}/{head.removeprefix(mirror)}"
    registry, slash, rest = head.partition("/")
    if slash and registry in _HUBS:
        head = rest
    return Reference(text, head.removeprefix("library/"), tag)


@dataclass(frozen=True)
class Tag:
    """A tag's words: the version where there is one, and the others in lower case."""

    version: str
    words: frozenset[str]

    @classmethod
    def of(cls, tag: str) -> Tag:
        version, words = "", set()
        for word in tag.lower().split("-"):
            found = _VERSION.fullmatch(word)
            if found and not version:
                version = found[1]
            elif word != "latest":
                words.add(word)
        return cls(version, frozenset(words))

    @property
    def numbers(self) -> tuple[int, int]:
        """Major and minor version; -1 where the tag does not say."""
        major, minor, *_ = [*(int(part[:6]) for part in self.version.split(".") if part), -1, -1]
        return major, minor

    @property
    def exact(self) -> bool:
        """Whether it names one release for good: what it stands on is that of its day."""
        return self.version.count(".") >= 2

    def but(self, *words: str) -> Tag:
        """The tag without these words."""
        return Tag(self.version, self.words - set(words))
