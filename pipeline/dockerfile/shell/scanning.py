"""Where words and their quoted or bracketed pieces end. Linear, without recursion."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\\. | \$['({] | ['"`(){}] | (?<![^\s;&|(`])\# | \bcase\s+[^\s;]+\s+in\b | \besac\b""",
    re.VERBOSE | re.DOTALL,
)
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]\s]*\])?(\+?)=", re.ASCII)
_PLAIN = re.compile(r"[^ \t\r\n;&|()<>'\"`$\\]+")
_ANSI = re.compile(r"(?:[^'\\]|\\.)*+'", re.DOTALL)
_COMMENT = re.compile(r"[^\n]*")
_COMMENT_IN_BACKTICKS = re.compile(r"[^\n`]*")
_OPENS = {"$(": ")", "${": "}", "(": ")", '"': '"', "`": "`"}
_IN_DOUBLE_QUOTES = frozenset({"$(", "${", '"', "`"})


def closing(script: str, start: int) -> int | None:
    """The offset after the piece that opens at ``start``; None where it is never closed.

    A piece opens with a quote, a backtick, ``$(``, ``${`` or ``(``.
    """
    stack: list[str] = []
    at = start
    while match := _TOKEN.search(script, at):
        after = _step(script, match, stack)
        if after is None:
            return None
        at = after
        if not stack:
            return at
    return None


def word_end(script: str, start: int) -> int | None:
    """The end of the word that starts at ``start``; None where a quote in it is never closed."""
    at: int | None = start
    before = -1
    while at is not None and at != before and at < len(script):
        before, at = at, _piece_end(script, start, at)
    return at if at is None else min(at, len(script))


def _piece_end(script: str, start: int, at: int) -> int | None:
    """The end of a word's next piece; ``at`` itself where the word is at its end."""
    if match := _PLAIN.match(script, at):
        return match.end()
    char, two = script[at], script[at : at + 2]
    if char == "\\":
        return at + 2
    if char in "'\"`" or two in {"$(", "${", "$'"}:
        return closing(script, at)
    if two in {"<(", ">("} and at == start:
        return closing(script, at + 1)
    if char == "$":
        return at + 1
    return closing(script, at) if char == "(" and _opens_group(script, start, at) else at


def _opens_group(script: str, start: int, at: int) -> bool:
    """Whether a parenthesis in a word belongs to it: an array, or a pattern as in ``!(x)``."""
    if at == start:
        return False
    if script[at - 1] in "?*+@!":
        return True
    return script[at - 1] == "=" and ASSIGNMENT.fullmatch(script, start, at) is not None


def _step(script: str, match: re.Match[str], stack: list[str]) -> int | None:
    mark, after = match.group(), match.end()
    mode = stack[-1] if stack else ""
    if mark.startswith("\\") or (mode == '"' and mark not in _IN_DOUBLE_QUOTES):
        return after
    if mark == mode or (mark == "esac" and mode == "case"):
        stack.pop()
        return after
    if mark in {"'", "$'"}:
        return after if _literal_quote(stack) else _after_quote(script, mark, after)
    if mark == "#":
        comment = _COMMENT_IN_BACKTICKS if "`" in stack else _COMMENT
        ended = comment.match(script, after)
        return ended.end() if ended and mode in {")", "`", "case"} else after
    if mark.startswith("case"):
        if mode in {")", "`", "case"}:
            stack.append("case")
        return after
    if mark in _OPENS and not (mark == "(" and mode == "}"):
        stack.append(_OPENS[mark])
    return after


def _literal_quote(stack: list[str]) -> bool:
    """Whether a single quote is plain text here: in ``"${x:-it's}"``."""
    return len(stack) > 1 and stack[-1] == "}" and stack[-2] == '"'


def _after_quote(script: str, mark: str, after: int) -> int | None:
    if mark == "$'":
        match = _ANSI.match(script, after)
        return match.end() if match else None
    end = script.find("'", after)
    return end + 1 if end >= 0 else None
