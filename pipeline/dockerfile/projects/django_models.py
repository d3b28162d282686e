"""Django: models and fields that no migration of their app makes."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pipeline.dockerfile.context import BuildContext
from pipeline.dockerfile.projects.classes import assigned, base_names, dotted, is_true
from pipeline.dockerfile.projects.operations import Operation, operations
from pipeline.dockerfile.projects.python_source import parse
from pipeline.dockerfile.projects.unmade import Brought, Unmade

_FIRST = re.compile(r"(?:(.*)/)?migrations/0001\w*\.py")
_FIELD = re.compile(r"models\.(?:\w*Field|ForeignKey)")
_MOST_APPS, _MOST_FILES = 60, 200
_NAMES = {
    "CreateModel": ("name",), "AddField": ("model_name", "name"),
    "RenameModel": ("old_name", "new_name"), "RenameField": ("model_name", "old_name", "new_name"),
}  # fmt: skip
_OPERATION = re.compile(r"\b(migrations|state_operations|operations)\.(\w+)\(")
_MADE = re.compile(r"""\(\s*["'](\w+)["'],\s*[\w.]+\(""")
_ABSTRACT = re.compile(r"^\s+abstract\s*=\s*True", re.MULTILINE)
_CLASS = re.compile(r"^class\s+(?=\w+\()", re.MULTILINE)
_DECLARED = re.compile(
    r"^\s+(\w+)\s*(?::[^=\n]*)?=\s*models\.(?:\w*Field|ForeignKey)\(", re.MULTILINE
)


@dataclass
class _App:
    """What the migrations of an app make; models in lower case."""

    models: set[str] = field(default_factory=set)
    fields: dict[str, set[str]] = field(default_factory=dict)
    renamed: list[tuple[str, str]] = field(default_factory=list)

    def columns(self, model: str) -> set[str]:
        """The fields of a model under all the names that it had."""
        names = {model}
        for _ in self.renamed:
            names |= {old for old, new in self.renamed if new in names}
        return {one for name in names for one in self.fields.get(name, ())}


def of_django(context: BuildContext, brought: Brought) -> Iterator[Unmade]:
    """What the models of every app want that has migrations."""
    apps = {found[1] or "" for path in context.files if (found := _FIRST.fullmatch(path))}
    for folder in sorted(apps)[:_MOST_APPS]:
        app = _app(context, posixpath.join(folder, "migrations"))
        if app is None:
            continue
        for path in _models(context, folder):
            source = (context.text(path) or "") if brought(path) else ""
            tree = parse(source) if _is_suspicious(source, app) else None
            if tree is not None:
                yield from _of_source(path, tree, app, posixpath.join(folder, "migrations"))


def _models(context: BuildContext, folder: str) -> Iterator[str]:
    single = posixpath.join(folder, "models.py")
    if single in context.files:
        yield single
        return
    below = context.under(posixpath.join(folder, "models"))
    yield from islice((path for path in below if path.endswith(".py")), _MOST_FILES)


def _app(context: BuildContext, folder: str) -> _App | None:
    """None where there are too many files, or one that is not understood."""
    paths = [path for path in context.under(folder) if path.endswith(".py")]
    if len(paths) > _MOST_FILES:
        return None
    app = _App()
    for path in paths:
        text = context.text(path)
        if text is None or not _note(app, list(operations(text, _OPERATION)), text):
            return None
    return app if app.models else None


def _note(app: _App, found: list[Operation], text: str) -> bool:
    """Add what a migration makes; False where something of it is not written out."""
    if sum(one.verb == "CreateModel" for one in found) != len(re.findall("CreateModel\\(", text)):
        return False
    for one in found:
        if one.verb not in _NAMES:
            continue
        names = one.named(*_NAMES[one.verb])
        if names is None:
            return False
        model = names[0].lower()
        match one.verb:
            case "CreateModel":
                fields = _MADE.findall(one.text)
                app.models.add(model)
                app.fields.setdefault(model, set()).update(fields)
                if not fields and "fields" in one.text and "fields=[]" not in one.text:
                    return False
            case "RenameModel":
                app.models.add(names[1].lower())
                app.renamed.append((model, names[1].lower()))
            case _:
                app.fields.setdefault(model, set()).add(names[-1])
    return True


def _is_suspicious(source: str, app: _App) -> bool:
    """A quick look at the classes and fields, before the source is read as Python."""
    for written in _CLASS.split(source)[1:]:
        if "Model" not in written.partition(":")[0] or _ABSTRACT.search(written):
            continue
        name = written.partition("(")[0].lower()
        if name not in app.models or not set(_DECLARED.findall(written)) <= app.columns(name):
            return True
    return False


def _of_source(path: str, tree: ast.Module, app: _App, folder: str) -> Iterator[Unmade]:
    local: set[str] = set()
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = base_names(node)
        if "models.Model" not in bases and local.isdisjoint(bases):
            continue
        local.add(node.name)
        if _is_ordinary(node):
            yield from _of_class(path, node, app, folder)


def _of_class(path: str, node: ast.ClassDef, app: _App, folder: str) -> Iterator[Unmade]:
    if node.name.lower() not in app.models:
        yield Unmade(path, node.lineno, node.name, folder)
        return
    made = app.columns(node.name.lower())
    for name, value, statement in assigned(node):
        is_field = isinstance(value, ast.Call) and _FIELD.fullmatch(dotted(value.func))
        if is_field and name not in made:
            yield Unmade(path, statement.lineno, node.name, folder, name)


def _is_ordinary(node: ast.ClassDef) -> bool:
    """Whether the class has a table of its own in its app."""
    metas: Sequence[ast.ClassDef] = [
        one for one in node.body if isinstance(one, ast.ClassDef) and one.name == "Meta"
    ]
    settings = {name: value for one in metas for name, value, _ in assigned(one)}
    if any(one.bases for one in metas) or "app_label" in settings:
        return False
    managed = settings.get("managed")
    return not (
        is_true(settings.get("abstract"))
        or is_true(settings.get("proxy"))
        or (managed is not None and not is_true(managed))
    )
