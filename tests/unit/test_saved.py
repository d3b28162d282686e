"""A saved log of any size is read within bounds, and what tells something is kept."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NothingToDiagnose
from pipeline.steps.saved import read_log, telling


def test_what_says_the_same_is_kept_twice_and_the_end_whole() -> None:
    requests = [b"10.0.0.%d GET /health 200\n" % (number % 250) for number in range(50_000)]
    kept = telling([*requests[:20_000], b"the one line\n", *requests, b"the end\n"])

    assert "the one line" in kept
    assert kept[-1] == "the end"
    assert len(kept) < 1000


def test_a_short_log_is_kept_whole() -> None:
    assert telling([b"a\r\n", b"a\n", b"a"]) == ["a", "a", "a"]


@given(st.lists(st.binary(max_size=50), max_size=50))
def test_any_bytes_are_lines(lines: list[bytes]) -> None:
    assert len(telling(lines)) == len(lines)


def test_a_line_without_an_end_is_cut_into_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 1_000_000 + b"\x00\xff the end")

    lines = read_log(str(path))
    assert max(map(len, lines)) <= 4096
    assert lines[-1].endswith("the end")


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"one\ntwo\n")))

    assert read_log("-") == ["one", "two"]


@pytest.mark.parametrize("name", ["absent", ".", "empty", "blank", "nul\0"])
def test_what_cannot_be_read_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "blank").write_text("\n \n")

    with pytest.raises(NothingToDiagnose) as raised:
        read_log(str(tmp_path / name))
    assert raised.value.remedy
