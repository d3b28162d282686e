"""Comments that suppress findings: where they stand, and what they hold for."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dockerfile.suppressions import read_suppressions

DOCKERFILE = """\
# pipeline: ignore=S05 migrations are quick
# hadolint ignore=DL3008
RUN apt-get update && \\
    # pipeline: ignore=DL3015, s23 - wanted here
    apt-get install x && \\
    echo done
# pipeline: ignore=S09

RUN npm ci
CMD x
""".splitlines()
SPANS = [(3, 6), (9, 9), (10, 10)]


def covered(rule: str, line: int, end_line: int = 0) -> bool:
    found = read_suppressions(DOCKERFILE, SPANS)
    return any(one.covers(rule, line, end_line or line) for one in found)


def test_a_comment_names_rules_and_a_reason() -> None:
    found = read_suppressions(DOCKERFILE, SPANS)

    assert [(one.line, one.rules, one.reason) for one in found] == [
        (1, ("S05",), "migrations are quick"),
        (4, ("DL3015", "S23"), "wanted here"),
        (7, ("S09",), ""),
    ]


@pytest.mark.parametrize(
    ("rule", "line", "end_line", "expected"),
    [
        ("S05", 3, 6, True),  # above the instruction, another comment between
        ("S05", 6, 6, True),  # any line of it
        ("S05", 10, 10, False),  # another instruction
        ("S09", 3, 6, False),  # another rule
        ("DL3015", 5, 5, True),  # above a line of the instruction
        ("DL3015", 3, 3, True),  # hadolint names the instruction's first line
        ("DL3015", 6, 6, False),  # another line of it
        ("S23", 4, 5, True),  # what reaches over the line below
        ("S09", 9, 9, False),  # a blank line parts them
    ],
)
def test_what_a_comment_covers(rule: str, line: int, end_line: int, expected: bool) -> None:
    assert covered(rule, line, end_line) is expected


@pytest.mark.parametrize(
    ("comment", "rules", "reason"),
    [
        ("#pipeline:ignore=S05", ("S05",), ""),
        ("  // pipeline: ignore = S15 the proxy binds it", ("S15",), "the proxy binds it"),
        ("# pipeline: ignore=S05,S05,S06: twice", ("S05", "S06"), "twice"),
        ("# pipeline: ignore= no rule", (), "no rule"),
        ("# pipeline: ignore=S05 \N{EM DASH} dashed\r", ("S05",), "dashed"),
    ],
)
def test_the_spellings(comment: str, rules: tuple[str, ...], reason: str) -> None:
    (one,) = read_suppressions([comment, "exec server"])

    assert (one.rules, one.reason) == (rules, reason)
    assert one.below == 2


@pytest.mark.parametrize(
    "text", ["RUN echo # pipeline: ignore=S05", "# hadolint ignore=DL3008", "# pipeline: S05"]
)
def test_what_is_no_suppression(text: str) -> None:
    assert read_suppressions([text, "RUN x"]) == []


def test_at_the_end_of_a_file_it_covers_nothing() -> None:
    (one,) = read_suppressions(["RUN x", "# pipeline: ignore=S05 late"], [(1, 1)])

    assert not one.covers("S05", 1, 1)


@given(st.lists(st.text(alphabet="# pipeline:ignore=S05,/\t x", max_size=60), max_size=30))
def test_any_text_gives_comments_in_order(lines: list[str]) -> None:
    found = read_suppressions(lines)

    assert [one.line for one in found] == sorted({one.line for one in found})
    assert all(one.line < one.below <= len(lines) + 1 for one in found)


def test_many_comments_and_long_lines_take_linear_time() -> None:
    lines = ["# pipeline: ignore=S05 x"] * 100_000 + [" " * 5_000_000 + "#" + "S05," * 100_000]
    began = time.perf_counter()
    found = read_suppressions(lines)

    assert len(found) == 100_000
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("text", "rules", "reason"),
    [
        ("# pipeline: ignore=NOPE,S99 a typo", ("NOPE", "S99"), "a typo"),
        ("# pipeline: ignore=S05,NOPE why", ("S05", "NOPE"), "why"),
        ("# pipeline: ignore= because", (), "because"),
    ],
)
def test_what_is_no_id_is_kept_to_be_complained_of(
    text: str, rules: tuple[str, ...], reason: str
) -> None:
    (found,) = read_suppressions([text, "RUN x"], [(2, 2)])
    assert (found.rules, found.reason) == (rules, reason)
