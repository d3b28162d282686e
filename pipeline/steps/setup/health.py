"""Where a service says how it is, as its sources have it: the path, and what the answer says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

_SOURCES = re.compile(r".*\.(?:py|m?[jt]sx?|cjs|go|rb|php|java|kt|rs|cs|ex)")
_TESTS = re.compile(r"(?:.*/)?(?:tests?|specs?|__tests__|node_modules|vendor|fixtures)/.*"
                    r"|.*(?:[._]test|[._]spec|_tests?)\.\w+|(?:.*/)?test_[^/]*")  # fmt: skip
_WORDS = (
    "health", "healthcheck", "health-check", "health_check", "healthy", "readiness", "ready",
    "live", "liveness", "status", "ping", "alive", "up", "healthz", "readyz", "livez",
)  # fmt: skip
"""The most usual first; what ends with z Cloud Run keeps to itself."""
_PATH = re.compile(
    rf"""(["'`])(?:[A-Z]{{3,7}} )?(/(?:[\w-]{{1,40}}/){{0,3}}(?:{"|".join(_WORDS)})/?)\1"""
    rf"""|\bpath\(\s*r?(["'])((?:{"|".join(_WORDS)})/?)\3"""
)
_FILE = re.compile(
    rf"(?:.*/)?(?:app/((?:[\w-]+/){{0,3}}(?:{'|'.join(_WORDS)}))/route|"
    rf"pages/(api/(?:[\w-]+/){{0,3}}(?:{'|'.join(_WORDS)})))\.[jt]sx?"
)
"""A file of Next.js that answers at the path which its folders say."""
_ROUTES = re.compile(r"route|router|\bapp\.|\.(?:get|Get|GET|all|use|map|Map|add_\w+)\(|[Hh]andle"
                     r"|\bpath\(|Mapping|==|\bcase\b|\bget ")  # fmt: skip
_STATUS = re.compile(r"""["']?\bstatus["']?\s*(?::|=>?|,)\s*["']([A-Za-z][\w-]{0,30})["']""")
_OK = re.compile(r"""["']?\bok["']?\s*(?::|=>?)\s*(?:true|True)\b""")
_AFTER = 800  # characters behind the path in which its answer stands
_BEFORE = 300  # characters of its line
_MOST, _MOST_IN_ONE = 500, 50  # files, and paths in one of them
_LONGEST = 300_000  # characters


@dataclass(frozen=True)
class Health:
    """A path that tells how the service is; ``expect`` is what its document must say.

    ``where`` is FILE:LINE. An empty ``expect``: an answer of 200 is all that is known.
    """

    path: str
    where: str = ""
    expect: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_reserved(self) -> bool:
        """Whether Cloud Run keeps the path to itself (API facts §4.4)."""
        return self.path.rstrip("/").endswith("z")


@dataclass(frozen=True)
class _Found:
    health: Health
    routed: bool
    at: int  # how usual the word is

    @property
    def rank(self) -> tuple[object, ...]:
        health = self.health
        return health.is_reserved, not self.routed, self.at, health.path.count("/"), health.path


def is_source(path: str) -> bool:
    """Whether a file may say where the service answers."""
    return bool(_SOURCES.fullmatch(path)) and not _TESTS.fullmatch(path)


def find_health(sources: Iterable[tuple[str, str]]) -> Health | None:
    """The most usual path in the sources, each a name and its text; None where there is none."""
    found: list[_Found] = []
    for count, (name, text) in enumerate(sources):
        if count >= _MOST:
            break
        found += [*_by_name(name, text[:_LONGEST]), *_in(name, text[:_LONGEST])]
    return min(found, key=lambda one: one.rank).health if found else None


def _by_name(name: str, text: str) -> Iterator[_Found]:
    match = _FILE.fullmatch(name)
    if match:
        path = f"/{match[1] or match[2]}"
        health = Health(path, f"{name}:1", _expected(text[:_AFTER]))
        yield _Found(health, routed=True, at=_WORDS.index(path.rpartition("/")[2]))


def _in(name: str, text: str) -> Iterator[_Found]:
    for match in islice(_PATH.finditer(text), _MOST_IN_ONE):
        path = match[2] or f"/{match[4]}"
        line = text[max(0, match.start() - _BEFORE) : match.end()].rpartition("\n")[2]
        where = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        word = path.rstrip("/").rpartition("/")[2]
        answer = text[match.end() : match.end() + _AFTER]
        health = Health(path, where, _expected(answer))
        yield _Found(health, bool(_ROUTES.search(line)), _WORDS.index(word))


def _expected(answer: str) -> Mapping[str, object]:
    """What the code behind the path answers, where it stands there plainly."""
    status = _STATUS.search(answer)
    if status:
        services = {"services.*": True} if "services" in answer else {}
        return {"status": status[1], **services}
    return {"ok": True} if _OK.search(answer) else {}
