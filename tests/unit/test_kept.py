"""Lines from bytes, however they come: each once, bounded, and the unfinished one after a pause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.kept import Written

LATER = 1.0  # seconds
LONGEST = 1 << 16  # bytes of a line


def written(*chunks: bytes) -> Written:
    found = Written()
    for chunk in chunks:
        found.add(chunk, 0.0)
    return found


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_how_the_bytes_come(chunks: list[bytes]) -> None:
    pieces, whole = written(*chunks), written(b"".join(chunks))

    assert pieces.lines(LATER) == whole.lines(LATER)
    pieces.end()
    whole.end()
    assert pieces.lines(0.0) == whole.lines(0.0) == whole.lines(LATER)


def test_an_unfinished_line_is_one_after_a_pause_and_in_the_end() -> None:
    found = written(b"one\r\nwait", b"ing")

    assert found.lines(0.0) == ["one"]
    assert found.lines(LATER) == ["one", "waiting"]
    found.add(b" for it\ntwo", LATER)
    assert found.lines(LATER) == ["one", "waiting for it"]
    found.end()
    assert found.lines(LATER) == ["one", "waiting for it", "two"]


def test_one_that_never_pauses_is_seen_too() -> None:
    found = Written()
    for at in range(10):
        found.add(b".", at / 10)

    assert found.lines(1.0) == [".........."]


def test_a_line_without_an_end_is_cut() -> None:
    found = written(*[b"x" * 1000] * 200)

    assert {len(line) for line in found.lines(LATER)[:-1]} == {LONGEST}
    assert "".join(found.lines(LATER)) == "x" * 200_000
