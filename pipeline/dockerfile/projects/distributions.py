"""Which distributions provide which Python modules and commands, and what else they bring."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline.dockerfile.projects.requirements import normalise

_REMOVED = (
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils",
    "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes",
    "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
)  # fmt: skip

STDLIB = frozenset(sys.stdlib_module_names) | frozenset(_REMOVED)
"""Modules of the standard library, those that newer versions have dropped included."""

_NAMESPACES = ("google.cloud.", "azure.", "opentelemetry.instrumentation.")


def distribution_of(module: str) -> frozenset[str]:
    """The distributions that may provide a module; where none is known, one of its own name."""
    return _known(module) or _named(module)


def is_known(module: str) -> bool:
    """Whether it is certain which distributions provide the module."""
    return bool(_known(module))


def console_scripts(distribution: str) -> tuple[str, ...]:
    """The commands that a distribution installs; one of its own name where none are known."""
    name = normalise(distribution)
    return _table("commands").get(name, (name,))


def command_distributions(command: str) -> frozenset[str]:
    """The distributions known to install a command."""
    return frozenset(name for name, commands in _table("commands").items() if command in commands)


def brings(distribution: str, *extras: str) -> frozenset[str]:
    """The well-known distributions that come with it, those at second hand included."""
    name = normalise(distribution)
    waiting, found = [name, *(f"{name}[{normalise(extra)}]" for extra in extras)], set[str]()
    while waiting:
        for brought in _table("brings").get(waiting.pop(), ()):
            if brought not in found:
                found.add(brought)
                waiting.append(brought)
    return frozenset(found)


def is_told(distribution: str) -> bool:
    """Whether all the well-known distributions that it brings stand here."""
    return normalise(distribution) in _table("brings")


def _known(module: str) -> frozenset[str]:
    parts = module.split(".")[:6]
    for length in range(len(parts), 0, -1):
        found = _table("modules").get(".".join(parts[:length]))
        if found:
            return frozenset(found)
    return frozenset()


def _named(module: str) -> frozenset[str]:
    """The names that a distribution with this module would have."""
    parts = [re.sub(r"_v\d\w*$", "", part) for part in module.split(".")[:6]]
    for namespace in _NAMESPACES:
        if module.startswith(namespace):
            depth = namespace.count(".")
            return frozenset(normalise("-".join(parts[:n])) for n in range(depth + 1, depth + 3))
    return frozenset({normalise(parts[0])})


@cache
def _table(name: str) -> Mapping[str, tuple[str, ...]]:
    """``name: values`` a line; an indented line goes on with the one above."""
    text = (Path(__file__).parent / "data" / f"{name}.txt").read_text("utf-8")
    lines = (line for line in text.replace("\n  ", " ").splitlines() if not line.startswith("#"))
    entries = (line.partition(":") for line in lines)
    return {key: tuple(values.split()) for key, _, values in entries}
