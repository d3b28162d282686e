"""Which tables and columns SQL scripts make, change and drop. Read roughly, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from pipeline.dockerfile.projects.tables import DOCUMENT_LIMIT

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z))
    |(?P<text>'(?:[^']|'')*(?:'|\Z))
    |(?P<dollar>\$(?P<tag>\w*)\$)
    |(?P<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[^\]\[]*\])
    |(?P<word>[\w@#$]+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_STATEMENT = re.compile(
    r"""(?:[^;'"`$/-]+|'(?:[^']|'')*(?:'|\Z)|"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z)|--[^\n]*
    |/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)|[$/-])++;?|;""",
    re.VERBOSE | re.DOTALL,
)
_MATTERS = re.compile(
    r"""(?:\s|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*+
    (?:CREATE\s+(?:\w+\s+){0,5}TABLE|(?:ALTER|DROP|RENAME)\s+TABLE|DO|CALL|EXEC|EXECUTE)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_NOT_COLUMNS = {
    "CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "INDEX", "KEY", "EXCLUDE", "LIKE",
    "FULLTEXT", "SPATIAL", "PERIOD",
}  # fmt: skip
_OPAQUE = {"DO", "CALL", "EXECUTE", "EXEC"}
_BEFORE_TABLE = {"OR", "REPLACE", "GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "VIRTUAL"}
_STATEMENT_LIMIT = 20_000  # tokens


class Token(NamedTuple):
    """``quoted`` marks a name in quotes, which is no keyword. ``depth`` counts parentheses."""

    text: str
    line: int
    quoted: bool = False
    depth: int = 0

    @property
    def keyword(self) -> str:
        return "" if self.quoted else self.text.upper()


@dataclass(frozen=True)
class TableChange:
    """``action`` is ``create``, ``alter``, ``drop``, ``rename`` or ``unknown`` (it may be any).

    ``added`` and ``dropped`` are columns; a renamed one is in both. ``complete`` is False where the
    columns cannot be known. ``to`` is the new name of a renamed table.
    """

    action: str
    table: str
    line: int
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    to: str = ""
    complete: bool = True


def tables(sql: str) -> tuple[TableChange, ...]:
    """What the statements of a script change, in order."""
    if len(sql) > DOCUMENT_LIMIT:
        return (TableChange("unknown", "", 1, complete=False),)
    return tuple(change for statement in _statements(sql) for change in _changes(statement))


def applied(changes: Iterable[TableChange]) -> dict[str, frozenset[str] | None] | None:
    """The tables after all changes with their columns (None: unknown); None if all is unknown."""
    found: dict[str, frozenset[str] | None] = {}
    for change in changes:
        known = found.get(change.table)
        match change.action:
            case "unknown":
                return None
            case "create":
                found[change.table] = frozenset(change.added) if change.complete else None
            case "drop":
                found.pop(change.table, None)
            case "rename":
                found[change.to] = found.pop(change.table, None)
            case _ if known is not None:
                after = (known - set(change.dropped)) | set(change.added)
                found[change.table] = after if change.complete else None
    return found


def _statements(sql: str) -> Iterator[list[Token]]:
    """The statements that may change tables, without the semicolons."""
    line = 1
    for found in _STATEMENT.finditer(sql):
        if _MATTERS.match(found[0]):
            yield list(islice(_tokens(found[0].removesuffix(";"), line), _STATEMENT_LIMIT))
        line += found[0].count("\n")


def _tokens(sql: str, line: int) -> Iterator[Token]:
    at, depth = 0, 0
    while found := _TOKEN.match(sql, at):
        end = found.end()
        if found["dollar"]:
            close = sql.find(found["dollar"], end)
            end = len(sql) if close < 0 else close + len(found["dollar"])
        elif found["quoted"]:
            yield Token(found["quoted"][1:-1].replace('""', '"'), line, quoted=True, depth=depth)
        elif found["word"]:
            yield Token(found["word"], line, depth=depth)
        elif found["sign"]:
            depth = max(depth - (found["sign"] == ")"), 0)
            yield Token(found["sign"], line, depth=depth)
            depth += found["sign"] == "("
        line += sql.count("\n", at, end)
        at = end


def _changes(statement: list[Token]) -> Iterator[TableChange]:
    keywords = [token.keyword for token in statement[:6]]
    first = keywords[0] if keywords else ""
    if first in _OPAQUE:
        yield TableChange("unknown", "", statement[0].line, complete=False)
    elif first == "CREATE":
        at = 1
        while at < len(keywords) and keywords[at] in _BEFORE_TABLE:
            at += 1
        if keywords[at : at + 1] == ["TABLE"]:
            yield from _create(statement, at + 1)
    elif keywords[:2] == ["ALTER", "TABLE"]:
        yield from _alter(statement, 2)
    elif keywords[:2] == ["DROP", "TABLE"]:
        yield from _drop(statement, 2)
    elif keywords[:2] == ["RENAME", "TABLE"]:
        old, at = _name(statement, 2)
        yield TableChange("rename", old, statement[0].line, to=_name(statement, at + 1)[0])


def _create(statement: list[Token], at: int) -> Iterator[TableChange]:
    name, at = _name(statement, at)
    if not name:
        return
    opened = at < len(statement) and statement[at].text == "("
    ends = (n for n, t in enumerate(statement) if n > at and t.text == ")" and not t.depth)
    items = _items(statement[at : next(ends, len(statement)) if opened else at], 1)
    columns = [item[0].text for item in items if item and item[0].keyword not in _NOT_COLUMNS]
    after = {token.keyword for token in statement[at:] if token.depth == 0}
    copied = any(item[0].keyword == "LIKE" for item in items if item)
    complete = opened and not after & {"AS", "SELECT", "INHERITS", "PARTITION"} and not copied
    yield TableChange("create", name, statement[0].line, tuple(columns), complete=complete)


def _alter(statement: list[Token], at: int) -> Iterator[TableChange]:
    name, at = _name(statement, at)
    line = statement[0].line
    added: list[str] = []
    dropped: list[str] = []
    for action in _items(statement[at:], 0):
        words = [token.keyword for token in action[:2]]
        if words == ["RENAME", "TO"]:
            yield TableChange("rename", name, line, to=_name(action, 2)[0])
            continue
        gone, new = _column_change(action)
        dropped += gone
        added += new
    if name and (added or dropped):
        yield TableChange("alter", name, line, tuple(added), tuple(dropped))


def _column_change(action: list[Token]) -> tuple[list[str], list[str]]:
    """The columns that one action of ALTER TABLE takes away, and those it adds."""
    verb = action[0].keyword if action else ""
    rest = [token for token in action[1:] if token.depth == 0]
    if rest and rest[0].keyword == "COLUMN":
        rest = rest[1:]
    rest = _after_condition(rest)
    if not rest or rest[0].keyword in _NOT_COLUMNS:
        return [], []
    match verb:
        case "ADD":
            return [], [rest[0].text]
        case "DROP":
            return [rest[0].text], []
        case "RENAME" if len(rest) > 2 and rest[1].keyword == "TO":
            return [rest[0].text], [rest[2].text]
        case "CHANGE" if len(rest) > 1:
            return [rest[0].text], [rest[1].text]
    return [], []


def _drop(statement: list[Token], at: int) -> Iterator[TableChange]:
    for item in _items(statement[at:], 0):
        name, _ = _name(item, 0)
        if name:
            yield TableChange("drop", name, statement[0].line)


def _items(tokens: list[Token], depth: int) -> list[list[Token]]:
    """What the commas at this depth part."""
    items: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == "," and not token.quoted and token.depth == depth:
            items.append([])
        elif token.depth >= depth:
            items[-1].append(token)
    return items


def _after_condition(tokens: list[Token]) -> list[Token]:
    at = 0
    while at < len(tokens) and tokens[at].keyword in {"IF", "NOT", "EXISTS", "ONLY"}:
        at += 1
    return tokens[at:]


def _name(tokens: list[Token], at: int) -> tuple[str, int]:
    """The name of a table without its schema, and where it ends."""
    while at < len(tokens) and tokens[at].keyword in {"IF", "NOT", "EXISTS", "ONLY"}:
        at += 1
    name = ""
    while at < len(tokens) and tokens[at].text not in "(,":
        name = tokens[at].text
        at += 1
        if at >= len(tokens) or tokens[at].text != ".":
            break
        at += 1
    return name, at
