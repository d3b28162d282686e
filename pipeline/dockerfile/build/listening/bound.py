"""Where a server listens, as far as the build tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.dockerfile.build.values import PORT, Launch
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.values import Env, Joined
from pipeline.dockerfile.projects.values import Value as Known
from pipeline.dockerfile.shell.executed import Value

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a value to compare with, nothing is bound
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){1,3}|localhost|::1|\[::1\]|0:0:0:0:0:0:0:1")
_BIND = re.compile(r"(?:\w+://)?(\[[^\]]*\]|[^:\s/]*):([^:\s/]+)/?")
_LITERAL = re.compile(r"\$\{?[A-Z_a-z]\w*")
_NUMBER = re.compile(r"\d{1,5}")


@dataclass(frozen=True)
class Bound:
    """One address that a server of the start listens on; None: not known.

    ``host`` is an address or a name, ``port`` a number's text, PORT, or what stands for it by
    mistake (``${PORT}`` that no shell expands). ``told``: they are written there; else they are the
    program's own defaults. ``sure`` False: a variable of the service may change them.
    """

    launch: Launch
    name: str
    place: Place
    host: Value
    port: Value
    host_told: bool = True
    port_told: bool = True
    sure: bool = True

    @property
    def loopback(self) -> bool:
        return self.host is not None and _LOOPBACK.fullmatch(self.host) is not None

    @property
    def literal(self) -> str:
        """A variable that is passed on as it is written; empty where there is none."""
        texts = (self.port or "", self.host or "")
        found = next(filter(None, (_LITERAL.search(text) for text in texts)), None)
        return next(text for text in texts if found and found[0] in text) if found else ""

    @property
    def number(self) -> str:
        """The port, where it is a fixed one."""
        return self.port if self.port is not None and _NUMBER.fullmatch(self.port) else ""

    def reaches(self, port: int) -> bool:
        """Whether Cloud Run can reach it there, or may."""
        return not (self.loopback or self.literal or self.number not in {"", str(port)})


def parted(bind: Value) -> tuple[Value, Value]:
    """The host and the port of ``HOST:PORT``, ``:PORT``, ``tcp://HOST:PORT``, ``[::]:PORT``."""
    if bind is None:
        return None, None
    found = _BIND.fullmatch(bind)
    if found is None:
        is_port = bind == PORT or _NUMBER.fullmatch(bind) or _LITERAL.match(bind)
        return (EVERYWHERE, bind) if is_port else (None, None)
    return found[1] if found[1] not in {"", "*", "+"} else EVERYWHERE, found[2]


def worth(value: Known, variables: Mapping[str, Value]) -> tuple[Value, bool]:
    """What a value of a source comes to in the container, and whether that is certain."""
    match value:
        case bool() | None:
            return None, True
        case str() | int():
            return str(value), True
        case Env(name="PORT"):
            return variables.get("PORT", PORT), True
        case Env() if value.name in variables:
            return variables[value.name], True
        case Env():
            return worth(value.default, variables)[0], False
        case Joined():
            parts = [worth(part, variables) for part in value.parts]
            known = [text for text, _ in parts if text is not None]
            whole = "".join(known) if len(known) == len(parts) else None
            return whole, all(sure for _, sure in parts)
        case _:
            return None, False
