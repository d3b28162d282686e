"""What a Python module imports, and which of it certainly runs when the module is loaded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.projects.python_source import Guards, Places, Seen, parse, walk


@dataclass(frozen=True)
class Imported:
    """One module that is imported, and the names taken from it.

    ``level`` is the number of dots. ``guards`` say what has to hold for the import to run; the code
    below ``if __name__ == "__main__"`` runs where the module is the program.
    """

    module: str
    names: tuple[str, ...]
    line: int
    column: int
    level: int = 0
    guards: Guards = ()

    @property
    def guarded(self) -> bool:
        return bool(self.guards)

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]


def imports(source: str) -> tuple[Imported, ...] | None:
    """The imports in order; None where the source cannot be read as Python."""
    tree = parse(source)
    if tree is None:
        return None
    places = Places(source)
    calls = "import_module" in source or "__import__" in source
    seen = walk(tree, statements=not calls)
    found = [imported for one in seen for imported in _of(one, places)]
    return tuple(sorted(found, key=lambda imported: (imported.line, imported.column)))


def _of(seen: Seen, places: Places) -> Iterator[Imported]:
    match seen.node:
        case ast.Import() as node:
            for alias in node.names:
                line, column = places.of(node)
                yield Imported(alias.name, (), line, column, 0, seen.guards)
        case ast.ImportFrom() as node:
            names = tuple(alias.name for alias in node.names)
            line, column = places.of(node)
            yield Imported(node.module or "", names, line, column, node.level, seen.guards)
        case (
            ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(value=ast.Name(id="importlib"), attr="import_module"),
                args=[ast.Constant(value=str(module))],
            ) as call
        ) if module and not module.startswith("."):
            line, column = places.of(call)
            yield Imported(module, (), line, column, 0, seen.guards)
