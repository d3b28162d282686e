"""A saved log of any size is read within bounds, and what tells something is kept."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NothingToDiagnose
from pipeline.report.harmless import clean_lines
from pipeline.steps.saved import read_log, telling

KEY = "password=" + "".join(f"{number:02x}q" for number in range(200))


def test_what_says_the_same_is_kept_twice_and_the_end_whole() -> None:
    requests = [b"10.0.0.%d GET /health 200\n" % (number % 250) for number in range(50_000)]
    kept = telling([*requests[:20_000], b"the one line", *requests, b"the end"])

    assert b"the one line" in kept
    assert kept[-1] == b"the end"
    assert len(kept) < 1000


def test_a_short_log_is_kept_whole() -> None:
    assert telling([b"a", b"a", b"a"]) == [b"a", b"a", b"a"]


@given(st.lists(st.binary(max_size=50), max_size=50))
def test_any_bytes_are_lines(lines: list[bytes]) -> None:
    assert len(telling(lines)) == len(lines)


@pytest.mark.parametrize("size", [3000, 4096, 8192, 20_000, 1_000_000])
def test_a_long_line_is_known_by_its_ends(size: int, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"the begin" + b"x" * size + b"\x00\xff the end\nnext")

    lines = read_log(str(path), list)
    assert lines[0].startswith("the begin")
    assert lines[-2].endswith("the end")
    assert lines[-1] == "next"
    assert max(map(len, lines)) <= 16_500


@given(
    st.integers(0, 40_000), st.sampled_from([KEY, "ghp_" + "a1" * 18, f'"token": "{KEY[9:]} b"'])
)
def test_no_cut_lets_a_part_of_a_secret_through(at: int, secret: str) -> None:
    line = "y" * at + " " + secret + " " + "z" * (40_000 - at)
    with tempfile.NamedTemporaryFile() as file:
        file.write(line.encode())
        file.flush()
        shown = "".join(read_log(file.name, clean_lines))

    assert not [at for at in range(9, len(secret) - 8) if secret[at : at + 8] in shown]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_powershells_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    text = "No module named 'redis'\r\nĀ ਊ \U0001f600\r\n" + "x" * 5000 + "\r\nthe end"
    (tmp_path / "log").write_bytes(text.encode(encoding))

    assert read_log(str(tmp_path / "log"), list) == text.splitlines()


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"one\ntwo\n")))

    assert read_log("-", list) == ["one", "two"]


@pytest.mark.parametrize("name", ["absent", ".", "empty", "blank", "nul\0"])
def test_what_cannot_be_read_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "blank").write_text("\n \n")

    with pytest.raises(NothingToDiagnose) as raised:
        read_log(str(tmp_path / name), list)
    assert raised.value.remedy
