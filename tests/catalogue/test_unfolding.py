"""What a document or a screen has folded is recognised as what was written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogue import of_log, own_entries, recognise
from pipeline.catalogue.unfolding import LONGEST, unfolded

OWN = own_entries()
SAID = 'ProgrammingError: relation "invoices" does not exist'
TRACE = "Traceback (most recent call last):\n" + '  File "/app/main.py", line 1, in x\n' * 90 + SAID


def as_csv(text: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(["2026-01-12", "ERROR", text])
    return out.getvalue()


WAYS: dict[str, Callable[[str], str]] = {
    "json": lambda text: json.dumps({"severity": "ERROR", "message": text, "logger": "app"}),
    "json in json": lambda text: json.dumps({"textPayload": json.dumps({"message": text})}),
    "yaml": lambda text: f"textPayload: {json.dumps(text)}",
    "csv": as_csv,
    "progress": lambda text: "".join(f"progress {n}%\r" for n in range(100)) + text,
    "long": lambda text: "x " * 2000 + text,
}


@pytest.mark.parametrize("text", [SAID, TRACE], ids=["line", "trace"])
@pytest.mark.parametrize("way", WAYS)
def test_a_failure_is_recognised_however_it_is_written(way: str, text: str) -> None:
    found = recognise(OWN, of_log(WAYS[way](text).splitlines()))

    assert [one.id for one in found] == ["S16"]


@pytest.mark.parametrize("line", ["C:\\new\\table", 'PORT=""', "a", "", 'x("", "")'])
def test_other_lines_stay(line: str) -> None:
    assert unfolded([line]) == [line]


@given(st.lists(st.text() | st.text('\\"n\r ,'), max_size=10))
def test_pieces_are_short_and_none_is_lost(lines: list[str]) -> None:
    pieces = unfolded(lines)

    assert len(pieces) >= len(lines)
    assert all(len(piece) <= LONGEST and not {"\r", "\n"} & set(piece) for piece in pieces)
