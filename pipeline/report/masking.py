"""Credentials are not shown: those that are configured, and whatever has the shape of one.

Pure, and linear in the length of a line. Digests, commits, UUIDs and names of revisions stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import quote, unquote

MASK = "***"
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

_LONGEST_KEY = 250  # lines; one without an end must not hide all that follows
_BEGIN_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_END_KEY = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_URL_PASSWORD = re.compile(r"(://[^\s/:@\"'<>]{0,128}:)([^\s/\"'<>]{1,512})(?=@)")
_SHAPES = re.compile(
    r"\b(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"  # Stripe
    r"|sk-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"  # JSON web tokens
    r")|hooks\.slack\.com/services/[\w/]{10,}"
)
_BEARER = re.compile(r"\b((?:Bearer|Basic|bearer|basic)\s{1,4})([\w.~+/=-]{8,})")
_PAIR = re.compile(
    r"((?:pass(?:word|wd|phrase)|pwd(?!\s{0,3}[:=]\s{0,3}/)|secret|token|credential|api[_-]?key|access[_-]?key"
    r"|(?:secret|private|signing|encryption)[_-]?(?:access[_-]?)?key(?:[_-]?(?:base|id))?)"
    r"\\?[\"']?\s{0,3}(?::=|=>|[:=])\s{0,3})"
    r"(\\[\"'][^\"'\\]{1,4096}|\"(?:[^\"\\]|\\.){1,4096}|'(?:[^'\\]|\\.){1,4096}"
    r"|[^\s\"'\\,;&<>(){}\[\]]{3,4096})",
    re.IGNORECASE,
)
_EMPTY_VALUE = re.compile(
    r"(null|none|nil|undefined|true|false|missing|required|empty|not|is|expected|invalid)\b|projects/|\*\*\*",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"\\?[\"']")


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
            yield found[2]
            yield unquote(found[2])


def masked(text: str, secrets: Secrets = NO_SECRETS) -> str:
    """One line without credentials."""
    if secrets.pattern:
        text = secrets.pattern.sub(MASK, text)
    if "PRIVATE KEY" in text:
        text = _without_keys(text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1{MASK}", text)
    text = _SHAPES.sub(MASK, text)
    text = _BEARER.sub(_bearer, text)
    return _PAIR.sub(_pair, text)


def masked_lines(lines: Sequence[str], secrets: Secrets = NO_SECRETS) -> list[str]:
    """Lines without credentials, also where the end of a line cuts a configured one in two."""
    return [masked(line, secrets) for line in _across(lines, secrets)]


def keyless(lines: Iterable[str]) -> Iterator[str]:
    """Private keys of several lines: those between the first and the last say nothing."""
    left = 0  # lines that a key may still have
    for line in lines:
        if "PRIVATE KEY" not in line:
            yield MASK if left else line
            left = max(left - 1, 0)
            continue
        begins = [found.end() for found in _BEGIN_KEY.finditer(line)]
        ends = [found.start() for found in _END_KEY.finditer(line)]
        yield f"{MASK}{line[ends[0] :]}" if left and ends else line
        if ends or begins:
            left = _LONGEST_KEY if begins and (not ends or ends[-1] < begins[-1]) else 0


def _is_secret_name(name: str) -> bool:
    upper = name.upper()
    return bool(_SECRET_NAME.search(upper)) and not _OPEN_NAME.search(upper)


def _forms(value: str) -> Iterator[str]:
    for part in (value, value.strip(), *value.splitlines()):
        for form in (part, quote(part, safe="")):
            if len(form) >= SHORTEST and form.strip() and form.lower() not in _NOT_SECRET:
                yield form


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


def _without_keys(text: str) -> str:
    """The text without the keys in it; a quote ends one that has no end."""
    parts, at = [], 0
    for begin in _BEGIN_KEY.finditer(text):
        if begin.start() < at:
            continue
        end = _END_KEY.search(text, begin.end())
        parts += [text[at : begin.end()], MASK]
        at = end.start() if end else _closing(text, begin.end())
    return "".join([*parts, text[at:]])


def _closing(text: str, at: int) -> int:
    quoted = text.find('"', at)
    return quoted if quoted >= 0 else len(text)


def _across(lines: Sequence[str], secrets: Secrets) -> Sequence[str]:
    """Configured values that the end of a line cuts in two are masked in both."""
    if not secrets.pattern:
        return lines
    blanked = secrets.pattern.sub(lambda found: "\0" * len(found[0]), "".join(lines))
    ends = list(accumulate(map(len, lines)))
    return [_BLANK.sub(MASK, blanked[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
