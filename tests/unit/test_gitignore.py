"""``.gcloudignore`` as git reads its own file, with git itself as the judge."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dockerfile.gitignore import GitIgnore

SEGMENT = st.sampled_from(["a", "b", "ab", "*", "a*", "?", "**", "[ab]", "[!a]", "*.b", "a.b"])
RULE = st.builds(
    lambda no, lead, parts, end: f"{no}{lead}{'/'.join(parts)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
)
PATHS = [
    "a", "ab", "a.b", "e", "b/a", "b/ab", "b/b/a", "c/a/b", "c/b", "c/ab/a", "c/a.b", "d/a/a/b",
]  # fmt: skip


def parsed(text: str) -> GitIgnore:
    return GitIgnore.parse(text, lambda _: "")


def gits(text: str) -> set[str]:
    """The paths that git leaves out."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path in PATHS:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        subprocess.run(("git", "init", "-q", folder), check=True)
        (root / ".git/info").mkdir(exist_ok=True)
        (root / ".git/info/exclude").write_text(text)
        listed = subprocess.run(
            ("git", "-C", folder, "ls-files", "-z", "--others", "--exclude-standard"),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return set(PATHS) - set(listed.stdout.split("\0"))


@settings(max_examples=60, deadline=None)
@given(st.lists(RULE, max_size=4))
def test_what_git_leaves_out_is_left_out(rules: list[str]) -> None:
    text = "\n".join(rules)

    assert {path for path in PATHS if parsed(text).excludes(path)} == gits(text)


@pytest.mark.parametrize(
    ("text", "path", "out"),
    [
        ("# a\n\n \n", "a", False),
        ("\\#a\n", "#a", True),
        ("\\!a\n", "!a", True),
        ("a \n", "a", True),
        ("\ufeffa\n", "a", True),
        ("foo/\n!foo/keep\n", "foo/keep", True),
        ("foo/*\n!foo/keep\n", "foo/keep", False),
    ],
)
def test_the_small_print(text: str, path: str, out: bool) -> None:
    assert parsed(text).excludes(path) is out


def test_another_file_is_included_one_level_deep() -> None:
    asked = []

    def text(name: str) -> str:
        asked.append(name)
        return "a\n#!include:more\n"

    rules = GitIgnore.parse("#!include:.gitignore\nb\n", text)
    assert asked == [".gitignore"]
    assert [path for path in ("a", "b", "c") if rules.excludes(path)] == ["a", "b"]
