"""What a container listens on, from its own socket table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")

_LISTEN = "0A"
_SOCKET = re.compile(r"([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):([0-9A-Fa-f]{4})")
_HEADER = "local_address"


@dataclass(frozen=True, order=True)
class Listener:
    """A listening TCP socket. ``host`` is an address; 0.0.0.0 and :: stand for all."""

    port: int
    host: str

    @property
    def is_loopback(self) -> bool:
        return self.host == "::1" or self.host.startswith("127.")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def listeners(table: str) -> tuple[Listener, ...] | None:
    """Listening sockets of ``/proc/net/tcp`` and ``tcp6``, by port; None where it is no table."""
    if _HEADER not in table:
        return None
    return tuple(sorted(set(_listening(table))))


def _listening(table: str) -> Iterator[Listener]:
    for line in table.splitlines():
        fields = line.split(None, 4)
        found = _SOCKET.fullmatch(fields[1]) if len(fields) > 3 and fields[3] == _LISTEN else None
        if found:
            yield Listener(int(found[2], 16), _host(found[1]))


def _host(digits: str) -> str:
    """An address from words of 32 bits, each in the byte order of the machine: little-endian."""
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    if len(words) == 1:
        return str(IPv4Address(words[0]))
    address = IPv6Address(b"".join(words))
    return str(address.ipv4_mapped or address)


def read_tables(process: Path) -> str:
    """The tables of the network that a process is in; ``process`` is its folder in /proc."""
    texts = []
    for table in TABLES:
        try:
            texts.append((process / table.removeprefix("/proc/")).read_text("utf-8", "replace"))
        except OSError:
            continue  # no IPv6, or the process has just ended
    return "".join(texts)
