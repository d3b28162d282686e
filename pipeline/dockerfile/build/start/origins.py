"""Which origins a source lets in (CORS), where all of them are a developer's own machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from pipeline.dockerfile.build.start.reached import PYTHON, Reached
from pipeline.dockerfile.projects.python_source import Guard, lines, parse
from pipeline.dockerfile.projects.values import Env, Value
from pipeline.dockerfile.shell.executed import Value as Text

_LOCAL = re.compile(
    r"(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host\.docker\.internal)(?::[\d*]+)?/?"
)
_QUICK = re.compile(r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host\.docker")
_TOPIC = re.compile(r"cors|origin", re.IGNORECASE)
NAME = re.compile(
    r"CORS|(?<![A-Z])ORIGINS?(?![A-Z])|FRONT_?END_(?:URL|HOST|DOMAIN|BASE)|CLIENT_(?:URL|HOST|BASE)"
    r"|WEB(?:_?APP)?_(?:URL|BASE_URL)$",
    re.IGNORECASE,
)
_KEYS = frozenset({
    "allow_origins", "allowed_origins", "origins", "origin", "allow_origin", "allowedorigins",
    "cors_allowed_origins", "access-control-allow-origin", "alloworigins", "alloworigin",
})  # fmt: skip
_GROWS = re.compile(
    r"\w*(?:origin|cors|whitelist|allowed)\w*\s*(?:\.(?:append|extend|insert|push|unshift|add|"
    r"update)\(|\+=)",
    re.IGNORECASE,
)
_WORDS = r"(?:\[[^\][]{0,2000}\]|\"[^\"\n]*\"|'[^'\n]*'|`[^`\n$]*`)"
_LIST = re.compile(
    rf"^[ \t]*(?:export\s+)?(?:const|let|var)\s+(\w*(?:origin|cors|whitelist)\w*)[^=\n]{{0,80}}="
    rf"\s*({_WORDS})",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER = re.compile(
    r"Access-Control-Allow-Origin[\"']\s*(?:\]\s*=|:)\s*[\"']([^\"'\n]+)[\"']", re.IGNORECASE
)
_QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`\n]*)`")
_GUARDED = {Guard.CONDITIONAL, Guard.FALLBACK, Guard.TYPING}
_DEPTH, _MOST = 4, 100


@dataclass(frozen=True)
class Origin:
    """``variable`` is set where the environment may say otherwise."""

    source: Reached
    line: int
    text: str
    variable: str = ""


def is_local(value: Value | Text) -> bool:
    """Whether it is one or more origins, all of them local."""
    texts = list(_texts(value))
    return bool(texts) and all(_LOCAL.fullmatch(text) for text in texts)


def _texts(value: Value) -> Iterator[str]:
    """The origins that a value lists; an empty one where it says more than that."""
    if isinstance(value, str):
        parts = re.split(r"[\s,;]+", value.strip("[] "))
        yield from (text for part in parts if (text := part.strip("\"' ")))
    elif isinstance(value, tuple):
        for item in value:
            if isinstance(item, str) and item:
                yield from _texts(item)
            else:
                yield ""
    else:
        yield ""


def origins(source: Reached, environment: Mapping[str, Text]) -> Iterator[Origin]:
    """Where a source lets local origins in alone; ``environment`` is that of the image."""
    if not (_QUICK.search(source.text) and _TOPIC.search(source.text)):
        return
    if _GROWS.search(source.text):
        return  # others come to the list
    found = _assigned(source) if source.language == PYTHON else _declared(source)
    for line, value in islice(chain(_given(source), found, _written(source)), _MOST):
        one = _origin(source, line, value, environment)
        if one is not None:
            yield one


def _origin(
    source: Reached, line: int, value: Value, environment: Mapping[str, Text]
) -> Origin | None:
    variable = ""
    if isinstance(value, Env):
        variable, value = value.name, value.default
    elif isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], Env):
        variable, value = value[0].name, value[0].default
    if variable in environment or not is_local(value):
        return None
    first = next(_texts(value))
    return Origin(source, _line_of(source.text, first, line), first, variable)


def _line_of(text: str, item: str, line: int) -> int:
    """The line of an origin: where the call says it, or else where its name is bound."""
    written = text.split("\n")
    for at in (*range(line - 1, min(line + 20, len(written))), *range(len(written))):
        if item in written[at] and not written[at].lstrip().startswith(("#", "//", "*")):
            return _begin(written, at) + 1
    return line


def _begin(lines: list[str], at: int) -> int:
    """The line with the name that a list of texts is given to."""
    for above in range(at, max(at - 20, -1), -1):
        if re.search(r"\w", _QUOTED.sub("", lines[above])):
            return above
    return at


def _given(source: Reached) -> Iterator[tuple[int, Value]]:
    """What calls are given: keywords, tables, a header and its value."""
    for call in source.calls:
        if set(call.guards) & _GUARDED or any("regex" in name.lower() for name in call.keywords):
            continue
        header = call.arguments[0] if len(call.arguments) == 2 else None
        if isinstance(header, str) and header.lower() == "access-control-allow-origin":
            yield call.line, call.arguments[1]
        tables = [one for one in call.arguments if isinstance(one, Mapping)]
        for table in (call.keywords, *tables):
            for value in _named(table, 0):
                yield call.line, value


def _written(source: Reached) -> Iterator[tuple[int, Value]]:
    """Headers that are set as the entry of a table."""
    for found in _HEADER.finditer(source.text):
        yield source.text.count("\n", 0, found.start()) + 1, found[1]


def _named(table: Mapping[str, Value], depth: int) -> Iterator[Value]:
    for name, value in table.items():
        if name.lower() in _KEYS:
            yield value
        elif isinstance(value, Mapping) and depth < _DEPTH:
            yield from _named(value, depth + 1)


def _assigned(source: Reached) -> Iterator[tuple[int, Value]]:
    """Names of a module, and the fields of its classes of settings."""
    written = lines(source.text)
    for name, (value, line) in source.assignments.items():
        if NAME.search(name) and re.match(rf"{name}\b", written[line - 1]):  # in no branch
            yield line, value
    tree = parse(source.text) if "Settings" in source.text else None
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef) and any("Settings" in ast.unparse(b) for b in node.bases):
            yield from _fields(node)


def _fields(node: ast.ClassDef) -> Iterator[tuple[int, Value]]:
    """The fields of settings: each a variable of the same name with a default."""
    for field in node.body:
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        given = field.value
        if isinstance(given, ast.Call):
            told = {one.arg: one.value for one in given.keywords}
            given = next(iter(given.args), None) or told.get("default")
        if given is None or not NAME.search(field.target.id):
            continue
        try:
            value = ast.literal_eval(given)
        except (ValueError, RecursionError):
            continue
        listed = tuple(value) if isinstance(value, list) else value
        yield given.lineno, Env(field.target.id.upper(), listed)


def _declared(source: Reached) -> Iterator[tuple[int, Value]]:
    """Constants of JavaScript that are named for what they are."""
    for found in _LIST.finditer(source.text):
        items = [a or b or c for a, b, c in _QUOTED.findall(found[2])]
        rest = _QUOTED.sub("", found[2]).strip("[], \t\r\n")
        if not rest:
            yield source.text.count("\n", 0, found.start(1)) + 1, tuple(items)
