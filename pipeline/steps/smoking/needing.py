"""Does what a container wrote speak of a database, cache or queue that it could not reach?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_LONGEST = 2000  # characters of a line that are looked at
_MOST = 2000  # lines, the last ones
_UNREACHED = re.compile(
    r"connection refused|ECONNREFUSED|could not connect|can(?:not|'t|\u2019t) (?:connect|reach)"
    r"|ENOTFOUND|EAI_AGAIN|name or service not known|name resolution"
    r"|could not translate host name|connection timed out|ETIMEDOUT|no route to host",
    re.IGNORECASE,
)
_KINDS = {
    "PostgreSQL": re.compile(r"postgres|psycopg|asyncpg|\b5432\b", re.IGNORECASE),
    "MySQL": re.compile(r"mysql|mariadb|\b3306\b", re.IGNORECASE),
    "Redis": re.compile(r"redis|valkey|\b6379\b", re.IGNORECASE),
    "MongoDB": re.compile(r"mongo|\b27017\b", re.IGNORECASE),
    "RabbitMQ": re.compile(r"amqp|rabbitmq|\b5672\b", re.IGNORECASE),
    "Kafka": re.compile(r"kafka|\b9092\b", re.IGNORECASE),
    "memcached": re.compile(r"memcache|\b11211\b", re.IGNORECASE),
    "a database": re.compile(r"database|sqlalchemy|prisma|OperationalError", re.IGNORECASE),
}


def unreached(lines: Sequence[str]) -> str:
    """What it could not reach, such as PostgreSQL; empty where nothing says so.

    The line itself names it, or any other does: a traceback takes many.
    """
    looked = [line[:_LONGEST] for line in lines[-_MOST:]]
    refused = [line for line in looked if _UNREACHED.search(line)]
    return (_kind(refused) or _kind(looked)) if refused else ""


def _kind(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return next((name for name, pattern in _KINDS.items() if pattern.search(text)), "")
