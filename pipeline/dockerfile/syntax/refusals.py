"""What the engine refuses of an instruction that could be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.dockerfile.syntax.heredocs import marker
from pipeline.dockerfile.syntax.instructions import NAMES
from pipeline.dockerfile.syntax.nodes import Flag, Instruction, Problem

_SWITCH, _VALUE, _VALUES = "switch", "value", "values"
_FLAGS: dict[str, dict[str, str]] = {
    "ADD": {
        "checksum": _VALUE,
        "chmod": _VALUE,
        "chown": _VALUE,
        "exclude": _VALUES,
        "keep-git-dir": _SWITCH,
        "link": _SWITCH,
        "unpack": _SWITCH,
    },
    "COPY": {
        "chmod": _VALUE,
        "chown": _VALUE,
        "exclude": _VALUES,
        "from": _VALUE,
        "link": _SWITCH,
        "parents": _SWITCH,
    },
    "FROM": {"platform": _VALUE},
    "HEALTHCHECK": dict.fromkeys(
        ("interval", "timeout", "start-period", "start-interval", "retries"), _VALUE
    ),
    "RUN": {"device": _VALUES, "mount": _VALUES, "network": _VALUE, "security": _VALUE},
}
_FLAGS_UNREAD = ("ARG", "STOPSIGNAL")  # the engine passes them by
_AT_LEAST_ONE = ("ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "SHELL", "VOLUME")
_EXACTLY_ONE = ("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")
_DURATION = re.compile(r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+|[-+]?0")
_COUNT = re.compile(r"\+?[0-9]{1,9}")


def refusals(found: Instruction) -> Iterator[Problem]:
    """Everything in this instruction for which a build would end before its first step."""
    if found.name not in NAMES:
        yield _of(found, f"unknown instruction: {found.name[:40]}")
        return
    for message in _of_arguments(found):
        yield _of(found, message)
    if found.name not in _FLAGS_UNREAD and not _is_none(found):
        yield from _of_flags(found)


def _of(found: Instruction, message: str) -> Problem:
    return Problem(found.start, message)


def _is_none(found: Instruction) -> bool:
    return found.name == "HEALTHCHECK" and bool(found.words) and _first(found) == "NONE"


def _first(found: Instruction) -> str:
    return found.words[0].value.upper()


def _of_arguments(found: Instruction) -> Iterator[str]:
    name, count = found.name, len(found.words)
    if name in _AT_LEAST_ONE and not count:
        yield f"{name} requires at least one argument"
    elif name in _EXACTLY_ONE and not count:
        yield f"{name} requires exactly one argument"
    elif name in _OF_ONE:
        yield from _OF_ONE[name](found)


def _copied(found: Instruction) -> Iterator[str]:
    if len(found.words) < 2:
        yield f"{found.name} requires a source and a destination"
    elif marker(found.words[-1].value):
        yield f"{found.name} cannot have a heredoc as its destination"


def _named(found: Instruction) -> Iterator[str]:
    if any(not key.value for key, _ in found.pairs):
        yield f"{found.name} names can not be blank"


def _from(found: Instruction) -> Iterator[str]:
    words = [word.value for word in found.words]
    if len(words) != 1 and (len(words) != 3 or words[1].lower() != "as"):
        yield "FROM requires an image, and no more than AS and a name behind it"
    elif len(words) == 3 and not _STAGE_NAME.fullmatch(words[2].lower()):
        yield f"{words[2][:40]} cannot name a stage: letters, digits, -_. only, a letter first"


def _shell(found: Instruction) -> Iterator[str]:
    if found.exec is None:
        yield "SHELL requires the JSON form"


def _volume(found: Instruction) -> Iterator[str]:
    if not all(word.value.strip() for word in found.words):
        yield "VOLUME names can not be blank"


def _onbuild(found: Instruction) -> Iterator[str]:
    if found.inner and found.inner.name in ("ONBUILD", "FROM", "MAINTAINER"):
        yield f"{found.inner.name} isn't allowed behind ONBUILD"


def _healthcheck(found: Instruction) -> Iterator[str]:
    if _is_none(found):
        if len(found.words) > 1:
            yield "HEALTHCHECK NONE takes no arguments"
    elif found.inner is None:
        yield f"HEALTHCHECK takes CMD or NONE, not {found.words[0].value[:40]}"
    elif not found.inner.words:
        yield "HEALTHCHECK CMD requires a command"
    yield from _timings(found)


def _timings(found: Instruction) -> Iterator[str]:
    for flag in found.flags:
        value = flag.value.value if flag.value else ""
        if not value or _is_none(found) or flag.name not in _FLAGS["HEALTHCHECK"]:
            continue
        if flag.name == "retries":
            if not _COUNT.fullmatch(value):
                yield f"--retries takes a count, not {value[:40]}"
        elif not _DURATION.fullmatch(value):
            yield f"--{flag.name} takes a duration such as 30s, not {value[:40]}"


_OF_ONE = {
    "ADD": _copied,
    "ARG": _named,
    "COPY": _copied,
    "ENV": _named,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _named,
    "ONBUILD": _onbuild,
    "SHELL": _shell,
    "VOLUME": _volume,
}


def _of_flags(found: Instruction) -> Iterator[Problem]:
    known = _FLAGS.get(found.name, {})
    seen: set[str] = set()
    for flag in found.flags:
        kind = known.get(flag.name)
        message = _unknown(flag) if kind is None else _of_value(flag, kind)
        if not message and flag.name in seen and kind != _VALUES:
            message = f"duplicate flag: --{flag.name}"
        seen.add(flag.name)
        if message:
            yield Problem(flag.text.start, message)


def _unknown(flag: Flag) -> str:
    return f"unknown flag: --{flag.name[:40]}"


def _of_value(flag: Flag, kind: str) -> str:
    if kind != _SWITCH:
        return "" if flag.value else f"--{flag.name} requires a value"
    if flag.value and flag.value.value.lower() not in ("true", "false"):
        return f"--{flag.name} takes true or false"
    return ""
