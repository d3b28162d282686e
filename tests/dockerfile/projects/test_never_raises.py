"""No text makes a parser raise, and none makes it slow."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.projects import configs, locks, node, prisma, pyproject, sql, typescript
from pipeline.dockerfile.projects.distributions import brings, console_scripts, distribution_of
from pipeline.dockerfile.projects.imports import imports
from pipeline.dockerfile.projects.javascript_facts import calls as javascript_calls
from pipeline.dockerfile.projects.javascript_facts import modules
from pipeline.dockerfile.projects.logging_files import file_handlers
from pipeline.dockerfile.projects.markers import applies
from pipeline.dockerfile.projects.python_calls import assignments, calls
from pipeline.dockerfile.projects.requirements import requirement, requirements
from pipeline.dockerfile.projects.wheels import build_needs, needs_compiler

PARSERS: dict[str, Callable[[str], object]] = {
    "applies": applies,
    "assignments": assignments,
    "brings": brings,
    "build_needs": build_needs,
    "calls": lambda text: calls(text, "/app/x.py"),
    "console_scripts": console_scripts,
    "distribution_of": distribution_of,
    "environment": configs.environment,
    "file_handlers": lambda text: list(file_handlers("[handlers]\nkeys=a\n[handler_a]\n" + text)),
    "gunicorn": configs.gunicorn,
    "imports": imports,
    "javascript": lambda text: (javascript_calls(text, "javascript"), modules(text, "javascript")),
    "locked": locks.locked,
    "makefile": configs.makefile,
    "needs_compiler": lambda text: needs_compiler("numpy", text, text, "musl"),
    "package_json": node.package_json,
    "package_lock": node.package_lock,
    "pipfile": pyproject.pipfile,
    "procfile": configs.procfile,
    "pyproject": pyproject.pyproject,
    "requirement": requirement,
    "requirements": requirements,
    "schema": prisma.schema,
    "script_line": lambda text: node.script_line(text, "start"),
    "setup_cfg": pyproject.setup_cfg,
    "setup_py": pyproject.setup_py,
    "supervisor": configs.supervisor,
    "tables": lambda text: sql.applied(sql.tables(text)),
    "tsconfig": typescript.tsconfig,
    "typescript": lambda text: (javascript_calls(text, "tsx", "/a/b.ts"), modules(text, "tsx")),
}

WORDS = st.sampled_from(
    [
        *"[]{}()'\"`\\/,;:=@#%*\n\t\0é-&|<>?!.",
        *("//", "/*", "*/", "--", "$$", "${", "==", "=>", "?.", "...", "@@", "\r\n", "\ufeff"),
        *("import", "from", "require", "export", "const", "let", "class", "def", "if", "try"),
        *("except", "model", "generator", "enum", "CREATE", "TABLE", "ALTER", "ADD", "COLUMN"),
        *("DROP", "RENAME", "TO", "name", "version", "[package]", "[[package]]", "[program:a]"),
        *('"a"', "'b'", "a.b", "a=1", "os.environ", "process.env", "[tool.poetry]", "[project]"),
        *("dependencies", "scripts", "setup(", "-e", "-r", "[options]", "install_requires="),
        *("and", "or", "not", "in", "1", "function", "await", "return", "f('", "lambda:"),
    ]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=30).map(" ".join))


@pytest.mark.parametrize("name", PARSERS)
@given(text=TEXTS)
@settings(max_examples=60, deadline=None)
def test_no_text_makes_a_parser_raise(name: str, text: str) -> None:
    PARSERS[name](text)


LONG = {
    "one letter": "a" * 150_000,
    "spaces": "a" + " " * 150_000 + "!",
    "open brackets": "[" * 50_000,
    "open braces": "{" * 50_000,
    "open strings": '"' * 49_999,
    "slashes": '"' + "//" * 50_000,
    "comments": "/*" * 50_000,
    "colons": "a:" * 50_000,
    "equals": "a=" * 50_000,
    "dashes": "-" * 100_000,
    "dotted": ("a." * 90 + "a=1\n") * 500,
    "dots": "a." * 50_000,
    "lines": "a: b\n c\n\td\n" * 15_000,
    "continuations": "a: \\\n" * 25_000,
    "tables": "[a]\nb=1\n" * 15_000,
    "targets": "a " * 25_000 + ":" + " b" * 25_000,
    "options": "[a]\nb=c\n" + "  d\n" * 30_000,
    "model": "model A {\n" + "a Int\n" * 20_000 + "}",
    "dollars": "$a$ $b$ " * 15_000,
    "statements": "CREATE TABLE a (b int);" * 5_000,
    "commas": "ALTER TABLE a " + "ADD b," * 15_000,
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("calls", "a = [" + "1," * 300 + "]\n" + "f(a)\n" * 20_000),
        ("calls", "a = b" + ".c" * 900 + "()\n" + "a.f()\n" * 20_000),
        ("javascript", "const a = [" + "1," * 300 + "];" + "f(a);" * 10_000),
        ("javascript", "const a = b" + ".c" * 9_000 + "();" + "a.f();" * 10_000),
        ("typescript", "(function(){" * 5_000 + "f(x)" + "})()" * 5_000),
        ("typescript", "'\"" * 20_000),
    ],
    ids=itertools.count(),
)
def test_no_source_takes_more_than_its_share(name: str, text: str) -> None:
    start = time.process_time()
    PARSERS[name](text)
    assert time.process_time() - start < 6


@pytest.mark.parametrize("name", sorted(PARSERS.keys() - {"javascript", "typescript"}))
def test_no_text_makes_a_parser_slow(name: str) -> None:
    for kind, text in LONG.items():
        start = time.process_time()
        PARSERS[name](text)
        assert time.process_time() - start < 3, kind
