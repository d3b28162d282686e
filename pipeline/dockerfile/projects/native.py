"""Which packages of npm compile when they are installed on Linux."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# No release of them brings a compiled addon.
_SOURCE_ONLY = _words(
    "node-expat unix-dgram libpq pg-native iconv hiredis heapdump posix node-rdkafka epoll "
    "i2c-bus spi-device onoff pigpio mmmagic xxhash scrypt java gc-stats segfault-handler lz4 "
    "sodium"
)
# Before that release their addons were made for each version of Node, and for glibc alone.
_BY_NODE = {"bcrypt": 5, "sqlite3": 5}
_LAST_NODE = 14
# The newest Node that a release of node-sass has an addon for.
_SASS = {4: 14, 5: 15, 6: 16, 7: 17, 8: 18, 9: 20}
# They compile where they are told to, or where their host cannot be reached.
ADDONS = _words(
    "bcrypt sqlite3 better-sqlite3 sharp canvas argon2 re2 zeromq serialport leveldown "
    "bufferutil utf-8-validate node-pty usb kerberos isolated-vm tree-sitter snappy"
)
_MAJOR = re.compile(r"[\^~>=v\s]*(\d{1,4})(?:\.|\Z|-)")


def compiles(name: str, version: str, node: str | None, libc: str) -> bool:
    """Whether an install of this package certainly compiles; ``version`` as it is asked for."""
    if name in _SOURCE_ONLY:
        return True
    found, running = _MAJOR.match(version), _MAJOR.match(node or "")
    if found is None:
        return False
    major = int(found[1])
    if name in _BY_NODE and major < _BY_NODE[name]:
        return libc == "musl" or (running is not None and int(running[1]) > _LAST_NODE)
    if name == "node-sass" and running is not None:
        return int(running[1]) > _SASS.get(major, 99)
    return False
