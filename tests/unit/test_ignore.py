"""``.dockerignore`` as the engine reads it: what Docker copies is the oracle."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from pipeline.commands import Engine
from pipeline.dockerfile.ignore import Ignore
from pipeline.steps.source import context_files

FILES = [
    ".env", ".git/config", "#hash", "a", "a.py", "b.md", "README.md", "ab", "a b",
    "app/a.py", "app/README.md", "app/.env", "app/sub/a.py", "app/sub/deep/b.md",
    "docs/README.md", "docs/b.md", "node_modules/x/a.py",
]  # fmt: skip

TABLE = {
    "nothing": "",
    "comments and blanks": "# a comment\n\n  \n# a.py\n",
    "a file": "a.py",
    "a folder": "app",
    "a folder with a slash": "app/",
    "from the root": "/app/sub",
    "dots in the path": "./app/../docs/./b.md",
    "above the root": "../a.py",
    "spaces around": "  a.py  ",
    "a name with a space": "a b",
    "carriage returns": "a.py\r\napp\r\n",
    "one star stays in a folder": "*.py",
    "one star for a folder": "*/README.md",
    "two stars": "**/*.md",
    "two stars at the end": "app/**",
    "two stars alone": "**",
    "two stars in the middle": "app/**/b.md",
    "a star alone": "*",
    "everything but": "*\n!app",
    "everything but deep": "**\n!app/sub/a.py",
    "a question mark": "a?",
    "a class": "[ab].*",
    "a negated class": "[^a].md",
    "a range": "[a-b]*",
    "an escaped star": "\\*.py",
    "an escaped hash": "\\#hash",
    "hash after a space": " #hash",
    "let in again": "*.md\n!README.md",
    "let in, then out": "!README.md\n*.md",
    "the last one wins": "*.md\n!README.md\nREADME.md",
    "let a child in": "app\n!app/sub/a.py",
    "let in a folder deep below": "app\n!app/sub",
    "exception with a space": "*.md\n! README.md",
    "hidden files": ".*",
    "hidden files everywhere": "**/.env\n.git",
    "a regular expression is none": "a.p.\na.*\na.py$\n",
    "dot alone": ".",
    "slash alone": "/",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return find_engine(real_world())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        for file in FILES:
            path = Path(name, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file)
        yield Path(name)


def copied(engine: Engine, folder: Path) -> set[str]:
    """What ``COPY .`` brings into an image, as the engine itself writes it out."""
    dockerfile = b"FROM scratch\nCOPY . /ctx/\n"
    environ = {**os.environ, "DOCKER_BUILDKIT": "1"}
    words = ("build", "--quiet", "--output", "type=tar,dest=-", "--file", "-", str(folder))
    built = subprocess.run(
        (engine.path, *words), input=dockerfile, capture_output=True, env=environ
    )
    assert built.returncode == 0, built.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(built.stdout)) as archive:
        names = [one.name for one in archive if one.isfile()]
    return {name.removeprefix("ctx/") for name in names}


def kept(folder: Path) -> set[str]:
    return {name for name, _ in context_files(folder, folder / ".dockerignore")}


@pytest.mark.parametrize("rules", TABLE.values(), ids=TABLE.keys())
def test_the_engine_copies_what_we_digest(rules: str, engine: Engine, folder: Path) -> None:
    (folder / ".dockerignore").write_text(rules)

    assert kept(folder) == copied(engine, folder)


parts = st.sampled_from(["*", "**", "a", "app", "sub", "*.md", "a*", "?", "[a-b]", "README.md"])
patterns = st.lists(parts, min_size=1, max_size=3).map("/".join)
rule_lists = st.lists(
    st.tuples(st.sampled_from(["", "!"]), patterns).map("".join), min_size=1, max_size=4
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rule_lists)
@example(["*", "!*/*"])
@example(["app", "!*/sub"])
def test_the_engine_agrees_on_any_list_of_patterns(
    engine: Engine, folder: Path, rules: list[str]
) -> None:
    (folder / ".dockerignore").write_text("\n".join(rules))

    digested, seen = kept(folder), copied(engine, folder)

    assert seen <= digested
    assert digested - seen <= {name for name in digested if not_entered(rules, name)}


def not_entered(rules: list[str], name: str) -> bool:
    """Whether an engine before Docker 23 stops above ``name``, which later ones find.

    It enters a folder that is left out only for an exception that spells the folder's name.
    """
    ignore = Ignore.parse("\n".join(rules))
    exceptions = [rule[1:] + "/" for rule in rules if rule.startswith("!")]
    above = [folder.as_posix() for folder in PurePosixPath(name).parents][:-1]
    return any(
        ignore.excludes(folder)
        and not any(exception.startswith(f"{folder}/") for exception in exceptions)
        for folder in above
    )


@given(st.text() | st.text(alphabet="ab[]^-!*\\?/.#&|~d \n"), st.sampled_from(FILES))
@example("[z-a]", "a")
@example("[", "a")
@example("[]", "a")
@example("\\", "a")
@example("!", "a")
@example("[[a]\n[a--b]\n[a&&b]", "a")
@example("[\\--]", "a")
@example("\ufeffa", "a")
def test_no_file_of_rules_raises(text: str, path: str) -> None:
    Ignore.parse(text).excludes(path)
