"""Words of the Logging query language: tokens, paths of fields, quoted texts (API facts §8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.local_cloud_run.state.rpc import ApiError, invalid

_LONGEST_PATH = 100  # names
_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>--[^\n]*)
    |(?P<operator>=~|!~|!=|>=|<=|=|>|<|:)
    |(?P<bracket>[()])
    |(?P<minus>-(?=[A-Za-z("]))
    |(?P<word>(?:"(?:[^"\\]|\\.)*"|[^\s"():=<>!~])+))""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_NAMED_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PATH_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)', re.DOTALL)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text == word


def tokens(text: str) -> Iterator[Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise unparseable(Token("", text[at:].strip(), at))
        if match.lastgroup != "comment":
            yield Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        at = match.end()


def unparseable(token: Token | None) -> ApiError:
    near = f"'{token.text[:40]}' at character {token.at}" if token else "its end"
    return invalid(f"Unparseable filter: syntax error near {near}.")


def path_of(field: Token) -> tuple[str, ...]:
    """The names of a path such as ``labels."run.googleapis.com/x"``."""
    parts = tuple(
        _unescaped(quoted) if quoted else bare for quoted, bare in _PATH_PART.findall(field.text)
    )
    if (
        not 0 < len(parts) <= _LONGEST_PATH
        or field.text.startswith((".", '"'))
        or field.text.endswith(".")
    ):
        raise unparseable(field)
    return parts


def unquoted(text: str) -> str:
    return _unescaped(text[1:-1]) if text.startswith('"') else text


def _unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _NAMED_ESCAPES.get(found[3], found[3])

    return _ESCAPE.sub(character, text)


def pattern_of(text: str) -> str:
    """A regular expression as it is: its backslashes are its own, save before a quote."""
    return text[1:-1].replace('\\"', '"') if text.startswith('"') else text
