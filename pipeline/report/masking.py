"""Credentials are not shown: those that are configured, and whatever has the shape of one.

Pure, and linear in the length of a line. Digests, commits, UUIDs and names of revisions stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import quote, unquote

from pipeline.report.keys import MASK, WORDS, without_keys

SHORTEST = 6
"""Characters of the shortest configured value that is masked wherever it stands."""

_NOT_SECRET = frozenset(
    {"postgres", "password", "changeme", "secret", "example", "default", "localhost", "production",
     "development", "undefined"}
)  # fmt: skip
_SECRET_NAME = re.compile(
    r"PASSW(OR)?D|(^|_)(PASS|PASSPHRASE|PWD|SECRETS?|TOKENS?|CREDENTIALS?|DSN|SALT)(_|$)"
    r"|(^|_)(API|SECRET|ACCESS|PRIVATE)?KEY$"
)
_OPEN_NAME = re.compile(r"PUBLIC|_(FILE|PATH|NAME|ID|URL|TTL|LENGTH|EXPIRY|SECONDS|MINUTES)$")
_BLANK = re.compile(r"\0+")

# A port is no password, and what is before the @ of an address is none either.
_URL_PASSWORD = re.compile(
    r"((?<!https)(?<!http)://[^\s/:@\"'<>\[]{0,128}:)(?!\d{1,5}/)((?:[^\s\"'<>/]|/(?!/))+)(?=@)"
    r"|(://[^\s/:@\"'<>\[]{0,128}:)([^\s/\"'<>]+|(?!\d{1,5}/)(?:[^\s\"'<>/]|/(?!/))+)(?=@)"
)
_URL_TOKEN = re.compile(r"(https?://)(?=[^\s/@]{0,99}\d)([\w.~%-]{12,})(?=@)")
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|cbt)-[\w-]{16,}"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"  # Stripe
    r"|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{20,}|pypi-[\w-]{40,}"
    r"|sk-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"  # JSON web tokens
    r"|(?:eyJ|ewog|ewoi|LS0tLS1CRUdJTi)[\w+/-]{20,}={0,2}"  # JSON and PEM in base64
    r")|hooks\.slack\.com/services/[\w/]{10,}"
)
_BEARER = re.compile(r"\b((?:Bearer|Basic|bearer|basic)\s{1,4})([\w.~+/=-]{8,})")
_COOKIE = re.compile(
    r"(\b(?:set-)?cookie\\{0,8}[\"']?\s{0,3}[:=,]\s{0,3}\\{0,8}[\"']?)"
    r"([\w.%-]{1,128}=(?:\"[^\"\\]*\"|[^\s;\"'\\]+)"
    r"(?:;\s{0,2}[\w.%-]{1,128}=(?:\"[^\"\\]*\"|[^\s;\"'\\]*))*)",
    re.IGNORECASE,
)
_VALUE = (
    # Behind an escaped quote, up to one that is escaped as often, or less.
    r"(?P<escape>\\{1,8})(?P<quote>[\"'])"
    r"(?:(?P=escape)\\+(?P=quote)|\\+(?!\\|(?P=quote))|(?!(?P=quote))[^\\])+"
    r"|\"(?:[^\"\\]|\\.)+|'(?:[^'\\]|\\.)+|[^\s\"'\\,;&<>(){}\[\]]{3,}"
)
_PAIR = re.compile(
    r"((?:pass(?:word|wd|phrase)|pwd(?!\s{0,3}[:=]\s{0,3}/)|secret|token|credential|api[_-]?key|access[_-]?key"
    r"|account[_-]?key|x-(?:goog|amz)-signature|[?&]sig"
    r"|(?:secret|private|signing|encryption)[_-]?(?:access[_-]?)?key(?:[_-]?(?:base|id))?)"
    rf"\\{{0,8}}[\"']?\s{{0,3}}(?::=|=>|[:=])\s{{0,3}})({_VALUE})",
    re.IGNORECASE,
)
_FLAG = re.compile(
    r"((?<![\w-])--(?:password|passwd|passphrase|pass|token|secret)\s{1,3})"
    r"(?!-|(?:option|flag|argument|parameter|and|for|from|the)\b)"
    rf"({_VALUE})"
)
_CLIENT = re.compile(
    r"\b(?:mysql|mysql(?:dump|admin|import|sh)|mariadb(?:-dump|-admin)?|mongo(?:sh|dump|restore)?"
    r"|redis-cli|sqlcmd|docker login)\s[^;&|]*"
)
_CLIENT_FLAG = re.compile(rf"((?<=\s)-[pPa]\s{{0,3}})(?![-/]|\d{{1,5}}\b)({_VALUE})")
_EMPTY_VALUE = re.compile(
    r"(null|none|nil|undefined|true|false|missing|required|empty|not|is|expected|invalid)\b|projects/|\*\*\*",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"\\{0,8}[\"']")


@dataclass(frozen=True)
class Secrets:
    """Values that must not be shown."""

    pattern: re.Pattern[str] | None = None
    longest: int = 0

    @classmethod
    def of(cls, values: Iterable[str]) -> Secrets:
        """Each value, its lines, and as a URL writes it; short ones and words are left out."""
        forms = {form for value in values for form in _forms(value)}
        kept = sorted(forms, key=lambda form: (-len(form), form))
        if not kept:
            return cls()
        return cls(re.compile("|".join(map(re.escape, kept))), len(kept[0]))


NO_SECRETS = Secrets()


def secret_values(variables: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The values of variables that look secret by their names, and passwords in all of them."""
    for name, value in variables:
        if _is_secret_name(name) or masked(value) == MASK:
            yield value
        for found in _URL_PASSWORD.finditer(value):
            password = found[2] or found[4]
            yield password
            yield unquote(password)


def masked(text: str, secrets: Secrets = NO_SECRETS) -> str:
    """One line without credentials."""
    if secrets.pattern:
        text = secrets.pattern.sub(MASK, text)
    if WORDS in text:
        text = without_keys(text)
    if "://" in text:
        text = _URL_PASSWORD.sub(_url_password, text)
        text = _URL_TOKEN.sub(rf"\1{MASK}", text)
    text = _SHAPES.sub(MASK, text)
    text = _BEARER.sub(_bearer, text)
    text = _COOKIE.sub(rf"\1{MASK}", text)
    text = _PAIR.sub(_pair, text)
    text = _FLAG.sub(_pair, text)
    return _CLIENT.sub(lambda found: _CLIENT_FLAG.sub(_pair, found[0]), text)


def masked_lines(lines: Sequence[str], secrets: Secrets = NO_SECRETS) -> list[str]:
    """Lines without credentials, also where the end of a line cuts a configured one in two."""
    return [masked(line, secrets) for line in _across(lines, secrets)]


def _is_secret_name(name: str) -> bool:
    upper = name.upper()
    return bool(_SECRET_NAME.search(upper)) and not _OPEN_NAME.search(upper)


def _forms(value: str) -> Iterator[str]:
    for part in (value, value.strip(), *value.splitlines()):
        for form in (part, quote(part, safe="")):
            if len(form) >= SHORTEST and form.strip() and form.lower() not in _NOT_SECRET:
                yield form


def _url_password(found: re.Match[str]) -> str:
    return f"{found[1] or found[3]}{MASK}"


def _bearer(found: re.Match[str]) -> str:
    is_word = len(found[2]) < 20 and not any(one.isdigit() for one in found[2])
    return found[0] if is_word else f"{found[1]}{MASK}"


def _pair(found: re.Match[str]) -> str:
    value = found[2]
    opening = _QUOTE.match(value)
    bare = value[opening.end() :] if opening else value
    if _EMPTY_VALUE.match(bare):
        return found[0]
    return f"{found[1]}{opening[0] if opening else ''}{MASK}"


def _across(lines: Sequence[str], secrets: Secrets) -> Sequence[str]:
    """Configured values that the end of a line cuts in two are masked in both."""
    if not secrets.pattern:
        return lines
    blanked = secrets.pattern.sub(lambda found: "\0" * len(found[0]), "".join(lines))
    ends = list(accumulate(map(len, lines)))
    return [_BLANK.sub(MASK, blanked[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
