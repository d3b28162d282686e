"""``.gcloudignore`` as gcloud reads it: what it said of these rules, and itself where it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.dockerfile.gcloudignore import GcloudIgnore

PATHS = [
    "aa", "ab", "a.b", "ee", "bb/aa", "bb/ab", "bb/bb/aa", "cc/aa/bb", "cc/bb", "cc/ab/aa",
    "cc/a.b", "dd/aa/aa/bb", "dd/cc/aa/bb", "cc/dd/a.b",
]  # fmt: skip

LEFT_OUT = {
    "aa": "aa bb/aa bb/bb/aa cc/aa/bb cc/ab/aa dd/aa/aa/bb dd/cc/aa/bb",
    "/aa": "aa",
    "aa/": "cc/aa/bb dd/aa/aa/bb dd/cc/aa/bb",
    "*.b": "a.b cc/a.b cc/dd/a.b",
    "?b": "ab bb/aa bb/ab bb/bb/aa cc/aa/bb cc/bb cc/ab/aa dd/aa/aa/bb dd/cc/aa/bb",
    "[!a]b/aa": "bb/aa bb/bb/aa",
    "aa/bb": "cc/aa/bb dd/aa/aa/bb dd/cc/aa/bb",
    "/cc/aa": "cc/aa/bb",
    "*/aa": "aa bb/aa cc/aa/bb dd/aa/aa/bb",
    "/*/aa": "bb/aa cc/aa/bb dd/aa/aa/bb",
    "dd/**": "dd/aa/aa/bb dd/cc/aa/bb",
    "ab/**": "ab",
    "cc/**/bb": "cc/aa/bb cc/bb",
    "**/cc/**/bb": "cc/aa/bb cc/bb dd/cc/aa/bb",
    "**/**/a**": "aa ab a.b bb/aa bb/ab bb/bb/aa cc/aa/bb cc/ab/aa cc/a.b dd/aa/aa/bb "
    "dd/cc/aa/bb cc/dd/a.b",
    "*\n!cc/": "aa ab a.b ee bb/aa bb/ab bb/bb/aa dd/aa/aa/bb dd/cc/aa/bb",
    "/cc/*\n!/cc/aa": "cc/bb cc/ab/aa cc/a.b cc/dd/a.b",
    "cc/**\n!cc/bb": "cc/aa/bb cc/bb cc/ab/aa cc/a.b cc/dd/a.b",
    "aa\n!bb/aa": "aa cc/aa/bb cc/ab/aa dd/aa/aa/bb dd/cc/aa/bb",
}


def parsed(text: str) -> GcloudIgnore:
    return GcloudIgnore.parse(text, lambda _: "")


@pytest.mark.parametrize("text", LEFT_OUT)
def test_what_gcloud_leaves_out_is_left_out(text: str) -> None:
    assert [one for one in PATHS if parsed(text).excludes(one)] == [
        one for one in PATHS if one in LEFT_OUT[text].split()
    ]


@pytest.mark.skipif(not shutil.which("gcloud"), reason="no gcloud to ask")
def test_gcloud_says_so_itself(tmp_path: Path) -> None:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for text in ("*/aa\naa/bb\n!dd/cc/**", "*\n!cc/\ncc/ab/**"):
        (tmp_path / ".gcloudignore").write_text(f"{text}\n.gcloudignore\n")
        asked = ("gcloud", "meta", "list-files-for-upload", str(tmp_path))
        listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
        assert sorted(listed) == sorted(one for one in PATHS if not parsed(text).excludes(one))


@pytest.mark.parametrize(
    ("text", "path", "out"),
    [
        ("# a\n\n \n/\n", "a", False),
        ("\\#a\n", "#a", True),
        ("\\!a\n", "!a", True),
        ("a \n", "a", True),
        ("a\\ \n", "a ", True),
        ("a/ \n", "a/b", True),
        ("\ufeffa\n", "a", True),
        ("a\r\nb\r\n", "b", True),
        ("[\n", "[", True),
        ("foo/\n!foo/keep\n", "foo/keep", True),
    ],
)
def test_the_small_print(text: str, path: str, out: bool) -> None:
    assert parsed(text).excludes(path) is out


def test_another_file_is_included_one_level_deep() -> None:
    asked = []

    def text(name: str) -> str:
        asked.append(name)
        return "a\n#!include:more\n"

    rules = GcloudIgnore.parse("# !include:.gitignore\nb\n", text)
    assert asked == [".gitignore"]
    assert [path for path in ("a", "b", "c") if rules.excludes(path)] == ["a", "b"]
