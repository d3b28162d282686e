"""Tables and columns that a schema wants and no migration in SQL makes: Prisma's and Drizzle's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.prisma import Model, Schema, find_schemas, migrations, schema
from pipeline.dockerfile.projects.sql import applied, tables

Brought = Callable[[str], bool]
"""Whether some COPY brings a file of the context."""

_SCALARS = frozenset(
    {"String", "Boolean", "Int", "BigInt", "Float", "Decimal", "DateTime", "Json", "Bytes"}
)
_WITHOUT_TABLES = frozenset({"mongodb", "sqlserver", ""})  # or in a dialect that is not read here
_MOST = 500
_LEVELS = 3  # how far above a schema the project may begin
_WORD = re.compile(r"\w+")
_DRIZZLE = re.compile(
    r"""^\s*(?:export\s+)?const\s+\w+\s*=\s*(?:pg|mysql|sqlite)Table\(\s*["'`](\w+)["'`]""",
    re.MULTILINE,
)
_DRIZZLE_OUT = re.compile(r"""\bout\s*:\s*["'`]([^"'`$]+)["'`]""")
_DRIZZLE_SCHEMA = re.compile(r"""\bschema\s*:\s*(?:\[\s*)?["'`]([^"'`$]+)["'`]""")


@dataclass(frozen=True)
class Unmade:
    """A table, or a column of it, that a line of the sources wants. ``folder`` has migrations."""

    file: str
    line: int
    table: str
    folder: str
    column: str = ""
    certain: bool = True


@dataclass(frozen=True)
class _Made:
    """What migrations make. ``once``: the tables of any time; ``words``: all that they say.

    ``outside``: they change tables that they did not make.
    """

    tables: dict[str, frozenset[str] | None]
    once: frozenset[str]
    words: frozenset[str]
    outside: bool

    def lacks(self, table: str) -> bool:
        """Whether a table is certainly not there: never named, or made and dropped."""
        name = table.casefold()
        if name in self.tables:
            return False
        return name in self.once or name not in self.words


def _made(texts: Sequence[str | None]) -> _Made | None:
    """None where that cannot be known."""
    if not texts or len(texts) > _MOST or None in texts:
        return None
    known = [text for text in texts if text is not None]
    changes = tuple(change for text in known for change in tables(text))
    there = applied(changes)
    if not there:
        return None
    made = {one.table for one in changes if one.action == "create"}
    made |= {one.to for one in changes if one.action == "rename"}
    return _Made(
        {name.casefold(): columns for name, columns in there.items()},
        frozenset(name.casefold() for name in made),
        frozenset(word for text in known for word in _WORD.findall(text.casefold())),
        any(one.table not in made for one in changes if one.action in {"alter", "drop"}),
    )


def of_prisma(context: BuildContext, brought: Brought) -> Iterator[Unmade]:
    """Models and fields of every schema that has migrations beside it."""
    done: set[str] = set()
    for path in sorted(path for path in context.files if path.endswith(".prisma")):
        if path in done or not brought(path):
            continue
        source = context.text(path) or ""
        if "datasource" not in source:
            continue
        files = _files_of(context, path)
        done.update(files)
        found = migrations(context, path)
        made = _made([text for _, text in found])
        if made is not None:
            folder = posixpath.dirname(posixpath.dirname(found[0][0]))
            yield from _of_schema(context, files, made, folder)


def _files_of(context: BuildContext, path: str) -> tuple[str, ...]:
    """The files of the schema that this one is part of."""
    found: tuple[str, ...] = (path,)
    folder = posixpath.dirname(path)
    for _ in range(_LEVELS):
        named = find_schemas(context, folder)
        found = max(found, named if path in named else (), key=len)
        folder = posixpath.dirname(folder)
    return found


def _of_schema(
    context: BuildContext, files: Sequence[str], made: _Made, folder: str
) -> Iterator[Unmade]:
    parsed = [(path, schema(context.text(path) or "")) for path in files]
    read = [(path, one) for path, one in parsed if one is not None]
    whole = Schema(
        datasources=tuple(source for _, one in read for source in one.datasources),
        models=tuple(model for _, one in read for model in one.models),
    )
    if len(read) < len(files) or any(one.provider in _WITHOUT_TABLES for one in whole.datasources):
        return
    for path, one in read:
        for model in one.models:
            if model.kind == "model":
                yield from _of_model(path, whole, model, made, folder)


def _of_model(path: str, whole: Schema, model: Model, made: _Made, folder: str) -> Iterator[Unmade]:
    if made.lacks(model.table):
        yield Unmade(path, model.line, model.table, folder, certain=not made.outside)
        return
    columns = made.tables.get(model.table.casefold())
    if columns is None:
        return
    known = {column.casefold() for column in columns}
    kinds = _SCALARS | {other.name for other in whole.models if other.kind == "enum"}
    for field in whole.columns(model):
        if field.type in kinds and field.column.casefold() not in known:
            yield Unmade(path, field.line, model.table, folder, field.column, not made.outside)


def of_drizzle(context: BuildContext, brought: Brought) -> Iterator[Unmade]:
    """Tables that the files of ``drizzle.config`` define."""
    for config in islice(_configs(context), 20):
        text = context.text(config) or ""
        if "tablesFilter" in text or "schemaFilter" in text:
            continue
        root = posixpath.dirname(config)
        out, named = _DRIZZLE_OUT.search(text), _DRIZZLE_SCHEMA.search(text)
        folder = posixpath.normpath(posixpath.join(root, out[1] if out else "drizzle"))
        scripts = [path for path in context.under(folder) if path.endswith(".sql")]
        made = _made([context.text(path) for path in islice(scripts, _MOST + 1)])
        if made is None or named is None:
            continue
        start = posixpath.normpath(posixpath.join(root, named[1].partition("*")[0]))
        for path in islice(_sources(context, start), _MOST):
            if brought(path):
                yield from _of_source(path, context.text(path) or "", made, folder)


def _configs(context: BuildContext) -> Iterator[str]:
    return (path for path in context.files if posixpath.basename(path).startswith("drizzle.config"))


def _sources(context: BuildContext, start: str) -> Iterator[str]:
    """The file or folder that is named, without the ending perhaps."""
    for path in (start, f"{start}.ts", f"{start}.js"):
        if path in context.files:
            yield path
            return
    yield from (path for path in context.under(start) if path.endswith((".ts", ".js", ".mts")))


def _of_source(path: str, source: str, made: _Made, folder: str) -> Iterator[Unmade]:
    for found in _DRIZZLE.finditer(source) if "drizzle-orm" in source else ():
        if made.lacks(found[1]):
            line = source.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1
            yield Unmade(path, line, found[1], folder, certain=not made.outside)
