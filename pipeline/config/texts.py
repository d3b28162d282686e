"""The rules for variables, secrets, paths and patterns: a value, or RuleError."""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

from pipeline.config.faults import RuleError
from pipeline.config.units import matches, show

_LONGEST_VALUE = 32_768
_SET_BY_CLOUD_RUN = re.compile(
    r"PORT|K_SERVICE|K_REVISION|K_CONFIGURATION|CLOUD_RUN_(JOB|EXECUTION|TASK_\w+)"
)
ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
SECRETS = r"^(?:projects/[a-z0-9.:-]+/secrets/)?[A-Za-z0-9_-]{1,255}(?::[A-Za-z0-9_-]+)?$"
URL_PATH = r"^/[!\"$-~]*$"
HEALTH_PATH = r"^/(?!eventlog(?:\?|$)|_ah/)[!\"$->@-~]*(?<!z)(?:\?[!\"$-~]*)?$"
ORIGIN = r"^https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?$"
ADDRESS = r"^[A-Za-z0-9.-]+:[0-9]{1,5}$"
MODULE = r"^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$"


def text(value: str) -> str:
    if value:
        return value
    raise RuleError("the text is empty", "Write a value, or remove the key")


def env_name(name: str) -> str:
    """API facts §4.1."""
    if _SET_BY_CLOUD_RUN.fullmatch(name):
        remedy = "Set run.port instead" if name == "PORT" else "The program finds it set"
        raise RuleError(
            "Cloud Run sets this variable itself and refuses it from others", f"Remove it. {remedy}"
        )
    if matches(ENV_NAME, name):
        return name
    raise RuleError(
        "this is not a name for a variable",
        "Use letters, digits and underscores; begin with no digit",
    )


def env_value(value: str) -> str:
    """API facts §11. The value is not shown: it may be a secret."""
    if len(value) > _LONGEST_VALUE:
        raise RuleError(
            f"a value of {len(value)} characters is longer than Cloud Run takes",
            f"Shorten it to {_LONGEST_VALUE}, or put it into a file or a secret",
        )
    return value


class Secret(NamedTuple):
    """A secret of Secret Manager, and which of its versions."""

    secret: str
    version: str

    def __str__(self) -> str:
        return f"{self.secret}:{self.version}"


def secret(value: object) -> Secret:
    """``secret`` or ``secret:version``. The value is not shown: it may be the secret itself."""
    if not isinstance(value, str) or not matches(SECRETS, value):
        raise RuleError(
            "this is not the name of a secret",
            "Write the name of a secret in Secret Manager, or name:version, never its content",
        )
    path, slash, last = value.rpartition("/")
    name, _, version = last.partition(":")
    return Secret(path + slash + name, version or "latest")


def url_path(path: str) -> str:
    if matches(URL_PATH, path):
        return path
    raise RuleError(f"{show(path)} is not a path of a URL", "Begin with /; use no spaces and no #")


def health_path(path: str) -> str:
    """API facts §4.4: Google answers some paths itself, so that they never reach the container."""
    url_path(path)
    if not matches(HEALTH_PATH, path):
        bare = path.partition("?")[0]
        raise RuleError(
            f"Google may answer {show(bare)} itself: it reserves /eventlog, /_ah/ "
            "and paths that end in z, such as /healthz",
            "Serve health at another path, such as /health",
        )
    return path


def origin(url: str) -> str:
    if matches(ORIGIN, url):
        return url
    raise RuleError(
        f"{show(url)} is not an origin",
        "Write scheme and host, and no path, such as https://app.example.com",
    )


def address(where: str) -> str:
    if matches(ADDRESS, where) and 1 <= int(where.rpartition(":")[2]) <= 65535:
        return where
    raise RuleError(f"{show(where)} is not an address", "Write HOST:PORT, such as 127.0.0.1:5432")


def module(name: str) -> str:
    if matches(MODULE, name):
        return name
    raise RuleError(f"{show(name)} is not a module", "Write one as in an import, such as app.main")


def pattern(value: object) -> re.Pattern[str]:
    """A regular expression, searched for in each line."""
    if not isinstance(value, str) or not value:
        raise RuleError(
            "this is not a regular expression", "Write text in quotes, such as 'ready in .* ms'"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise RuleError(
            f"{show(value)} is not a regular expression: {error}",
            r"Correct it; put \ before a character that is meant as it is",
        ) from error
