"""Recognising is pure, ranked, bounded, and explains a line once."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogue import Entry, Symptoms, of_error, of_log, own_entries, recognise
from pipeline.catalogue.matching import SHOWN
from pipeline.errors import ConfigError, RevisionFailed, Seen, SmokeFailed, VerifyFailed
from pipeline.model import Outcome, Verdict

ENTRY = Entry("MY01", "mine", "smoke", (), "cause", "fix", "prevention")
OWN = own_entries()


def entry(name: str, *patterns: dict[str, str], fallback: bool = False) -> Entry:
    compiled = tuple(
        {place: (re.compile(text, re.M),) for place, text in one.items()} for one in patterns
    )
    return replace(ENTRY, id=name, patterns=compiled, fallback=fallback)


def ids(entries: list[Entry], symptoms: Symptoms) -> list[str]:
    return [one.id for one in recognise(entries, symptoms)]


def test_all_of_a_pattern_must_match_and_any_of_the_patterns() -> None:
    both = entry("A01", {"output": "one", "probe": "two"})
    either = entry("B01", {"output": "three"}, {"output": "one"})
    seen = Symptoms({"output": ["one"]})

    assert ids([both, either], seen) == ["B01"]
    assert ids([both], Symptoms({"output": ["one"], "probe": ["two"]})) == ["A01"]


def test_a_place_that_shows_nothing_matches_nothing() -> None:
    assert ids([entry("A01", {"api": "x"})], Symptoms({"output": ["x"]})) == []
    assert ids([entry("A01", {"any": "x"})], Symptoms({"output": ["x"]})) == ["A01"]


def test_a_line_that_is_explained_is_not_explained_again() -> None:
    special = entry("A01", {"output": "No module named 'redis'"})
    general = entry("B01", {"output": "No module"}, {"probe": "it ended"})
    line = "ModuleNotFoundError: No module named 'redis'"

    assert ids([special, general], Symptoms({"output": [line]})) == ["A01"]
    seen = Symptoms({"output": [line], "probe": ["it ended"]})
    assert ids([special, general], seen) == ["A01", "B01"]


def test_a_fallback_is_told_only_where_nothing_else_is() -> None:
    fallback = entry("A01", {"output": "failed"}, fallback=True)
    other = entry("B01", {"output": "gcc"})

    assert ids([fallback, other], Symptoms({"output": ["gcc", "failed"]})) == ["B01"]
    assert ids([fallback, other], Symptoms({"output": ["failed"]})) == ["A01"]


def test_the_evidence_is_the_lines_and_few_of_them() -> None:
    lines = [f"\x1b[31mbad\x1b[0m {number}" for number in range(50)]
    (found,) = recognise([entry("A01", {"output": "bad"})], Symptoms({"output": lines}))

    assert found.evidence == tuple(f"bad {number}" for number in range(SHOWN))


def test_of_a_flood_the_begin_and_the_end_are_looked_at() -> None:
    flood = ["first sign", *["x" * 900] * 5000, "last sign"]
    (found,) = recognise([entry("A01", {"output": "sign"})], Symptoms({"output": flood}))

    assert found.evidence == ("first sign", "last sign")


def test_an_error_says_where_its_words_and_lines_are_from() -> None:
    verdict = Verdict("health", Outcome.FAIL, "services.database is false", lines=("{}",))
    symptoms = of_error(SmokeFailed("it ended", lines=["Traceback"]), [verdict], ["run.env.A: b"])

    assert symptoms.lines == {
        "config": ["run.env.A: b"],
        Seen.PROBE: ["The container is not fit to deploy: it ended",
                     "health: services.database is false"],
        Seen.OUTPUT: ["Traceback", "{}"],
    }  # fmt: skip
    assert of_error(ConfigError("no", lines=["a"])).lines == {
        "config": [], Seen.TOOL: ["The configuration is wrong: no"], Seen.OUTPUT: [],
    }  # fmt: skip


def test_a_log_of_the_platform_alone_says_that_the_container_was_silent() -> None:
    error = RevisionFailed("failed to start and listen", lines=["Container called exit(1)."])

    assert "(it wrote nothing at all)" in of_error(error).lines[Seen.OUTPUT]
    assert "S23" in ids(list(OWN), of_error(error))
    spoken = RevisionFailed("failed", lines=["Container called exit(1).", "hello"])
    assert "(it wrote nothing at all)" not in of_error(spoken).lines[Seen.OUTPUT]


def test_verdicts_that_passed_are_no_symptoms() -> None:
    good = Verdict("health", Outcome.PASS, "200")

    assert "health: 200" not in of_error(VerifyFailed("x"), [good]).lines[Seen.PROBE]


@given(st.lists(st.text(max_size=200), max_size=20))
def test_no_text_makes_it_fail(lines: list[str]) -> None:
    for one in recognise(OWN, of_log(lines)):
        assert one.evidence


HOSTILE = [
    "a" * 1000, "/" * 1000, "'" * 1000, " " * 1000, "is a, expected " * 60,
    "No module named '" * 60, "127.0.0.1:" * 100, "Cannot find module '" * 50,
    "health: " * 120, "sh: 1: a: " * 100,
    "Running on localhost" * 50, "cors: is blocked" * 60, "errors: requests failed" * 40,
    "COPY failed: " * 70, "https://localhost" * 60, "(" * 1000, "curl: (22) " * 90, "[" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_flood_is_looked_through_in_time(line: str) -> None:
    began = time.perf_counter()
    recognise(OWN, of_log([line] * 20_000))

    assert time.perf_counter() - began < 15.0
