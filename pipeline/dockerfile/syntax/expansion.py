"""The value of a Dockerfile word: variables expanded, quotes and escapes taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.syntax.lexer import Literal, Part, RefusedError, Variable, lex
from pipeline.dockerfile.syntax.substitution import LONGEST, removed, replaced

Value = str | None

_CHOICES = ("-", "+", "?", ":-", ":+", ":?")


def expand(word: str, variables: Mapping[str, Value], escape: str = "\\") -> Value:
    """The word as the engine sees it; None where it cannot be known, or where it is refused.

    A name that is not in ``variables`` is unset; one whose value is None is unknown.
    """
    if _is_plain(word, escape):
        return word
    try:
        return _Expansion(variables, len(word)).text(lex(word, escape))
    except RefusedError:
        return None


def expand_known(word: str, variables: Mapping[str, Value], escape: str = "\\") -> str:
    """The word with what is known of it; unknown parts as written."""
    if _is_plain(word, escape):
        return word
    expansion = _Expansion(variables, len(word))
    try:
        values = [(expansion.value(part), part.raw) for part in lex(word, escape)]
    except RefusedError:
        return word
    known = expansion.joined([raw if value is None else value for value, raw in values])
    return word if known is None else known


def expand_heredoc(body: str, variables: Mapping[str, Value]) -> Value:
    """A heredoc's body as COPY and ADD write it: variables expanded, quotes kept, escapes not."""
    try:
        return _Expansion(variables, len(body)).text(lex(body, quotes=False))
    except RefusedError:
        return None


def _is_plain(word: str, escape: str) -> bool:
    return not any(sign in word for sign in ("$", "'", '"', escape))


@dataclass(frozen=True)
class _Expansion:
    variables: Mapping[str, Value]
    written: int  # how long the word is before its expansion

    def text(self, parts: tuple[Part, ...], *, escaped: bool = False) -> Value:
        # All parts, even behind an unknown one: any of them may be refused.
        return self.joined([self.value(part, escaped=escaped) for part in parts])

    def joined(self, values: Sequence[Value]) -> Value:
        """The values in a row; None where one is unknown, or where they grow without bounds."""
        known = [value for value in values if value is not None]
        if len(known) < len(values) or sum(map(len, known)) > LONGEST + self.written:
            return None
        return "".join(known)

    def value(self, part: Part, *, escaped: bool = False) -> Value:
        if isinstance(part, Literal):
            return part.escaped if escaped else part.value
        if part.operator in ("#", "%", "/", "//"):
            return self._substituted(part)
        if part.operator:
            return self._chosen(part)
        return self.variables.get(part.name, "")

    def _chosen(self, part: Variable) -> Value:
        """``-``, ``+`` and ``?``; with a colon, an empty value counts as unset."""
        if part.operator not in _CHOICES:
            raise RefusedError("unsupported modifier")
        operand = self.text(part.operand)
        value = self.variables.get(part.name, "")
        unset = part.name not in self.variables or (value == "" and part.operator[0] == ":")
        match part.operator[-1]:
            case "+" if value is None:
                return "" if operand == "" else None
            case "+":
                return "" if unset else operand
            case "-" if unset:
                return operand
            case "?" if unset:
                raise RefusedError(f"{part.name} is not set")
        return value

    def _substituted(self, part: Variable) -> Value:
        """``#`` and ``%`` take a pattern off an end, ``/`` and ``//`` replace it."""
        pattern = self.text(part.operand, escaped=True)
        replacement = self.text(part.replacement, escaped=True)
        value = self.variables.get(part.name, "")
        if value is None or pattern is None or replacement is None:
            return None
        if part.operator in ("#", "%"):
            return removed(value, pattern, part.operator)
        return replaced(value, pattern, replacement, everywhere=part.operator == "//")
