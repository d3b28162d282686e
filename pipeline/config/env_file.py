"""A file of ``NAME=value`` lines: secrets for a local Cloud Run.

Blank lines and lines that begin with ``#`` say nothing; ``export`` before a name is left out. A
value ends at the line's end or before `` #``, unless it is in quotes: within single ones all is as
written, within double ones ``\\n``, ``\\"`` and ``\\\\`` stand for what they do in a shell's file.
No fault shows anything of its line: it may be a part of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import ConfigError

_LARGEST = 1024 * 1024  # bytes
_LARGEST_SECRET = 64 * 1024  # bytes; Secret Manager's limit
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)  # Secret Manager's rule
_QUOTED = re.compile(r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:#.*)?""")
_COMMENT = re.compile(r"\s#.*")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class _Unusable(Exception):  # noqa: N818 -- it is a fault of a line, caught in this file
    """Why a line cannot be used."""


def read_env_file(path: Path) -> dict[str, str]:
    """The values by name. Raises ConfigError, which names every line that cannot be used."""
    values: dict[str, str] = {}
    faults = []
    for number, line in _lines(_text(path)):
        try:
            _take(line, values)
        except _Unusable as fault:
            faults.append(f"{path}:{number}: {fault}")
    if faults:
        count = "a line" if len(faults) == 1 else f"{len(faults)} lines"
        raise ConfigError(
            f"{count} of the secrets file cannot be used",
            where=str(path),
            remedy="write one NAME=value on each line; a value with spaces or # in quotes",
            lines=faults,
        )
    return values


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _take(line: str, values: dict[str, str]) -> None:
    name, equals, value = line.partition("=")
    words = name.split()
    name = words[-1] if words and words[:-1] in ([], ["export"]) else ""
    if not equals:
        raise _Unusable("there is no =")
    if not _NAME.fullmatch(name):
        raise _Unusable("the name is no secret's: letters, digits, - and _ only")
    if name in values:
        raise _Unusable("this name is there already")
    found = _value(value.strip())
    if "\0" in found or len(found.encode("utf-8", "surrogatepass")) > _LARGEST_SECRET:
        raise _Unusable(f"the value is longer than {_LARGEST_SECRET // 1024} KiB, or has a NUL")
    values[name] = found


def _value(text: str) -> str:
    if text[:1] not in ("'", '"'):
        return "" if text.startswith("#") else _COMMENT.sub("", text, count=1).rstrip()
    match = _QUOTED.fullmatch(text)
    if match is None:
        raise _Unusable("the quotes do not end the value")
    if match[1] is not None:
        return match[1]
    return re.sub(r"\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), match[2])


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    if len(raw) > _LARGEST:
        raise _unreadable(path, f"it is larger than {_LARGEST // 1024**2} MiB")
    return text


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"the secrets file cannot be read: {reason}",
        where=str(path),
        remedy="name a file of NAME=value lines with --secrets FILE",
    )
