"""Which programs the packages of the distributions bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from pipeline.dockerfile.build.packages_table import (
    BRINGS,
    COVERED,
    DEPENDS,
    NEVER,
    QUIET,
    RECOMMENDS,
)

_RANGE = re.compile(r"\{(3\.)?(\d+)\.\.(?:3\.)?(\d+)\}")
_LIBRARY = re.compile(
    r"lib(?!reoffice|tool|guestfs|ruby|coq|ghc|apache2|nginx|jruby|c6-dev)[a-z0-9.+-]+", re.ASCII
)
_MORE_THAN_A_LIBRARY = (
    "-dev", "-devel", "-perl", "-java", "-ruby", "-ocaml", "-cil", "-clojure", "-bin", "-tools",
    "-utils", "-tests", "-common", "-data", "-doc", "-prof", "-dbg", "-dkms",
)  # fmt: skip
_FONTS = re.compile(r"(?:fonts|ttf|font|xfonts|language-pack|hunspell)-[a-z0-9.+-]+", re.ASCII)


def programs_of(package: str) -> frozenset[str]:
    """Programs that a package of apt, apk or dnf certainly brings."""
    return _programs().get(_bare(package), frozenset())


def is_covered(program: str) -> bool:
    """Whether ``may_bring`` knows which packages bring it."""
    return program in _words(COVERED) or program in _words(NEVER)


def may_bring(package: str, program: str, *, recommended: bool = True) -> bool:
    """Whether a package may bring a program, itself or through what it needs.

    So may any package that is not familiar. ``recommended``: apt installs what packages recommend.
    """
    bare = _bare(package)
    if not is_covered(program) or not is_familiar(bare) or program in programs_of(bare):
        return True
    more = _words(RECOMMENDS.get(program, "")) if recommended else frozenset()
    return bare in _words(DEPENDS.get(program, "")) or bool(more & {bare, "*"})


@lru_cache(maxsize=4_096)
def is_familiar(package: str) -> bool:
    """Whether a package is known enough to say what it does not bring."""
    bare = _bare(package)
    return (
        bare in _words(QUIET)
        or bare in _programs()
        or _FONTS.fullmatch(bare) is not None
        or bare.endswith("-libs")
        or (_LIBRARY.fullmatch(bare) is not None and not bare.endswith(_MORE_THAN_A_LIBRARY))
    )


def _bare(package: str) -> str:
    """Without the architecture (``libc6:i386``)."""
    return package.partition(":")[0]


@cache
def _programs() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for packages, programs in BRINGS:
        for package, version in _named(packages):
            brought = {one.replace(_range(programs), version) if version else one
                       for one in programs.split()}  # fmt: skip
            table[package] = table.get(package, frozenset()) | brought
    return table


def _range(programs: str) -> str:
    found = _RANGE.search(programs)
    return found[0] if found else "\0"


def _named(packages: str) -> Iterator[tuple[str, str]]:
    """Each package, and the version that its range stands for."""
    for package in packages.split():
        found = _RANGE.search(package)
        if not found:
            yield package, ""
            continue
        for number in range(int(found[2]), int(found[3]) + 1):
            version = f"{found[1] or ''}{number}"
            yield package.replace(found[0], version), version


@cache
def _words(names: str) -> frozenset[str]:
    return frozenset(name for name, _version in _named(names))
