"""``requirements.txt`` and the requirements that other files are made of (PEP 508)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)
_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|$)(.*)", re.DOTALL)
_SHORT = re.compile(r"(-[rcefi])(\S.*)", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_TRAILING = re.compile(r"(?:^|(?<=\s))--(?:hash|config-settings?|global-option)")
_KINDS = {"-r": "include", "--requirement": "include", "-c": "constraint"}
_KINDS |= {"--constraint": "constraint", "-e": "editable", "--editable": "editable"}
_FILE_LIMIT = 100  # requirement files that include each other


@dataclass(frozen=True)
class Requirement:
    """One requirement, or another line of a requirements file.

    ``kind`` is ``package``, ``url``, ``path``, ``include``, ``constraint`` or ``option``. ``name``
    is normalised, and empty where it cannot be known. ``target`` is the URL, path, file, or the
    whole option.
    """

    kind: str
    name: str = ""
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str = ""
    target: str = ""
    editable: bool = False
    line: int = 0

    @property
    def version(self) -> str | None:
        """The one version that ``==`` asks for."""
        found = re.fullmatch(r"===?\s*([^\s,*]+)", self.specifier)
        return found[1] if found else None


@dataclass(frozen=True)
class Declared:
    """What a requirements file and all it includes ask for: (file, requirement).

    ``missing`` are the included files that cannot be read; the list is not whole then.
    """

    requirements: tuple[tuple[str, Requirement], ...]
    missing: tuple[str, ...] = ()


def normalise(name: str) -> str:
    """The name of a distribution as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(text: str) -> tuple[Requirement, ...]:
    """The lines of a ``requirements.txt`` that say something."""
    found = (
        replace(parsed, line=line)
        for line, logical in _logical(text.removeprefix("\ufeff"))
        if (parsed := _line(logical))
    )
    return tuple(found)


def declared(read: Callable[[str], str | None], path: str) -> Declared:
    """The requirements of the file at ``path`` and of those it includes with ``-r``."""
    waiting, seen = [posixpath.normpath(path)], set[str]()
    found: list[tuple[str, Requirement]] = []
    missing: list[str] = []
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        text = read(file) if len(seen) <= _FILE_LIMIT else None
        if text is None:
            missing.append(file)
            continue
        for item in requirements(text):
            found.append((file, item))
            if item.kind == "include":
                waiting.append(
                    posixpath.normpath(f"{posixpath.dirname(file) or '.'}/{item.target}")
                )
    return Declared(tuple(found), tuple(missing))


def requirement(text: str) -> Requirement | None:
    """One requirement as PEP 508 and pip have it; None where it is none."""
    text, _, marker = _split_marker(text.strip())
    if _is_place(text):
        return replace(_place(text), marker=marker)
    found = _NAME.fullmatch(text)
    if not found:
        return None
    name, extras, rest = normalise(found[1]), _list(found[2] or ""), found[3].strip()
    if rest.startswith("@"):
        return Requirement("url", name, extras, marker=marker, target=rest[1:].strip())
    specifier = rest.strip("() ").replace(" ", "")
    if specifier and specifier[0] not in "<>=!~":
        return None
    return Requirement("package", name, extras, specifier, marker)


def _line(line: str) -> Requirement | None:
    if not line.startswith("-"):
        trailing = _TRAILING.search(line)
        return requirement(line[: trailing.start()] if trailing else line)
    option = _SHORT.fullmatch(line) or _OPTION.fullmatch(line)
    kind = _KINDS.get(option[1]) if option else None
    if not option or not kind:
        return Requirement("option", target=line)
    target = option[2].strip().strip("\"'")
    if kind != "editable":
        return Requirement(kind, target=target)
    parsed = requirement(target)
    place = parsed if parsed and parsed.kind == "url" else _place(target)
    return replace(place, editable=True)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations joined and comments taken away, and where each starts."""
    parts: list[str] = []
    first = 0
    for number, raw in enumerate(text.splitlines(), 1):
        first = first if parts else number
        comment = _COMMENT.search(raw)
        line = raw[: comment.start()] if comment else raw
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        joined = "".join([*parts, line]).strip()
        parts = []
        if joined:
            yield first, joined
    if joined := "".join(parts).strip():
        yield first, joined


def _split_marker(text: str) -> tuple[str, str, str]:
    sign = " ;" if "://" in text else ";"
    before, sign, marker = text.partition(sign)
    return before.strip(), sign, marker.strip()


def _is_place(text: str) -> bool:
    if text.startswith((".", "/", "~", "file:")):
        return True
    if "@" in text.partition("://")[0]:
        return False
    return "://" in text or text.partition("#")[0].endswith((".whl", ".tar.gz", ".zip"))


def _place(text: str) -> Requirement:
    """A requirement that is a URL or a path."""
    target, _, fragment = text.partition("#")
    egg = re.search(r"(?:^|&)egg=([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?", fragment)
    if "://" in target or target.startswith(("git@", "file:")):
        name, extras = (egg[1], egg[2] or "") if egg else (_archive(target), "")
        return Requirement("url", normalise(name), _list(extras), target=text)
    path, _, extras = target.partition("[")
    name = egg[1] if egg else _archive(path)
    return Requirement("path", normalise(name), _list(extras.rstrip("] ")), target=path.strip())


def _archive(target: str) -> str:
    """The name that a wheel's or a source archive's file name starts with."""
    file = target.rsplit("/", 1)[-1]
    if file.endswith(".whl"):
        return file.split("-", 1)[0]
    found = re.fullmatch(r"(.+?)-\d[^-]*\.(?:tar\.gz|zip)", file)
    return found[1] if found else ""


def _list(text: str) -> tuple[str, ...]:
    return tuple(normalise(part.strip()) for part in text.split(",") if part.strip())
