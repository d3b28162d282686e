"""The files that handlers of a logging configuration open."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.projects.logging_files import file_handlers
from pipeline.dockerfile.projects.values import Env


def opened(section: str, keys: str = "one") -> list[tuple[object, int]]:
    text = f"[handlers]\nkeys = {keys}\n[handler_one]\n{section}\n"
    return [(call.arguments[0], line) for call, line in file_handlers(text)]


@pytest.mark.parametrize(
    "name",
    ["FileHandler", "logging.FileHandler", "handlers.RotatingFileHandler",
     "logging.handlers.WatchedFileHandler"],
)  # fmt: skip
def test_the_names_of_a_class(name: str) -> None:
    assert opened(f"class = {name}\nargs = ('a/b.log', 'w')") == [("a/b.log", 5)]


@pytest.mark.parametrize(
    "section",
    [
        "class = StreamHandler\nargs = (sys.stderr,)",
        "class = our.FileHandler\nargs = ('a.log',)",
        "class = FileHandler\nargs = ('%(folder)s/a.log',)",
        "class = FileHandler\nargs = ('a.log',)\nkwargs = {'delay': True}",
        "class = FileHandler\nargs = 'a.log',",
        "class = FileHandler\nargs = ('a.log'",
        "class = FileHandler",
    ],
)
def test_what_is_not_certain_is_not_said(section: str) -> None:
    assert opened(section) == []


def test_a_path_may_come_from_the_environment() -> None:
    section = "class = FileHandler\nargs = (os.getenv('LOG', 'x/y.log'),)"
    assert opened(section) == [(Env("LOG", "x/y.log"), 5)]


def test_handlers_that_are_not_listed_open_nothing() -> None:
    assert opened("class = FileHandler\nargs = ('a.log',)", keys="two, three") == []
    assert list(file_handlers("class = FileHandler\nargs = ('a.log',)")) == []
