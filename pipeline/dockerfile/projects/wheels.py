"""Which distributions compile when pip installs them on Linux. Only what is certain is here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.dockerfile.projects.requirements import normalise


@dataclass(frozen=True)
class Needs:
    """What a build from source wants, as Debian and as Alpine name it, besides a C compiler."""

    debian: tuple[str, ...] = ()
    alpine: tuple[str, ...] = ()


# Their projects publish source archives alone for Linux: the file list of every release on the
# index has no manylinux and no musllinux wheel.
_SOURCE_ONLY = {
    "annoy": Needs(("g++",), ("g++",)),
    "bjoern": Needs(("libev-dev",), ("libev-dev",)),
    "dbus-python": Needs(("libdbus-1-dev", "libglib2.0-dev"), ("dbus-dev", "glib-dev")),
    "dlib": Needs(("g++", "cmake"), ("g++", "cmake", "make")),
    "evdev": Needs((), ("linux-headers",)),
    "fasttext": Needs(("g++",), ("g++",)),
    "gdal": Needs(("g++", "libgdal-dev"), ("g++", "gdal-dev")),
    "hnswlib": Needs(("g++",), ("g++",)),
    "llama-cpp-python": Needs(("g++", "cmake"), ("g++", "cmake", "make")),
    "m2crypto": Needs(("swig", "libssl-dev"), ("swig", "openssl-dev")),
    "meinheld": Needs(),
    "mod-wsgi": Needs(("apache2-dev",), ("apache2-dev",)),
    "mysqlclient": Needs(("default-libmysqlclient-dev", "pkg-config"), ("mariadb-dev", "pkgconf")),
    "psycopg-c": Needs(("libpq-dev",), ("libpq-dev",)),
    "psycopg2": Needs(("libpq-dev",), ("libpq-dev",)),
    "pyaudio": Needs(("portaudio19-dev",), ("portaudio-dev",)),
    "pycairo": Needs(("libcairo2-dev", "pkg-config"), ("cairo-dev", "pkgconf")),
    "pycrypto": Needs(),
    "pycups": Needs(("libcups2-dev",), ("cups-dev",)),
    "pygobject": Needs(
        ("libgirepository1.0-dev", "libcairo2-dev", "pkg-config"),
        ("gobject-introspection-dev", "cairo-dev", "pkgconf"),
    ),
    "pyicu": Needs(("g++", "libicu-dev", "pkg-config"), ("g++", "icu-dev", "pkgconf")),
    "pysqlcipher3": Needs(("libsqlcipher-dev",), ("sqlcipher-dev",)),
    "python-ldap": Needs(("libldap2-dev", "libsasl2-dev"), ("openldap-dev",)),
    "rpi-gpio": Needs(),
    "systemd-python": Needs(("libsystemd-dev", "pkg-config"), ()),
    "uwsgi": Needs((), ("linux-headers",)),
}

# These went the same way before the version named.
_SOURCE_BEFORE = {
    "insightface": ("0.8", Needs(("g++",), ("g++",))),
    "pycurl": (
        "7.45.3",
        Needs(("libcurl4-openssl-dev", "libssl-dev"), ("curl-dev", "openssl-dev")),
    ),
    "pygraphviz": ("1.15", Needs(("libgraphviz-dev", "pkg-config"), ("graphviz-dev", "pkgconf"))),
    "python-levenshtein": ("0.13", Needs()),
}

# manylinux wheels exist, musllinux ones came with the version named (empty: not so far).
_NOT_ON_MUSL = {
    "opencv-contrib-python": "",
    "opencv-contrib-python-headless": "",
    "opencv-python": "",
    "opencv-python-headless": "",
    "cryptography": "35",
    "numpy": "1.22",
    "pandas": "2",
    "psutil": "7.2",
    "psycopg2-binary": "2.9",
}

# Wheels are made for one Python each: every release before the version named is older than the
# wheels for that Python, and none were added afterwards.
_FIRST_FOR_PYTHON = {
    "aiohttp": {"3.11": "3.8", "3.12": "3.9", "3.13": "3.10"},
    "asyncpg": {"3.11": "0.26", "3.12": "0.28", "3.13": "0.29"},
    "cffi": {"3.11": "1.15", "3.12": "1.16", "3.13": "1.17"},
    "gevent": {"3.12": "23.7", "3.13": "24.2"},
    "greenlet": {"3.12": "2.0", "3.13": "3.0"},
    "grpcio": {"3.12": "1.58", "3.13": "1.65"},
    "httptools": {"3.12": "0.6.1", "3.13": "0.6.2"},
    "lxml": {"3.12": "4.9", "3.13": "5.0"},
    "netifaces": {"3.10": "1", "3.11": "1", "3.12": "1", "3.13": "1"},
    "numpy": {"3.11": "1.23", "3.12": "1.26", "3.13": "2.0"},
    "pandas": {"3.11": "1.5", "3.12": "2.1", "3.13": "2.2"},
    "orjson": {"3.12": "3.9.1", "3.13": "3.10.1"},
    "pillow": {"3.12": "10.0", "3.13": "10.3"},
    "psycopg2-binary": {"3.11": "2.9.4", "3.12": "2.9.7", "3.13": "2.9.9"},
    "pydantic-core": {"3.13": "2.18.5"},
    "scikit-learn": {"3.12": "1.3", "3.13": "1.5"},
    "scipy": {"3.12": "1.11", "3.13": "1.14"},
    "uvloop": {"3.11": "0.17", "3.12": "0.18", "3.13": "0.20"},
}

# Nothing in them is compiled: one py3-none-any wheel for all.
_PURE = frozenset({
    "alembic", "anyio", "asgiref", "attrs", "beautifulsoup4", "boto3", "botocore", "celery",
    "certifi", "click", "django", "django-cors-headers", "djangorestframework", "fastapi", "flask",
    "gunicorn", "h11", "httpcore", "httpx", "idna", "itsdangerous", "jinja2", "packaging",
    "pydantic-settings", "pyjwt", "pymysql", "pytest", "python-dateutil", "python-dotenv",
    "python-multipart", "pytz", "redis", "requests", "rich", "six", "starlette", "typer",
    "typing-extensions", "urllib3", "uvicorn", "werkzeug", "whitenoise",
})  # fmt: skip
_ARCHITECTURES = ("amd64", "arm64", "x86_64", "aarch64")


def needs_compiler(
    name: str,
    version: str | None = None,
    python: str | None = None,
    libc: str | None = None,
    architecture: str = "amd64",
) -> bool | None:
    """Whether ``pip install`` compiles the distribution; None where that is not known.

    ``libc`` is ``glibc`` or ``musl``; ``python`` and ``version`` are dotted numbers.
    """
    name = normalise(name)
    if name in _SOURCE_ONLY or _older(version, _SOURCE_BEFORE.get(name, ("", Needs()))[0]):
        return True
    if name in _PURE:
        return False
    if architecture not in _ARCHITECTURES:
        return None
    if libc == "musl" and name in _NOT_ON_MUSL:
        first = _NOT_ON_MUSL[name]
        if not first or _older(version, first):
            return True
    minor = ".".join((python or "").split(".")[:2])
    return _older(version, _FIRST_FOR_PYTHON.get(name, {}).get(minor, "")) or None


def is_native(name: str) -> bool:
    """Whether the distribution is known to hold compiled code, with wheels or without."""
    name = normalise(name)
    return name in _SOURCE_ONLY or name in _NOT_ON_MUSL or name in _FIRST_FOR_PYTHON


def build_needs(name: str) -> Needs:
    """The packages that its build from source wants besides a C compiler."""
    name = normalise(name)
    return _SOURCE_ONLY.get(name) or _SOURCE_BEFORE.get(name, ("", Needs()))[1]


def _older(version: str | None, than: str) -> bool:
    found = re.match(r"\d{1,9}(?:\.\d{1,9}){0,5}", version or "")
    return found is not None and than != "" and _numbers(found[0]) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
