"""The Logging query language, as far as it is emulated (API facts §8).

Comparisons ``= != > >= < <= : =~ !~`` of a field path with a value, or with several in parentheses;
words and quoted strings by themselves, which any field may contain; ``log_id("stdout")``; AND (also
by juxtaposition), OR, NOT (or ``-``), parentheses. NOT binds tightest, then OR, then AND. Texts
compare without regard to case, numbers, times, severities and durations by their value. A list fits
when one of its elements does. A comparison with a field that an entry lacks is false.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.local_cloud_run.api.log_match import Predicate, anywhere, comparison, of_log
from pipeline.local_cloud_run.api.log_tokens import (
    Token,
    path_of,
    pattern_of,
    tokens,
    unparseable,
    unquoted,
)
from pipeline.local_cloud_run.state.rpc import invalid, not_emulated

Path = tuple[str, ...]

_LONGEST = 20_000  # characters
_RESERVED = ("AND", "OR", "NOT")
_DEEPEST = 50  # nested parentheses and NOTs
_FUNCTIONS = frozenset(
    {"cast", "ip_in_net", "log_id", "regexp_extract", "sample", "search", "source"}
)


def compile_filter(text: str, field: Callable[[Path], Path] = lambda path: path) -> Predicate:
    """What a filter asks of an entry; an empty one takes all. Raises INVALID_ARGUMENT.

    ``field`` says how the entry spells a path, or raises for one that it cannot have.
    """
    if len(text) > _LONGEST:
        raise invalid(f"The filter is longer than {_LONGEST} characters.")
    parser = _Parser(list(tokens(text)), field)
    if parser.next is None:
        return lambda _: True
    predicate = parser.conjunction(0, parser.restriction)
    if parser.next:
        raise unparseable(parser.next)
    return predicate


_Leaf = Callable[[int], Predicate]
"""What reads one restriction, or one value of it, at such a depth of brackets."""


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, tokens: list[Token], field: Callable[[Path], Path]) -> None:
        self._tokens = tokens
        self._field = field
        self._at = 0

    @property
    def next(self) -> Token | None:
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
            raise unparseable(self.next)
        return inner

    def restriction(self, depth: int) -> Predicate:
        """A comparison, a function, or a text that stands by itself."""
        word = self._take("word")
        if self.next and self.next.kind == "operator":
            return self._comparison(word, depth)
        if self.next and self.next.text == "(" and word.text.lower() in _FUNCTIONS:
            return self._function(word.text)
        if word.text in _RESERVED:
            raise unparseable(word)
        return anywhere(unquoted(word.text))

    def _function(self, name: str) -> Predicate:
        if name.lower() != "log_id":
            raise not_emulated(f"{name}() in a log filter")
        self._take("bracket")
        wanted = unquoted(self._take("word").text)
        if self._take("bracket").text != ")":
            raise unparseable(self.next)
        return of_log(wanted)

    def _comparison(self, field: Token, depth: int) -> Predicate:
        """Of a field with a value, or with several as in ``field=("a" OR "b")``."""
        path, sign = self._field(path_of(field)), self._take("operator").text
        read = pattern_of if "~" in sign else unquoted

        def value(_: int) -> Predicate:
            return comparison(path, sign, read(self._take("word").text))

        if self.next is None or self.next.text != "(":
            return value(depth)
        if sign.startswith("!"):
            raise not_emulated(f"several values that a field must not have: {field.text[:40]}")
        return self._bracketed(depth, value)

    def _take(self, kind: str) -> Token:
        token = self.next
        if token is None or token.kind != kind:
            raise unparseable(token)
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
