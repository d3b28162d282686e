"""A shell script as structure: lists, conditions, functions, simple commands and their words.

Offsets count characters of the text that was parsed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A piece of a word: literal text, a variable (with what stands in for it), or unknowable.

    ``kind`` is ``text``, ``variable`` (``text`` is its name; ``operator`` one of ``""``, ``-``,
    ``:-``, ``+``, ``:+``, ``?``, ``:?``, ``=``, ``:=``; ``operand`` the word after it) or
    ``unknown`` (command substitution, arithmetic, other expansions; ``text`` as written).
    """

    kind: str
    text: str
    operator: str = ""
    operand: tuple[Part, ...] = ()
    quoted: bool = False


@dataclass(frozen=True)
class Word:
    """One word. ``raw`` is as written, ``parts`` with quotes and escapes taken away."""

    raw: str
    parts: tuple[Part, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Redirect:
    """``operator`` is ``>``, ``>>``, ``<``, ``<<`` (``target`` holds the body), ``>&`` …"""

    operator: str
    target: Word
    descriptor: int | None = None


@dataclass(frozen=True)
class Simple:
    """A simple command: assignments before it, words, redirects. No words: assignments alone."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Listed:
    """One member of a list, and what joins it to the one before: ``""``, ``;``, ``&&``, ``||``."""

    joined: str
    node: Node
    background: bool = False


@dataclass(frozen=True)
class Sequence:
    members: tuple[Listed, ...]


@dataclass(frozen=True)
class Pipeline:
    members: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True)
class Subshell:
    body: Sequence


@dataclass(frozen=True)
class If:
    """Each branch is (test, body); the last test is None for ``else``."""

    branches: tuple[tuple[Sequence | None, Sequence], ...]


@dataclass(frozen=True)
class Loop:
    """``for`` (with ``variable`` and ``items``), ``while``, ``until`` (its test negated).

    ``for x`` without ``in`` has ``"$@"`` as its items.
    """

    body: Sequence
    test: Sequence | None = None
    variable: str = ""
    items: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Case:
    subject: Word
    branches: tuple[tuple[tuple[Word, ...], Sequence], ...]


@dataclass(frozen=True)
class Function:
    name: str
    body: Sequence


@dataclass(frozen=True)
class Redirected:
    """A compound command with redirects of its own (``{ a; b; } > file``)."""

    body: Node
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Opaque:
    """What is valid but says nothing here ([[ ]], (( ))), or could not be parsed (``broken``)."""

    raw: str
    start: int = 0
    broken: bool = False


Node = Simple | Sequence | Pipeline | Subshell | If | Loop | Case | Function | Redirected | Opaque
