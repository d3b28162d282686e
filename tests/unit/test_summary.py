"""The summary of a CI run shows hostile text as text: no markup, no HTML, no mention."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SmokeFailed
from pipeline.model import Diagnosis
from pipeline.report.known import Known
from pipeline.report.masking import Secrets
from pipeline.report.summary import failure_summary, fenced, markdown

ONE = Diagnosis("S19", "a | title", "lint", "the cause", "the fix", "the prevention", ("line",))
TEXT = st.text(alphabet="`~*_<>@#[]()!|\\/:.-+ a1\n&;", max_size=60)


@pytest.mark.parametrize(
    "text",
    ["<script>", "<!-- x -->", "**bold**", "[a](http://b)", "![x](y)", "`code`", "# head", "@owner",
     "a | b", "1. list", "- list", "> quote", "~~gone~~", "&lt;", "http://evil.example", "#12"],
)  # fmt: skip
def test_nothing_is_read_as_markup(text: str) -> None:
    shown = markdown(text)

    assert "<" not in shown
    assert not re.search(r"(?<!\\)[*_`\[\]#|~]", shown)
    assert not re.search(r"@\w|\w://\w|^\d+\.|&lt;(?=;)", shown)


@given(TEXT)
def test_a_line_stays_a_line_without_html_and_mentions(text: str) -> None:
    shown = markdown(text)

    assert "\n" not in shown
    assert "<" not in shown
    assert not re.search(r"@[a-z0-9]", shown)


@given(st.lists(TEXT, max_size=5))
def test_no_line_closes_the_fence(lines: list[str]) -> None:
    first, *inner, last = fenced(lines).split("\n")
    fence = first.removesuffix("text")

    assert last == fence
    assert set(fence) == {"`"}
    assert not any(fence in line for line in inner)


def test_a_failure_is_told_with_what_it_is_known_as() -> None:
    error = SmokeFailed("it ended", where="image a", remedy="mend it", lines=["x hunter2-hunter2"])
    told = failure_summary(error, Known((ONE,), 85), Secrets.of(["hunter2-hunter2"]))

    for part in ("### ✗ The container is not fit to deploy", "it ended", "at image a",
                 r"#### S19 a \| title", "```text\nline\n```", "- **Cause:** the cause",
                 "```text\nx ***\n```", "**Remedy:** mend it"):  # fmt: skip
        assert part in told
    assert "hunter2" not in told


def test_an_unknown_failure_says_so_and_shows_the_last_lines() -> None:
    error = SmokeFailed("it ended", lines=[f"line {number}" for number in range(30)])
    told = failure_summary(error, Known(searched=85))

    assert "None of the 85 known failures fits" in told
    assert "line 29" in told
    assert "line 3\n" not in told


def test_what_is_known_beyond_the_first_is_named() -> None:
    assert "Also S19 a" in failure_summary(SmokeFailed("x"), Known((ONE,) * 5, 85))
