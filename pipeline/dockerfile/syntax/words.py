"""Cutting the text of an instruction: by blanks, by words with quotes, into flags, as JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache

from pipeline.dockerfile.syntax.lexer import SPACES
from pipeline.dockerfile.syntax.nodes import Flag, Text

_BLANKS = re.compile("[\t\v\f\r ]+")


def trimmed(text: Text) -> Text:
    """Without white space around it."""
    value = text.value.strip(SPACES)
    start = len(text.value) - len(text.value.lstrip(SPACES))
    return text.cut(start, start + len(value))


def head(text: Text) -> tuple[Text, Text]:
    """The text up to its first blank, and what follows the blanks."""
    blank = _BLANKS.search(text.value)
    length = len(text.value)
    start, end = blank.span() if blank else (length, length)
    return text.cut(0, start), text.cut(end, length)


def by_blanks(text: Text) -> tuple[Text, ...]:
    return tuple(text.cut(*found.span()) for found in re.finditer("[^\t\v\f\r ]+", text.value))


def by_words(text: Text, escape: str) -> tuple[Text, ...]:
    """Words whose quotes and escapes may hold white space; both are kept."""
    words = []
    start, quote = -1, ""
    end = len(text.value)
    for token in _tokens(escape).finditer(text.value):
        sign = token[0]
        if sign == escape:  # at the very end; it goes
            end = token.start()
        elif start < 0 and sign[0] not in SPACES:
            start = token.start()
        if not quote and sign[0] in SPACES:
            if start >= 0:
                words.append(text.cut(start, token.start()))
            start = -1
        quote = _quote_after(quote, sign, escape)
    if 0 <= start < end:
        words.append(text.cut(start, end))
    return tuple(words)


@cache
def _tokens(escape: str) -> re.Pattern[str]:
    """White space, a quote, an escape with what it escapes, or a run of anything else."""
    sign = re.escape(escape)
    return re.compile(rf"[{SPACES}]+|['\"]|{sign}.?|[^{SPACES}'\"{sign}]+", re.DOTALL)


def _quote_after(quote: str, sign: str, escape: str) -> str:
    """The quote that is open behind ``sign``; nothing is escaped between single quotes."""
    if quote:
        closes = sign == quote or (quote == "'" and sign == escape + "'")
        return "" if closes else quote
    return sign if sign in ("'", '"') else ""


def flags(text: Text, escape: str) -> tuple[tuple[Flag, ...], Text]:
    """The words that begin with two dashes, and the text behind them. A lone ``--`` ends them."""
    found = []
    at, length = 0, len(text.value)
    while text.value.startswith("--", at):
        end, kept = _flag_word(text.value, at, escape)
        content = Text.joined([text.cut(*span) for span in kept])
        written = text.cut(at, end)
        at = _behind_spaces(text.value, end)
        if content.value == "--":
            break
        found.append(_flag(content, written))
    return tuple(found), trimmed(text.cut(at, length))


def _behind_spaces(value: str, at: int) -> int:
    while at < len(value) and value[at] in SPACES:
        at += 1
    return at


def _flag(content: Text, written: Text) -> Flag:
    name, sign, _ = content.value.partition("=")
    value = content.cut(len(name) + 1, len(content.value)) if sign else None
    return Flag(name.removeprefix("--"), value, written)


def _flag_word(value: str, start: int, escape: str) -> tuple[int, list[tuple[int, int]]]:
    """Where the word ends, and the spans of it that remain without quotes and escapes."""
    kept: list[tuple[int, int]] = []
    quote = ""
    for token in _tokens(escape).finditer(value, start):
        sign = token[0]
        if not quote and sign[0] in SPACES:
            return token.start(), kept
        if sign in ("'", '"') and quote in ("", sign):
            quote = "" if quote else sign
        elif sign[0] == escape:
            kept.append((token.start() + 1, token.end()))
        else:
            kept.append(token.span())
    return len(value), kept


class NotStringsError(Exception):
    """A JSON array of other things than strings: the engine refuses it."""


def json_strings(text: Text) -> tuple[Text, ...] | None:
    """The strings of a JSON array, each with its place; None where the text is no such array."""
    if not text.value.startswith("["):
        return None
    try:
        items = json.loads(
            text.value, parse_int=_number, parse_float=_number, parse_constant=_no_json
        )
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in items):
        raise NotStringsError
    signs = re.finditer(r'\\.|"', text.value)
    quotes = [sign.start() for sign in signs if sign[0] == '"']
    return tuple(
        _unescaped(text.cut(first + 1, last))
        for first, last in zip(quotes[::2], quotes[1::2], strict=True)
    )


def _number(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("out of range")
    return number


def _no_json(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _unescaped(text: Text) -> Text:
    """The inside of a JSON string with its escapes replaced."""
    if "\\" not in text.value:
        return text
    return Text.joined(list(_runs(text)))


def _runs(text: Text) -> Iterator[Text]:
    for run in re.finditer(r"[^\\]+|(?:\\u.{4})+|(?:\\[^u])+", text.value):
        cut = text.cut(*run.span())
        if run[0].startswith("\\"):
            value = re.sub("[\0\ud800-\udfff]", "\ufffd", json.loads(f'"{run[0]}"'))
            cut = Text(value, cut.pieces[:1])
        yield cut
