"""Each entry is recognised in what the tools really print, and by no other entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.catalogue import Entry, of_log, own_entries, recognise

HERE = Path(__file__).parent
FIXTURES = sorted(HERE.glob("[A-Z]*/*.txt"))
HEALTHY = sorted(HERE.glob("healthy/*.txt"))
ENTRIES = own_entries()


def named(file: Path) -> str:
    return file.relative_to(HERE).as_posix()


def found_in(file: Path) -> list[str]:
    return [one.id for one in recognise(ENTRIES, of_log(file.read_text("utf-8").splitlines()))]


@pytest.mark.parametrize("file", FIXTURES, ids=named)
def test_a_failure_is_recognised_as_itself_and_as_nothing_else(file: Path) -> None:
    assert found_in(file) == [file.parent.name]


@pytest.mark.parametrize("file", HEALTHY, ids=named)
def test_nothing_is_recognised_where_all_is_well(file: Path) -> None:
    assert found_in(file) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_entry_has_a_fixture(entry: Entry) -> None:
    assert list((HERE / entry.id).glob("*.txt"))


def test_every_known_failure_has_an_entry_of_its_own() -> None:
    ids = [entry.id for entry in ENTRIES]
    rows = [
        *(f"S{n:02}" for n in range(1, 24)), "D01", *(f"K{n:02}" for n in range(1, 10)),
        *(f"V{n:02}" for n in range(1, 11)), *(f"M{n:02}" for n in range(1, 8)),
        "P01", "P02", "L01", "L02",
    ]  # fmt: skip

    assert len(ids) == len(set(ids))
    assert set(rows) <= set(ids)
