"""The Logging query language, as far as it is emulated (API facts §8).

Comparisons ``= != > >= < <= : =~ !~`` of a field path with a value, or with several in parentheses;
AND (also by juxtaposition), OR, NOT (or ``-``), parentheses. NOT binds tightest, then OR, then AND.
Words and quoted strings compare without regard to case, numbers, times, severities and durations by
their value. A comparison with a field that an entry lacks is false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.local_cloud_run.api.log_match import Predicate, comparison
from pipeline.local_cloud_run.state.rpc import ApiError, invalid, not_emulated

_LONGEST = 20_000  # characters
_DEEPEST = 50  # nested parentheses and NOTs
_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>--[^\n]*)
    |(?P<operator>=~|!~|!=|>=|<=|=|>|<|:)
    |(?P<bracket>[()])
    |(?P<minus>-(?=[A-Za-z("]))
    |(?P<word>(?:"(?:[^"\\]|\\.)*"|[^\s"():=<>!~])+))""",
    re.VERBOSE | re.DOTALL,
)
_PATH_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)', re.DOTALL)


def compile_filter(text: str) -> Predicate:
    """What a filter asks of an entry; an empty one takes all. Raises INVALID_ARGUMENT."""
    if len(text) > _LONGEST:
        raise invalid(f"The filter is longer than {_LONGEST} characters.")
    parser = _Parser(list(_tokens(text)))
    if parser.next is None:
        return lambda _: True
    predicate = parser.conjunction(0, parser.comparison)
    if parser.next:
        raise _unparseable(parser.next)
    return predicate


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text == word


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _unparseable(_Token("", text[at:].strip(), at))
        if match.lastgroup != "comment":
            yield _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        at = match.end()


def _unparseable(token: _Token | None) -> ApiError:
    near = f"'{token.text[:40]}' at character {token.at}" if token else "its end"
    return invalid(f"Unparseable filter: syntax error near {near}.")


_Leaf = Callable[[int], Predicate]
"""What reads one comparison, or one value of it, at such a depth of brackets."""


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def conjunction(self, depth: int, leaf: _Leaf) -> Predicate:
        parts = [self._disjunction(depth, leaf)]
        while self.next and self.next.text != ")":
            self._skip_word("AND")
            parts.append(self._disjunction(depth, leaf))
        return lambda entry: all(part(entry) for part in parts)

    def _disjunction(self, depth: int, leaf: _Leaf) -> Predicate:
        parts = [self._term(depth, leaf)]
        while self._skip_word("OR"):
            parts.append(self._term(depth, leaf))
        return lambda entry: any(part(entry) for part in parts)

    def _term(self, depth: int, leaf: _Leaf) -> Predicate:
        if depth > _DEEPEST:
            raise invalid("Unparseable filter: it is nested too deeply.")
        if self._skip_word("NOT") or self._skip("minus"):
            inner = self._term(depth + 1, leaf)
            return lambda entry: not inner(entry)
        if self.next and self.next.text == "(":
            return self._bracketed(depth, leaf)
        return leaf(depth)

    def _bracketed(self, depth: int, leaf: _Leaf) -> Predicate:
        self._take("bracket")
        inner = self.conjunction(depth + 1, leaf)
        if self._take("bracket").text != ")":
            raise _unparseable(self.next)
        return inner

    def comparison(self, depth: int) -> Predicate:
        """Of a field with a value, or with several as in ``field=("a" OR "b")``."""
        field = self._take("word")
        if self.next is None or self.next.kind != "operator":
            raise not_emulated(f"search words without a field in a filter: {field.text[:40]}")
        path, sign = _path(field), self._take("operator").text

        def value(_: int) -> Predicate:
            return comparison(path, sign, _unquoted(self._take("word").text))

        if self.next is None or self.next.text != "(":
            return value(depth)
        if sign.startswith("!"):
            raise not_emulated(f"several values that a field must not have: {field.text[:40]}")
        return self._bracketed(depth, value)

    def _take(self, kind: str) -> _Token:
        token = self.next
        if token is None or token.kind != kind:
            raise _unparseable(token)
        self._at += 1
        return token

    def _skip(self, kind: str) -> bool:
        found = self.next is not None and self.next.kind == kind
        self._at += found
        return found

    def _skip_word(self, word: str) -> bool:
        found = self.next is not None and self.next.is_word(word)
        self._at += found
        return found


def _path(field: _Token) -> tuple[str, ...]:
    """The names of a path such as ``labels."run.googleapis.com/x"``."""
    parts = tuple(
        re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
        for quoted, bare in _PATH_PART.findall(field.text)
    )
    if not parts or field.text.startswith((".", '"')) or field.text.endswith("."):
        raise _unparseable(field)
    return parts


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text
