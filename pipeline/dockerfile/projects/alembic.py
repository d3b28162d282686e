"""SQLAlchemy and alembic: tables and columns of the models that no version makes."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.classes import (
    assigned,
    base_names,
    constant,
    dotted,
    is_true,
)
from pipeline.dockerfile.projects.operations import Operation, operations
from pipeline.dockerfile.projects.python_source import parse
from pipeline.dockerfile.projects.unmade import Brought, Unmade

_MOST_VERSIONS, _MOST_READ = 300, 400
_TABLE = re.compile(r"\b__tablename__\b|\btable\s*=\s*True\b")
_ASIDE = re.compile(r"(?:^|/)(?:tests?|site-packages|\.?venv|node_modules|versions)/|(?:^|/)test_")
_COLUMNS = frozenset({"Column", "mapped_column"})
_OPERATION = re.compile(
    r"\b(\w+)\.(create_table|add_column|alter_column|rename_table|batch_alter_table|execute)\("
)
_GLOBAL = frozenset({"op", "operations", "alembic_op"})
_COLUMN = re.compile(r"""\bColumn\(\s*["'](\w+)["']""")
_UNWRITTEN = re.compile(r"""\bColumn\(\s*(?!["'\s])|[,(]\s*\*\w""")
_UNREAD = re.compile(r"\s*(?:\w+\.)?(?:text\()?\s*(?:open\(|Path\(|[A-Za-z_]\w*\s*[,)])")
_WORD = re.compile(r"\w+")
_CLASS = re.compile(r"^class\s+", re.MULTILINE)
_NAMED = re.compile(r"""\b__tablename__\s*(?::[^=\n]*)?=\s*["'](\w+)["']""")
_DECLARED = re.compile(
    r"""^\s+(\w+)\s*(?::[^=\n]*)?=\s*(?:\w+\.)*(?:Column|mapped_column)\(\s*(?:["'](\w+)["'])?""",
    re.MULTILINE,
)
_FIELD = re.compile(r"^\s+(\w+)\s*:", re.MULTILINE)


@dataclass
class _Made:
    """``open`` tables have columns that are not written out; ``words`` are those of raw SQL."""

    tables: dict[str, set[str]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Model:
    file: str
    line: int
    table: str
    columns: tuple[tuple[str, int], ...]


def of_alembic(context: BuildContext, brought: Brought) -> Iterator[Unmade]:
    """What the models want, for the one folder of versions that there is."""
    folders = {
        posixpath.dirname(path)
        for path in context.files
        if path.endswith(".py") and "/versions/" in f"/{path}"
    }
    homes = [one for one in folders if posixpath.basename(one) == "versions"]
    if len(homes) != 1:
        return
    made = _made(context, homes[0])
    models = _models(context, brought, made) if made is not None else []
    if made is None or not models:
        return
    found = [one for model in models for one in _of_model(model, made, homes[0])]
    tables = [one for one in found if not one.column]
    if 2 * len(tables) <= len(models):  # more: they belong to another database
        yield from found


def _of_model(model: _Model, made: _Made, folder: str) -> Iterator[Unmade]:
    columns = made.tables.get(model.table)
    if columns is None:
        if model.table not in made.words:
            yield Unmade(model.file, model.line, model.table, folder)
        return
    if model.table in made.open:
        return
    for name, line in model.columns:
        if name not in columns and name not in made.words:
            yield Unmade(model.file, line, model.table, folder, name)


def _made(context: BuildContext, folder: str) -> _Made | None:
    """None where something is not written out."""
    paths = [path for path in context.under(folder) if path.endswith(".py")]
    if len(paths) > _MOST_VERSIONS:
        return None
    made = _Made()
    for path in paths:
        text = context.text(path)
        if text is None or ".create_all(" in text or not _read(made, text):
            return None
    for _ in made.renamed:
        for old, new in made.renamed:
            made.tables.setdefault(new, set()).update(made.tables.get(old, ()))
            made.open |= {new} if old in made.open else set()
    return made if made.tables else None


def _read(made: _Made, text: str) -> bool:
    """Add what a version makes; False where a table's name or a script is not written out."""
    batch = ""
    for one in operations(text, _OPERATION):
        if one.verb == "execute":
            if _UNREAD.match(one.text):
                return False
            made.words.update(_WORD.findall(one.text))
            continue
        if one.verb in {"rename_table", "batch_alter_table"} or one.of in _GLOBAL:
            wanted = ("old_table_name", "new_table_name")
            names = one.named(*(wanted if one.verb == "rename_table" else ("table_name",)))
        else:
            names = (batch,) if batch else None
        if names is None:
            return False
        if one.verb == "batch_alter_table":
            batch = names[0]
        elif one.verb == "rename_table":
            made.renamed.append((names[0], names[1]))
        else:
            _add(made, one, names[0])
    return True


def _add(made: _Made, one: Operation, table: str) -> None:
    columns = made.tables.setdefault(table, set())
    if one.verb == "alter_column":
        columns.add(one.keywords().get("new_column_name", ""))
        return
    columns.update(_COLUMN.findall(one.text))
    if _UNWRITTEN.search(one.text):
        made.open.add(table)


def _models(context: BuildContext, brought: Brought, made: _Made) -> list[_Model]:
    """The models of the project; none where nothing is missing at a glance, or the code makes all.

    Only sources at which something is missing are read as Python.
    """
    found: list[_Model] = []
    suspicious = False
    paths = (path for path in context.files if path.endswith(".py") and not _ASIDE.search(path))
    sources = [(path, context.text(path) or "") for path in islice(paths, _MOST_READ)]
    for path, text in sources:
        if not _TABLE.search(text) or not brought(path):
            continue
        looked = _is_suspicious(text, made)
        suspicious = suspicious or looked
        tree = parse(text) if looked else None
        if looked and tree is None:
            return []
        if tree is None:
            found += [_Model(path, 0, table, ()) for table in _NAMED.findall(text)]
        else:
            found += [one for node in tree.body if (one := _model(path, node)) is not None]
    if not suspicious or any(".create_all(" in text for _, text in sources):
        return []
    return found


def _is_suspicious(text: str, made: _Made) -> bool:
    """A quick look at one source."""
    for written in _CLASS.split(text)[1:]:
        named = _NAMED.search(written)
        of_sqlmodel = _TABLE.search(written.partition("\n")[0])
        if not named and not of_sqlmodel:
            continue
        table = named[1] if named else written.partition("(")[0].lower()
        columns = made.tables.get(table)
        declared = {own or name for name, own in _DECLARED.findall(written)}
        if of_sqlmodel:
            declared |= set(_FIELD.findall(written))
        if columns is None or not declared <= columns:
            return True
    return False


def _model(path: str, node: ast.stmt) -> _Model | None:
    if not isinstance(node, ast.ClassDef):
        return None
    body = {name: value for name, value, _ in assigned(node)}
    named = constant(body.get("__tablename__"))
    of_sqlmodel = any(one.arg == "table" and is_true(one.value) for one in node.keywords)
    table = named or (node.name.lower() if of_sqlmodel and "__tablename__" not in body else None)
    aside = {"__table__", "__bind_key__", "__table_args__"} & body.keys()
    if table is None or is_true(body.get("__abstract__")) or aside or not base_names(node):
        return None
    columns = tuple(
        (column, statement.lineno)
        for name, value, statement in assigned(node)
        if (column := _declared(name, value, statement, of_sqlmodel=of_sqlmodel))
    )
    return _Model(path, node.lineno, table, columns)


def _declared(
    name: str, value: ast.expr | None, statement: ast.stmt, *, of_sqlmodel: bool
) -> str | None:
    """The column that a line of a class declares."""
    if name.startswith("_") or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return None
    called = dotted(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    if called in _COLUMNS and isinstance(value, ast.Call):
        return constant(value.args[0]) or name if value.args else name
    if not of_sqlmodel or not isinstance(statement, ast.AnnAssign):
        return None
    if called == "Field" and isinstance(value, ast.Call):
        return None if any(one.arg == "sa_column" for one in value.keywords) else name
    bare = value is None and not isinstance(statement.annotation, ast.Subscript)
    return name if bare else None
