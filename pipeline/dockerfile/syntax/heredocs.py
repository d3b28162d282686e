"""Heredocs: the ``<<NAME`` of a line, their bodies, and the script that a shell gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.syntax.lexer import SPACES, Literal, Part, RefusedError, Variable, lex
from pipeline.dockerfile.syntax.lines import Source, without_end
from pipeline.dockerfile.syntax.nodes import Heredoc, Text

_MARKER = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]+)\Z")
_BARE = re.compile(rf"<<[\t\r ]*|<|[{SPACES}]+|[^{SPACES}<]+")


@dataclass(frozen=True)
class Marker:
    """``<<NAME`` as it stands in a line; ``chomp`` for ``<<-``."""

    name: str
    expand: bool
    chomp: bool
    descriptor: int


def markers(line: str) -> list[Marker]:
    """The heredocs that a line opens; none in a line that the engine's lexer cannot read."""
    try:
        words = list(_words(lex(line)))
    except RefusedError:
        return []
    return [found for word in words if (found := marker(word))]


def marker(word: str) -> Marker | None:
    """The heredoc that this is, if it is one and nothing else.

    A RUN whose body is one has the heredoc as its script; in any other it is a program's input.
    """
    found = _MARKER.match(word)
    if not found:
        return None
    digits, dash, name = found.groups()
    try:
        parts = lex(name)
    except RefusedError:
        return None
    plain = "".join(part.value if isinstance(part, Literal) else part.raw for part in parts)
    if not plain or len(list(_words(parts))) > 1:
        return None
    quoted = any(part.quoted for part in parts)
    descriptor = int(digits) if 0 < len(digits) < 10 else 0
    return Marker(plain, not quoted, bool(dash), descriptor)


def _words(parts: tuple[Part, ...]) -> Iterator[str]:
    """The line's words as written. Blanks behind ``<<`` do not end one."""
    word: list[str] = []
    for part in parts:
        if isinstance(part, Variable) and part.operator:
            word.clear()  # the engine forgets what stood before it
        if part.quoted or (isinstance(part, Literal) and not part.bare):
            word.append(part.raw)
            continue
        for piece in _BARE.findall(part.raw):
            if piece[0] not in SPACES:
                word.append(piece)
            elif word:
                yield "".join(word)
                word.clear()
    if word:
        yield "".join(word)


def read_heredoc(source: Source, marker: Marker) -> tuple[Heredoc, bool]:
    """Take the body off the source, and say whether it is ended; if not, it is the whole rest."""
    first = source.at + 1
    parts = [Text("", ((0, min(first, len(source.raw)), 1),))]
    ended = False
    while not ended and (raw := source.take()) is not None:
        content = raw.lstrip("\t") if marker.chomp else raw
        ended = without_end(content) == marker.name
        if not ended:
            column = len(raw) - len(content) + 1
            parts.append(Text(content + "\n", ((0, source.at, column),)))
    body = Text.joined(parts)
    return Heredoc(marker.name, body, marker.expand, marker.descriptor), ended
