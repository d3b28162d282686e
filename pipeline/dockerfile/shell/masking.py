"""A script with its words covered, so that tree-sitter sees the structure alone.

tree-sitter-bash misreads much that Dockerfiles have (a redirect before the arguments, what follows
a heredoc's operator, comments in backticks, ``! { …; }``, ``fi fi``). The cover is as long as the
script, so offsets hold for both; it is ASCII, so bytes are characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.dockerfile.shell.heredocs import Pending, bodies
from pipeline.dockerfile.shell.pipes import Pipes
from pipeline.dockerfile.shell.scanning import ASSIGNMENT, closing, word_end

_SPACE = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_COMMENT = re.compile(r"#[^\n]*|`[ \t]*#[^\n`]*`(?=[\s;&|)\\]|\Z)")
_REDIRECT = re.compile(r"(\d+|\{\w+\})?(&>>|&>|>>|>\||>&|<&|<>|<<<|<<-|<<|[<>](?!\())[ \t]*")
_OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|[;&|()\n]")
_CONDITIONAL = re.compile(r"\[\[\s[\s\S]*?\s\]\](?=[\s;&|)]|\Z)")
_LONGEST_ARITHMETIC = 1_000
_MOST_ATTEMPTS = 200

_STARTERS = frozenset({"if", "then", "elif", "else", "while", "until", "do", "{"})
_CLOSERS = frozenset({"fi", "done", "esac", "}"})
_FOLLOWERS = _CLOSERS | {"then", "do", "else", "elif"}
_HEADERS = frozenset({"for", "select", "case", "function"})


@dataclass(frozen=True)
class Redirection:
    """A redirect's operator as written; ``body`` are the offsets of a heredoc's lines."""

    operator: str
    descriptor: int | None
    body: tuple[int, int] | None = None
    expand: bool = True


@dataclass
class Masked:
    """The cover, and what it hides by offset. ``unclosed`` is where a quote opens for ever."""

    text: str = ""
    redirects: dict[int, Redirection] = field(default_factory=dict)
    negations: set[int] = field(default_factory=set)
    unclosed: int | None = None


def mask(script: str) -> Masked:
    """Cover the words of ``script``."""
    return _Masker(script).run()


class _Masker:
    def __init__(self, script: str) -> None:
        self.script = script
        self.at = 0
        self.out: list[str] = []
        self.result = Masked()
        self.pending: list[Pending] = []
        self.command = True  # a command may start here
        self.pattern = False  # a pattern of case may start here
        self.header = ""  # for, case, select, function: its name comes next; then "in" of it
        self.closed = False  # the last token ended a compound
        self.target = False  # the next word belongs to a redirect
        self.negated = False
        self.begun = False  # a statement is under way that a line end would end
        self.defines = False  # the open parenthesis is that of a function's definition
        self.pipes = Pipes()
        self.separator = -1  # where the last semicolon stands in what is out
        self.attempts = 0  # how many times (( was no arithmetic

    def run(self) -> Masked:
        while self.at < len(self.script):
            self._token()
        self.result.text = "".join(self.out)
        return self.result

    def _emit(self, end: int, cover: str = "") -> None:
        """Go on to ``end``; spaces fill what ``cover`` leaves."""
        self.out.append(cover + " " * (end - self.at - len(cover)))
        self.at = end

    def _cover(self, end: int, prefix: str = "") -> None:
        self._emit(end, prefix + "x" * (end - self.at - len(prefix)))

    def _token(self) -> None:
        script, at = self.script, self.at
        if match := _SPACE.match(script, at) or _COMMENT.match(script, at):
            self._emit(match.end())
        elif match := _REDIRECT.match(script, at):
            self._redirect(match)
        elif script.startswith("((", at) and (self.command or self.header) and self._arithmetic():
            return
        elif match := _OPERATOR.match(script, at):
            self._operator(match.group())
        else:
            self._word()

    def _redirect(self, match: re.Match[str]) -> None:
        start, (descriptor, operator) = self.at, match.groups()
        self._start_of_command()
        self._emit(match.end(), ">")
        known = descriptor and descriptor.isdecimal() and len(descriptor) < 4
        number = int(descriptor) if known else None
        self.result.redirects[start] = Redirection(operator, number)
        self.target = True
        if operator in {"<<", "<<-"}:
            raw = self.script[self.at : self._end_of_word()]
            self.pending.append(Pending(start, raw, tabs=operator == "<<-"))

    def _arithmetic(self) -> bool:
        if self.attempts > _MOST_ATTEMPTS:
            return False
        end = closing(self.script[self.at : self.at + _LONGEST_ARITHMETIC], 0)
        if end is None or self.script[self.at + end - 2 : self.at + end] != "))":
            self.attempts += 1
            return False
        self._start_of_command()
        self._cover(self.at + end)
        self.command, self.closed, self.begun = False, False, True
        return True

    def _operator(self, operator: str) -> None:
        if not (self.pattern and operator == "|") and not self.pipes.see(operator):
            self._give_up()
            return
        if operator == "\n":
            self._new_line()
            return
        if operator == "(":
            self.defines = self.defines or not (self.command or self.pattern)
            self._start_of_command()
        else:
            self.header = ""
        self.closed = operator == ")" and not self.pattern and not self.defines
        if operator == ")":
            self.pattern = self.defines = False
        if operator in {";;", ";&", ";;&"}:
            self.pattern = True
            self._drop_separator()
        self.command, self.target, self.begun = True, False, self.closed
        cover = {";&": ";;", ";;&": ";;", "|&": "|"}.get(operator, operator)
        self._emit(self.at + len(operator), cover)
        self.separator = len(self.out) - 1 if operator == ";" else -1

    def _drop_separator(self) -> None:
        """tree-sitter-bash takes no semicolon before ``;;``."""
        if self.separator >= 0 and not self.begun:
            self.out[self.separator] = " "

    def _new_line(self) -> None:
        """Where a line end is more than white space, a semicolon says so more clearly."""
        ends = self.begun and self.header != "case in?"
        self._emit(self.at + 1, ";" if ends else "\n")
        if ends:
            self.separator = len(self.out) - 1
            self.header = ""
            self.command, self.target, self.begun, self.closed = True, False, False, False
        if self.pending:
            self._heredocs()

    def _give_up(self) -> None:
        """Cover all that is left as one word that is never closed."""
        self.result.unclosed = self.at
        self._cover(len(self.script))

    def _heredocs(self) -> None:
        end = self.at
        for found, body, after in bodies(self.script, self.at, self.pending):
            end = after
            before = self.result.redirects[found.redirect]
            self.result.redirects[found.redirect] = Redirection(
                before.operator, before.descriptor, body, found.expand
            )
        self.pending = []
        self._emit(end)

    def _word(self) -> None:
        end = self._end_of_word()
        raw = self.script[self.at : end]
        self.begun = not self.pattern
        if self.target:
            self.target = False
            self._cover(end)
        elif self.header:
            self._header(raw, end)
        elif self.pattern and raw != "esac":
            self._cover(end)
        elif self.command:
            self._first_word(raw, end)
        else:
            self._cover(end)

    def _first_word(self, raw: str, end: int) -> None:
        if raw == "!":
            self.begun = False
            self.negated = not self.negated
            self._emit(end)
            return
        self._start_of_command()
        if raw in _STARTERS or raw in _CLOSERS or raw in _HEADERS:
            self._reserved(raw, end)
            return
        self.closed = False
        if raw == "[[":
            self._conditional()
        else:
            self.command = bool(ASSIGNMENT.match(raw))
            self._cover(end)

    def _start_of_command(self) -> None:
        if self.negated:
            self.result.negations.add(self.at)
        self.negated = False

    def _reserved(self, raw: str, end: int) -> None:
        if self.closed and raw in _FOLLOWERS and self.out[-1].endswith(" "):
            self.out[-1] = self.out[-1][:-1] + ";"
        self.pattern = self.defines = False
        self.command = True
        self.pipes.see(raw)
        self.closed = self.begun = raw in _CLOSERS
        self.header = raw if raw in _HEADERS else ""
        self._emit(end, raw)

    def _header(self, raw: str, end: int) -> None:
        """The name or subject after ``for``, ``case`` or ``function``, then the word ``in``."""
        if self.header == "in?" and raw == "do":  # for x do
            self.closed = True
            self._reserved(raw, end)
            return
        if self.header == "in?":
            self.header = ""
            self._emit(end, raw) if raw == "in" else self._cover(end)
            return
        if self.header == "case in?":
            self.header, self.pattern = "", raw == "in"
            self._emit(end, raw) if raw == "in" else self._cover(end)
            return
        self.defines = self.header == "function"
        self.begun = not self.defines
        following = {"case": "case in?", "function": ""}
        self.command = self.header == "function"
        self.header = following.get(self.header, "in?")
        self._cover(end)

    def _conditional(self) -> None:
        match = _CONDITIONAL.match(self.script, self.at)
        self.command = False
        if match is None:
            self._give_up()
        else:
            self._cover(match.end())

    def _end_of_word(self) -> int:
        """The end of the word that starts here; the script's where a quote in it never ends."""
        end = word_end(self.script, self.at)
        if end is None:
            self.result.unclosed = self.at
        return len(self.script) if end is None else end
