"""Words of a script expanded with the variables that are known."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.dockerfile.shell.executed import Argument, Shell, Value
from pipeline.dockerfile.shell.nodes import Part, Word

IMPLICIT = frozenset({
    "EUID", "GROUPS", "HOME", "HOSTNAME", "IFS", "LINENO", "OLDPWD", "OPTARG", "OPTIND", "PATH",
    "PPID", "PS1", "PS4", "RANDOM", "REPLY", "SECONDS", "SHELL", "SHLVL", "UID", "_",
})  # fmt: skip
"""Variables that a shell has though nobody sets them here."""

_OWN = re.compile(
    r"""\$\((?:cd +"?\$\()?dirname +(?:-- +)?"?(?:\$0|\$\{0\}|\$\{?BASH_SOURCE(?:\[0\]\})?)"?"""
    r"""(?:\)"? *&& *pwd(?: +-P)?)?\)"""
)
_BLANKS = re.compile(r"[ \t\n]+")
_MOST_CHARACTERS = 2_000_000
_COST = 32


@dataclass(frozen=True)
class Variable:
    """A variable as a script would find it; ``value`` None with ``set`` True: unknown."""

    set: bool
    value: Value = None


UNSET = Variable(set=False)
UNKNOWN = Variable(set=True)


def variable(name: str, shell: Shell) -> Variable:
    """What ``$name`` is in ``shell``."""
    if name in shell.variables:
        return Variable(set=True, value=shell.variables[name])
    if name == "PWD":
        return Variable(set=True, value=shell.cwd)
    if not (name[0].isalpha() or name[0] == "_"):
        if name == "0" and shell.script:
            return Variable(set=True, value=shell.script)
        return _parameter(name, shell.arguments)
    return UNKNOWN if shell.open or name in IMPLICIT or name.startswith("BASH") else UNSET


def _folder(substitution: str, shell: Shell) -> Value:
    """The folder that a command substitution is known to print."""
    if substitution in {"$(pwd)", "`pwd`"}:
        return shell.cwd
    return posixpath.dirname(shell.script) or None if _OWN.fullmatch(substitution) else None


def _parameter(name: str, arguments: tuple[str, ...] | None) -> Variable:
    if arguments is None or name in "0?$!-":
        return UNKNOWN
    if name == "#":
        return Variable(set=True, value=str(len(arguments)))
    if name in "@*":
        return Variable(set=bool(arguments), value=" ".join(arguments))
    index = int(name[:6]) - 1
    return Variable(set=True, value=arguments[index]) if index < len(arguments) else UNSET


@dataclass(frozen=True)
class _Piece:
    """Text on its way into a field. ``splits``: its blanks end the field; ``ends``: it does."""

    text: str = ""
    known: bool = True
    splits: bool = False
    quoted: bool = False
    ends: bool = False


@dataclass(frozen=True)
class _Style:
    """How a word writes its variables."""

    braces: bool
    tilde: bool


@dataclass
class Expansion:
    """Expands words; ``${X:=word}`` adds to ``assigned``. ``left`` bounds what it makes in all."""

    left: int = _MOST_CHARACTERS
    assigned: dict[str, Value] = field(default_factory=dict)

    def fields(self, word: Word, shell: Shell) -> list[Argument]:
        """The arguments that a word becomes: none, one or several."""
        made = _Fields(word)
        for piece in self._pieces(word.parts, _style(word), shell):
            made.add(piece)
        found = made.end()
        self.left -= sum(_COST + len(one.text) for one in found)
        if self.left < 0:
            return [Argument(None, word.raw, word.start, word.end, word.raw)]
        return found

    def value(self, word: Word, shell: Shell) -> Argument:
        """The one string that a word becomes where nothing splits it (assignments, redirects)."""
        pieces = list(self._pieces(word.parts, _style(word), shell))
        text = "".join(" " if piece.ends else piece.text for piece in pieces)
        self.left -= _COST + len(text)
        if self.left < 0:
            return Argument(None, word.raw, word.start, word.end, word.raw)
        known = all(piece.known for piece in pieces)
        return Argument(text if known else None, text, word.start, word.end, word.raw)

    def _pieces(
        self, parts: Sequence[Part], style: _Style, shell: Shell, *, operand: bool = False
    ) -> Iterator[_Piece]:
        for part in parts:
            if part.kind == "variable":
                yield from self._variable(part, style, shell)
            elif part.kind == "text":
                yield _Piece(part.text, splits=operand and not part.quoted, quoted=part.quoted)
            elif (folder := _folder(part.text, shell)) is not None:
                yield _Piece(folder, splits=not part.quoted, quoted=part.quoted)
            else:
                yield _Piece(part.text, known=False, quoted=part.quoted)

    def _variable(self, part: Part, style: _Style, shell: Shell) -> Iterator[_Piece]:
        found = variable(part.text, shell)
        if found.set and found.value is None:
            yield _Piece(_written(part, style), known=False, quoted=part.quoted)
            return
        filled = bool(found.value) if part.operator.startswith(":") else found.set
        operator = part.operator[-1:]
        if operator == "+":
            if filled:
                yield from self._pieces(part.operand, style, shell, operand=True)
        elif filled or not operator:
            yield from self._plain(part, found, shell)
        elif operator == "?":
            yield _Piece(_written(part, style), known=False, quoted=part.quoted)
        else:
            pieces = list(self._pieces(part.operand, style, shell, operand=True))
            if operator == "=":
                known = all(piece.known for piece in pieces)
                text = "".join(piece.text for piece in pieces)
                self.assigned[part.text] = text if known else None
            yield from pieces

    def _plain(self, part: Part, found: Variable, shell: Shell) -> Iterator[_Piece]:
        splits = not part.quoted
        if part.text == "@" or (part.text == "*" and splits):
            for index, argument in enumerate(shell.arguments or ()):
                if index:
                    yield _Piece(ends=True)
                yield _Piece(argument, splits=splits, quoted=part.quoted)
        elif splits and "IFS" in shell.variables and _BLANKS.search(found.value or ""):
            yield _Piece(found.value or "", known=False)
        else:
            yield _Piece(found.value or "", splits=splits, quoted=part.quoted)


class _Fields:
    def __init__(self, word: Word) -> None:
        self.word = word
        self.found: list[Argument] = []
        self.texts: list[str] = []
        self.known = True
        self.begun = False

    def add(self, piece: _Piece) -> None:
        if piece.ends:
            self.end()
            return
        first, *rest = _BLANKS.split(piece.text) if piece.splits else [piece.text]
        self._append(first, piece)
        for text in rest:
            self.end()
            self._append(text, piece)

    def _append(self, text: str, piece: _Piece) -> None:
        self.texts.append(text)
        self.known = self.known and piece.known
        self.begun = self.begun or bool(text) or piece.quoted

    def end(self) -> list[Argument]:
        if self.begun:
            text = "".join(self.texts)
            word = self.word
            value = text if self.known else None
            self.found.append(Argument(value, text, word.start, word.end, word.raw))
        self.texts, self.known, self.begun = [], True, False
        return self.found


def _style(word: Word) -> _Style:
    return _Style("${" in word.raw, word.raw.startswith("~"))


def _written(part: Part, style: _Style) -> str:
    """A variable as the script has it."""
    if part.text == "HOME" and style.tilde:
        return "~"
    if not part.operator and not style.braces:
        return f"${part.text}"
    operand = "".join(
        _written(one, style) if one.kind == "variable" else one.text for one in part.operand
    )
    return f"${{{part.text}{part.operator}{operand}}}"
