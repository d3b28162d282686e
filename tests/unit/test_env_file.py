"""A file of secrets for the local Cloud Run: what it says, and what is no line of it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.env_file import read_env_file
from pipeline.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secrets.env"


def refused(file: Path) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        read_env_file(file)
    return error.value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  A = b  ", "b"),
        ("export A=b", "b"),
        ("A=", ""),
        ("A=b=c", "b=c"),
        ("A=b # a comment", "b"),
        ("A=b#c", "b#c"),
        ("A=#c", ""),
        ("A='b # c'", "b # c"),
        ("A=' b '  # a comment", " b "),
        (r"A='b\n'", r"b\n"),
        (r'A="b\nc \"d\" \\ \$"', 'b\nc "d" \\ $'),
        ("A=it's", "it's"),
        ("A=ä🌊", "ä🌊"),
        ("A=b\r", "b"),
        ("\ufeffA=b", "b"),
    ],
)
def test_values(file: Path, line: str, value: str) -> None:
    file.write_text(f"{line}\n", "utf-8", newline="")
    assert read_env_file(file) == {"A": value}


def test_blank_lines_and_comments_say_nothing(file: Path) -> None:
    file.write_text("# secrets\n\n  # more\nA=1\n\nB-c_2=2")
    assert read_env_file(file) == {"A": "1", "B-c_2": "2"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hunter2", "there is no ="),
        ("=hunter2", "the name is no secret's"),
        ("a hunter2=x", "the name is no secret's"),
        ("a.hunter2=x", "the name is no secret's"),
        ("ä=hunter2", "the name is no secret's"),
        (f"{'a' * 256}=hunter2", "the name is no secret's"),
        ("A=hunter2", "this name is there already"),
        ('B="hunter2', "the quotes do not end the value"),
        ("B='hunter2' x", "the quotes do not end the value"),
        ("B=hunter2\0", "has a NUL"),
        (f"B=hunter2{'x' * 65536}", "longer than 64 KiB"),
    ],
)
def test_a_fault_names_its_line_and_shows_nothing_of_it(file: Path, line: str, why: str) -> None:
    file.write_text(f"A=1\n{line}\n", "utf-8")
    error = refused(file)
    (said,) = error.lines
    assert said.startswith(f"{file}:2: ")
    assert why in said
    assert "hunter2" not in f"{error.what}{error.where}{error.remedy}{error.lines}"


def test_every_fault_is_named(file: Path) -> None:
    file.write_text("x\nA=1\ny\n")
    error = refused(file)
    assert "2 lines" in error.what
    assert [line.split(":")[-2] for line in error.lines] == ["1", "3"]


def test_files_that_cannot_be_read(file: Path) -> None:
    assert "No such file" in refused(file).what
    assert "directory" in refused(file.parent).what
    file.write_bytes(b"A=\xff")
    assert "not UTF-8" in refused(file).what
    file.write_bytes(b"#" * (1024 * 1024 + 1))
    assert "larger than 1 MiB" in refused(file).what


@given(st.text())
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.env"
    file.write_text(text, "utf-8", newline="")
    with contextlib.suppress(ConfigError):
        read_env_file(file)


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_-]{1,9}", fullmatch=True), st.text()))
def test_what_is_quoted_comes_back(
    tmp_path_factory: pytest.TempPathFactory, secrets: dict[str, str]
) -> None:
    usable = {name: value.replace("\0", "") for name, value in secrets.items()}
    escapes = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
    lines = [f'{name}="{value.translate(escapes)}"\n' for name, value in usable.items()]
    file = tmp_path_factory.getbasetemp() / "quoted.env"
    file.write_text("".join(lines), "utf-8", newline="")
    assert read_env_file(file) == usable
