"""A word of a Dockerfile as parts: literal text and variables, as the engine's lexer reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What ends a word. (Python's own idea of white space has more members.)"""

_DEEPEST = 50  # ${a:-${b:-…}}
_SPECIAL = "@*#?-$!0"
_OPERATORS = ("//", "/", "-", "+", "?", "#", "%")


class RefusedError(Exception):
    """The engine refuses this word."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself.

    ``value`` has quotes and escapes taken away; ``escaped`` has its escapes kept, which is what
    patterns see. ``bare``: neither quoted nor escaped, so that a space in it ends a word.
    """

    raw: str
    value: str
    escaped: str
    quoted: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name`` or ``${name…}``; ``replacement`` is what stands behind the pattern of ``/``."""

    raw: str
    name: str
    operator: str = ""
    operand: tuple[Part, ...] = ()
    replacement: tuple[Part, ...] = ()
    quoted: bool = False


Part = Literal | Variable


def lex(word: str, escape: str = "\\", *, quotes: bool = True) -> tuple[Part, ...]:
    """The parts of ``word``; their ``raw`` texts in a row are the word. Raises RefusedError.

    Without ``quotes`` they are characters as any others.
    """
    return _Lexer(word, escape, "'\"" if quotes else "").parts("", 0)


@cache
def _run(escape: str, stop: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(stop + escape)}]+")


class _Lexer:
    def __init__(self, text: str, escape: str, quotes: str) -> None:
        self.text = text
        self.escape = escape
        self.quotes = quotes
        self.at = 0

    def parts(self, stop: str, depth: int) -> tuple[Part, ...]:
        """Everything up to ``stop``, which is passed over; up to the end where it is empty."""
        if depth > _DEEPEST:
            raise RefusedError("too deep")
        run = _run(self.escape, "$" + self.quotes + stop)
        found: list[Part] = []
        while self.at < len(self.text):
            match self.text[self.at]:
                case char if char == stop:
                    self.at += 1
                    return tuple(found)
                case "$":
                    found.append(self._dollar(depth))
                case "'" if self.quotes:
                    found.append(self._single())
                case '"' if self.quotes:
                    found.extend(self._double(depth))
                case self.escape:
                    taken = self._take(2)
                    found.append(Literal(taken, taken[1:], taken))
                case _:
                    taken = self._match(run)
                    found.append(Literal(taken, taken, taken, bare=True))
        if stop:
            raise RefusedError(f"{stop} is missing")
        return tuple(found)

    def _take(self, count: int) -> str:
        taken = self.text[self.at : self.at + count]
        self.at += len(taken)
        return taken

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        return self._take(len(found[0])) if found else ""

    def _single(self) -> Literal:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise RefusedError("a single quote is not closed")
        raw = self._take(end + 1 - self.at)
        return Literal(raw, raw[1:-1], raw[1:-1], quoted=True)

    def _double(self, depth: int) -> list[Part]:
        run = _run(self.escape, '$"')
        found: list[Part] = [Literal(self._take(1), "", "", quoted=True)]
        while self.at < len(self.text):
            match self.text[self.at]:
                case '"':
                    found.append(Literal(self._take(1), "", "", quoted=True))
                    return found
                case "$":
                    found.append(self._dollar(depth, quoted=True))
                case self.escape:
                    found.append(self._escape_in_quotes())
                case _:
                    taken = self._match(run)
                    found.append(Literal(taken, taken, taken, quoted=True))
        raise RefusedError("a double quote is not closed")

    def _escape_in_quotes(self) -> Literal:
        following = self.text[self.at + 1 : self.at + 2]
        if following and following in ('"', "$", self.escape):
            taken = self._take(2)
            return Literal(taken, following, taken, quoted=True)
        # Any other escape stays, and where escapes are kept the engine writes it twice.
        taken = self._take(1)
        return Literal(taken, taken, taken * 2, quoted=True)

    def _dollar(self, depth: int, *, quoted: bool = False) -> Part:
        start = self.at
        self.at += 1
        if self.text[self.at : self.at + 1] == "{":
            return self._braces(start, depth, quoted=quoted)
        name = self._name()
        raw = self.text[start : self.at]
        if not name:
            return Literal(raw, raw, raw, quoted, bare=not quoted)
        return Variable(raw, name, quoted=quoted)

    def _braces(self, start: int, depth: int, *, quoted: bool) -> Variable:
        self.at += 1
        if self.text[self.at : self.at + 1] in ("", "{", "}", ":"):
            raise RefusedError("bad substitution")
        name = self._name()
        operator = self._operator()
        operand: tuple[Part, ...] = ()
        replacement: tuple[Part, ...] = ()
        if operator in ("/", "//"):
            operand = self.parts("/", depth + 1)
            replacement = self.parts("}", depth + 1)
        elif operator:
            operand = self.parts("}", depth + 1)
        raw = self.text[start : self.at]
        return Variable(raw, name, operator, operand, replacement, quoted)

    def _operator(self) -> str:
        """What follows the name; empty for the closing brace, which is passed over."""
        if self.text.startswith("}", self.at):
            self.at += 1
            return ""
        if self.text.startswith(":", self.at):
            return self._colon()
        for operator in _OPERATORS:
            if self.text.startswith(operator, self.at):
                return self._take(len(operator))
        raise RefusedError("unsupported modifier")

    def _colon(self) -> str:
        """A colon and the sign behind it. Most signs mean nothing, which expansion finds out."""
        operator = self._take(2)
        if operator in (":", ":#", ":%"):
            raise RefusedError("unsupported modifier")
        return operator

    def _name(self) -> str:
        first = self.text[self.at : self.at + 1]
        if first.isdecimal():
            return self._take(_length(self.text, self.at, str.isdecimal))
        if first and first in _SPECIAL:
            return self._take(1)
        return self._take(_length(self.text, self.at, _in_name))


def _in_name(char: str) -> bool:
    return char.isalpha() or char.isdecimal() or char == "_"


def _length(text: str, start: int, fits: Callable[[str], bool]) -> int:
    return sum(1 for _ in takewhile(lambda index: fits(text[index]), range(start, len(text))))
