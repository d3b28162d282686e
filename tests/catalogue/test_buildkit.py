"""What a step says that ended well is no failure; its warnings are kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogue.buildkit import unfinished

GOOD = ["#7 [2/3] RUN npm test", "#7 0.300 Error: expected", "#7 0.301 npm warn", "#7 DONE 1.2s"]


def test_a_step_that_is_done_leaves_its_warnings() -> None:
    assert unfinished(GOOD) == [GOOD[0], GOOD[2], GOOD[3]]


def test_a_step_that_failed_or_did_not_end_is_kept_whole() -> None:
    failed = ["#7 0.300 Error: real", "#7 ERROR: process did not complete", "#7 DONE 0.0s"]

    assert unfinished(failed) == failed
    assert unfinished(GOOD[:3]) == GOOD[:3]


def test_the_number_is_looked_for_behind_the_time_that_ci_writes() -> None:
    lines = [f"2026-01-12T09:14:04.05Z {line}" for line in GOOD]

    assert unfinished(lines) == [lines[0], lines[2], lines[3]]


def test_the_next_build_counts_its_steps_anew() -> None:
    failed = ["#7 0.300 Error: real", "#7 ERROR: process did not complete"]

    assert unfinished([*GOOD, *failed])[-2:] == failed


@given(st.lists(st.sampled_from(["#1 0.1 x", "#2 0.2 x", "#1 DONE 1s", "#1 ERROR: x", "plain"])))
def test_only_lines_of_steps_are_ever_left_out(lines: list[str]) -> None:
    kept = unfinished(lines)

    assert [one for one in kept if "0." not in one] == [one for one in lines if "0." not in one]
    assert kept.count("#2 0.2 x") == lines.count("#2 0.2 x")
