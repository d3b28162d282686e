"""One source that a start loads, with what it says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pipeline.dockerfile.build.build import Origin
from pipeline.dockerfile.build.start.reading import imports_of, modules_of
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects import javascript_facts, python_calls
from pipeline.dockerfile.projects.imports import Imported
from pipeline.dockerfile.projects.javascript_facts import ImportedModule
from pipeline.dockerfile.projects.values import Call, Value

PYTHON = "python"


@dataclass(frozen=True)
class Reached:
    """One source that the start loads.

    ``path`` is where the image has it, or what was compiled from it. ``certain``: every start
    loads it. ``program``: it runs as ``__main__``. ``folders`` are those that Python searches;
    ``complete`` False: there are others. ``compiled``: ``origin`` is what a compiler made it from;
    ``bundled``: together with others, into a file that stands elsewhere.
    """

    path: str
    origin: Origin
    launch: Launch
    language: str = PYTHON
    certain: bool = True
    program: bool = False
    folders: tuple[str, ...] = ()
    complete: bool = True
    compiled: bool = False
    bundled: bool = False

    @property
    def text(self) -> str:
        return self.origin.text

    def place(self, line: int, column: int = 1) -> Place:
        """Where a line of the source stands for a person."""
        return Place(self.origin.file, self.origin.line - 1 + line, column)

    @cached_property
    def imports(self) -> tuple[Imported, ...]:
        """What a Python source imports, by its strings too."""
        return imports_of(self.text) or ()

    @cached_property
    def modules(self) -> tuple[ImportedModule, ...]:
        """What a JavaScript or TypeScript source loads."""
        return modules_of(self.text, self.language) or ()

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        if self.language == PYTHON:
            return python_calls.calls(self.text, self.path) or ()
        file = None if self.bundled else self.path
        return javascript_facts.calls(self.text, self.language, file) or ()

    @cached_property
    def assignments(self) -> dict[str, tuple[Value, int]]:
        """What a Python module binds at its top level."""
        return python_calls.assignments(self.text, self.path) or {}
