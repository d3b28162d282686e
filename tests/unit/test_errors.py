"""Errors a user can meet: each has its own exit code and title, and says what to do next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from pipeline import errors
from pipeline.errors import PipelineError

PACKAGE = Path(pipeline.__file__).parent
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PipelineError)
]

# deploy says the remedy, for it knows what serves meanwhile.
REMEDY_SAID_LATER = {("adapters/operations.py", "RevisionFailed")}


def made_in(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every place in a file where one of our errors is made."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "pipeline.errors"
        for name in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node.func.id, node


MADE = [
    pytest.param(path.relative_to(PACKAGE), name, call, id=f"{path.stem}:{call.lineno}")
    for path in sorted(PACKAGE.rglob("*.py"))
    for name, call in made_in(path)
]


@pytest.mark.parametrize(("path", "name", "call"), MADE)
def test_every_error_comes_with_a_remedy(path: Path, name: str, call: ast.Call) -> None:
    if (path.as_posix(), name) not in REMEDY_SAID_LATER:
        assert "remedy" in {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"


def test_exit_codes_are_unique_and_a_shell_can_tell_them() -> None:
    codes = [kind.exit_code for kind in KINDS]

    assert len(set(codes)) == len(codes)
    assert all(0 < code < 126 or code in {130, 143} for code in codes)


def test_titles_are_unique_sentences_without_a_stop() -> None:
    titles = [kind.title for kind in KINDS]

    assert len(set(titles)) == len(titles)
    assert all(title[0].isupper() and not title.endswith(".") for title in titles)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not PipelineError])
def test_every_class_has_a_code_and_a_title_of_its_own(kind: type[PipelineError]) -> None:
    assert {"exit_code", "title"} <= vars(kind).keys()


def test_every_class_is_used() -> None:
    names = {kind.__name__ for kind in KINDS}
    used = {
        node.id
        for path in PACKAGE.rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name)
    }

    assert names <= used
