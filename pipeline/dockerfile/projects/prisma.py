"""Prisma: what a schema says, where it stands in a context, and its migrations."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.node import package_json
from pipeline.dockerfile.projects.tables import DOCUMENT_LIMIT, table, text, toml

_BLOCK = re.compile(r"\s*(generator|datasource|model|view|type|enum)\s+(\w+)\s*\{(.*)", re.DOTALL)
_SETTING = re.compile(r"\s*(\w+)\s*=\s*(.*)", re.DOTALL)
_FIELD = re.compile(r"\s*(\w+)\s+(\w+(?:\([^)]*\))?)(\[\])?(\?)?\s*(.*)", re.DOTALL)
_MAP = re.compile(r'(?<!@)@map\(\s*(?:name\s*:\s*)?"([^"]*)"')
_BLOCK_MAP = re.compile(r'@@map\(\s*(?:name\s*:\s*)?"([^"]*)"')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//')


@dataclass(frozen=True)
class Generator:
    """``provider`` is as written: ``prisma-client-js``, ``prisma-client-py`` …"""

    name: str
    line: int
    provider: str = ""
    output: str = ""
    binary_targets: tuple[str, ...] = ()
    engine_type: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Datasource:
    name: str
    line: int
    provider: str = ""


@dataclass(frozen=True)
class Field:
    """``column`` is the name in the database; ``many`` for a list."""

    name: str
    type: str
    column: str
    line: int
    many: bool = False
    optional: bool = False
    attributes: str = ""


@dataclass(frozen=True)
class Model:
    """``kind`` is ``model``, ``view``, ``type`` or ``enum``; ``table`` the name in the database."""

    name: str
    table: str
    line: int
    kind: str = "model"
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Schema:
    generators: tuple[Generator, ...] = ()
    datasources: tuple[Datasource, ...] = ()
    models: tuple[Model, ...] = ()

    def columns(self, model: Model) -> tuple[Field, ...]:
        """The fields that are columns: no relations."""
        others = {other.name for other in self.models if other.kind != "enum"}
        stored = (one for one in model.fields if one.type not in others)
        return tuple(one for one in stored if "@ignore" not in one.attributes)


_PLACES = ("schema.prisma", "prisma/schema.prisma", "prisma/schema", "prisma")
_CONFIGURED = re.compile(r"""^[ \t]*schema[ \t]*:[ \t]*["']([^"']+)["']""", re.MULTILINE)

_Lines = list[tuple[int, str]]


def schema(source: str) -> Schema | None:
    """What a ``schema.prisma`` says; None where it is too large."""
    if len(source) > DOCUMENT_LIMIT:
        return None
    generators, datasources, models = [], [], []
    for kind, name, line, body in _blocks(source):
        match kind:
            case "generator":
                generators.append(_generator(name, line, body))
            case "datasource":
                datasources.append(_datasource(name, line, body))
            case _:
                models.append(_model(kind, name, line, body))
    return Schema(tuple(generators), tuple(datasources), tuple(models))


def _blocks(source: str) -> Iterator[tuple[str, str, int, _Lines]]:
    kind, name, start = "", "", 0
    body: _Lines = []
    for number, raw in enumerate(source.splitlines(), 1):
        line = _uncommented(raw)
        opened = None if kind else _BLOCK.fullmatch(line)
        if opened:
            kind, name, start, body = opened[1], opened[2], number, []
            line = opened[3]
        closed = bool(kind) and line.strip().endswith("}")
        if kind and (content := line.strip().removesuffix("}" if closed else "").strip()):
            body.append((number, content))
        if closed:
            yield kind, name, start, body
            kind = ""


def _uncommented(line: str) -> str:
    found = (sign for sign in _STRING_OR_COMMENT.finditer(line) if sign[0] == "//")
    comment = next(found, None)
    return line[: comment.start()] if comment else line


def _settings(body: _Lines) -> dict[str, str]:
    """Settings as written; a list that goes over several lines is one."""
    found: dict[str, list[str]] = {}
    name = ""
    for _, line in body:
        setting = _SETTING.fullmatch(line)
        if setting:
            name = setting[1]
            found[name] = [setting[2]]
        elif name:
            found[name].append(line)
    return {key: " ".join(parts).strip() for key, parts in found.items()}


def _generator(name: str, line: int, body: _Lines) -> Generator:
    settings = _settings(body)
    return Generator(
        name,
        line,
        _string(settings, "provider"),
        _string(settings, "output"),
        tuple(_STRING.findall(settings.get("binaryTargets", ""))),
        _string(settings, "engineType"),
        settings,
    )


def _datasource(name: str, line: int, body: _Lines) -> Datasource:
    return Datasource(name, line, _string(_settings(body), "provider"))


def _string(settings: Mapping[str, str], name: str) -> str:
    found = _STRING.match(settings.get(name, ""))
    return found[1] if found else ""


def _model(kind: str, name: str, line: int, body: _Lines) -> Model:
    mapped = next((found[1] for _, text in body if (found := _BLOCK_MAP.match(text))), name)
    fields = tuple(one for number, text in body if (one := _field(number, text, kind)))
    return Model(name, mapped, line, kind, fields)


def _field(line: int, written: str, kind: str) -> Field | None:
    if written.startswith("@@"):
        return None
    if kind == "enum":
        value = re.match(r"\w+", written)
        return Field(value[0], "", value[0], line) if value else None
    found = _FIELD.fullmatch(written)
    if not found:
        return None
    mapped = _MAP.search(found[5])
    column = mapped[1] if mapped else found[1]
    return Field(found[1], found[2], column, line, bool(found[3]), bool(found[4]), found[5].strip())


def find_schemas(context: BuildContext, folder: str = "") -> tuple[str, ...]:
    """The schema files of the project in ``folder``; several where a folder holds the schema."""
    written = _configured(context, folder)
    for place in [written] if written else _PLACES:
        path = context.resolve(posixpath.join(folder, place))
        if path is None:
            continue
        if not context.is_dir(path):
            return (path,)
        found = [file for file in context.under(path) if file.endswith(".prisma")]
        if found:
            return tuple(found)
    return ()


def _configured(context: BuildContext, folder: str) -> str:
    package = package_json(context.text(posixpath.join(folder, "package.json")) or "")
    if package and package.prisma_schema:
        return package.prisma_schema
    for file in context.matching(posixpath.join(folder, "prisma.config.*")):
        found = _CONFIGURED.search(context.text(file) or "")
        if found:
            return found[1]
    project = toml(context.text(posixpath.join(folder, "pyproject.toml")) or "")
    return text(table(project, "tool", "prisma"), "schema")


def migrations(context: BuildContext, schema_file: str) -> tuple[tuple[str, str | None], ...]:
    """The migrations beside a schema, oldest first: (path, SQL), None where it cannot be read."""
    folder = posixpath.dirname(schema_file)
    for place in (folder, posixpath.dirname(folder)):
        paths = [
            path
            for path in context.under(posixpath.join(place, "migrations"))
            if path.endswith("/migration.sql")
        ]
        if paths:
            return tuple((path, context.text(path)) for path in paths)
    return ()
