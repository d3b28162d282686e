"""Words of a script taken apart: text without its quotes, variables, what cannot be known."""

from __future__ import annotations

import re

from pipeline.dockerfile.shell.nodes import Part, Word
from pipeline.dockerfile.shell.scanning import closing

_PLAIN = re.compile(r"[^\\'\"$`<>]+")
_PLAIN_QUOTED = re.compile(r"[^\\\"$`]+")
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*|[0-9@*#?$!-])", re.ASCII)
_BRACES = re.compile(r"([A-Za-z_]\w*|\d+|[@*#?$!-])(:?[-+?=])?", re.ASCII)
_TILDE = re.compile(r"~(?=[/:]|\Z)")
_ANSI = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL | re.ASCII
)
_ANSI_NAMES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "E": "\x1b", "a": "\a", "b": "\b"}
_DEPTH = 8


def word(script: str, start: int, end: int, *, assigned: bool = False) -> Word:
    """The word between two offsets; ``assigned``: the value of an assignment (``a:~/b``)."""
    raw = script[start:end]
    return Word(raw, _Splitter(raw, assigned=assigned).run(), start, end)


def heredoc(script: str, start: int, end: int, *, expand: bool, tabs: bool) -> Word:
    """The lines of a heredoc as one word; ``tabs``: those at the start of a line are dropped."""
    raw = script[start:end]
    text = re.sub(r"^\t+", "", raw, flags=re.MULTILINE) if tabs else raw
    if not expand:
        return Word(raw, (Part("text", text, quoted=True),), start, end)
    return Word(raw, _Splitter(text, quoted=True, marks=False).run(), start, end)


class _Splitter:
    """``marks`` False: quotation marks are text, as in a heredoc."""

    def __init__(
        self,
        text: str,
        *,
        quoted: bool = False,
        marks: bool = True,
        assigned: bool = False,
        depth: int = 0,
    ) -> None:
        self.text = text
        self.at = 0
        self.quoted = quoted
        self.marks = marks
        self.assigned = assigned
        self.depth = depth
        self.opened = 0  # how many parts there were at the last quotation mark
        self.parts: list[Part] = []
        self.buffer: list[str] = []

    def run(self) -> tuple[Part, ...]:
        self._tilde()
        while self.at < len(self.text):
            self._piece()
        self._flush()
        return tuple(self.parts)

    def _flush(self) -> None:
        if self.buffer:
            self.parts.append(Part("text", "".join(self.buffer), quoted=self.quoted))
        self.buffer = []

    def _add(self, part: Part, end: int) -> None:
        self._flush()
        self.parts.append(part)
        self.at = end

    def _piece(self) -> None:
        text, at = self.text, self.at
        if match := (_PLAIN_QUOTED if self.quoted else _PLAIN).match(text, at):
            self._text(match.group())
            return
        char, two = text[at], text[at : at + 2]
        if char == "\\":
            self._escape(two)
        elif char == '"' and self.marks:
            self._quotation_mark()
        elif char == "'" and not self.quoted:
            end = closing(text, at) or len(text)
            self._add(Part("text", text[at + 1 : end - 1], quoted=True), end)
        elif two == "$'" and not self.quoted:
            end = closing(text, at) or len(text)
            self._add(Part("text", _ansi(text[at + 2 : end - 1]), quoted=True), end)
        elif two == '$"' and not self.quoted:
            self.at += 1
        elif char == "$":
            self._dollar(two)
        elif char == "`" or two in {"<(", ">("}:
            end = closing(text, at if char == "`" else at + 1) or len(text)
            self._add(Part("unknown", text[at:end], quoted=self.quoted), end)
        else:
            self._text(char)

    def _text(self, text: str) -> None:
        """Literal text; in an assignment a tilde after a colon is the home folder too."""
        self.at += len(text)
        if self.assigned and not self.quoted and ":~" in text:
            before, _, after = text.partition(":~")
            if after[:1] in {"", "/", ":"}:
                self.buffer.append(before + ":")
                self.at -= len(after) + 1
                self._tilde()
                return
        self.buffer.append(text)

    def _tilde(self) -> None:
        if not self.quoted and (match := _TILDE.match(self.text, self.at)):
            self._add(Part("variable", "HOME"), match.end())

    def _escape(self, two: str) -> None:
        self.at += 2
        if two == "\\\n":
            return
        if self.quoted and two[1:] not in {"$", "`", "\\"} and not (two == '\\"' and self.marks):
            self.buffer.append(two)
        else:
            self.buffer.append(two[1:])

    def _quotation_mark(self) -> None:
        self._flush()
        if not self.quoted:
            self.opened = len(self.parts)
        elif self.opened == len(self.parts):
            self.parts.append(Part("text", "", quoted=True))
        self.quoted = not self.quoted
        self.at += 1

    def _dollar(self, two: str) -> None:
        text, at = self.text, self.at
        if match := _VARIABLE.match(text, at):
            self._add(Part("variable", match.group(1), quoted=self.quoted), match.end())
        elif two in {"$(", "${"}:
            end = closing(text, at) or len(text)
            inner = text[at + 2 : end - 1]
            part = self._braces(inner) if two == "${" else None
            self._add(part or Part("unknown", text[at:end], quoted=self.quoted), end)
        else:
            self._text("$")

    def _braces(self, inner: str) -> Part | None:
        """``${NAME}`` or ``${NAME:-word}``; None for the other expansions."""
        match = _BRACES.match(inner)
        if match is None or self.depth >= _DEPTH:
            return None
        name, operator = match.groups()
        if operator is None:
            return Part("variable", name, quoted=self.quoted) if match.end() == len(inner) else None
        rest = inner[match.end() :]
        operand = _Splitter(rest, quoted=self.quoted, marks=self.marks, depth=self.depth + 1).run()
        return Part("variable", name, operator, operand, self.quoted)


def _ansi(text: str) -> str:
    return _ANSI.sub(_ansi_character, text)


def _ansi_character(match: re.Match[str]) -> str:
    two, four, octal, named = match.groups()
    if two or four:
        return chr(int(two or four, 16))
    if octal:
        return chr(int(octal, 8) & 0xFF)
    return _ANSI_NAMES.get(named, named if named in "\\'\"?" else "\\" + named)
