"""The health check judges any document and any bytes, and says why in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.web import Answer
from pipeline.checks.health import judge_answer, mismatches
from pipeline.model import Outcome, Verdict

PASS, FAIL = Outcome.PASS, Outcome.FAIL
JSON_TYPE = {"Content-Type": "application/json"}
EXPECT = {"status": "healthy", "services.*": True}

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)
paths = st.lists(st.sampled_from(["*", "status", "services", "0"]), min_size=1).map(".".join)


@pytest.mark.parametrize(
    ("document", "expect", "faults"),
    [
        ({"status": "healthy", "services": {"db": True}}, EXPECT, []),
        (
            {"status": "ill", "services": {"db": False, "cache": True}},
            EXPECT,
            ['status is "ill", expected "healthy"', "services.db is false, expected true"],
        ),
        (
            {},
            EXPECT,
            ['status is missing, expected "healthy"', "services.* is missing, expected true"],
        ),
        ({"services": {}}, {"services.*": True}, []),
        ({"services": "up"}, {"services.*": True}, ["services.* is missing, expected true"]),
        ([{"up": True}, {"up": 0}], {"*.up": True}, ["1.up is 0, expected true"]),
        ([{"up": True}, {}], {"*.up": True}, ["1.up is missing, expected true"]),
        ({"a": {"b": [7]}}, {"a.b.0": 7}, []),
        ({"a": {"b": 1}}, {"a.c.d": 1}, ["a.c.d is missing, expected 1"]),
        ({"up": 1}, {"up": True}, ["up is 1, expected true"]),
        ({"up": True}, {"up": 1}, ["up is true, expected 1"]),
        ({"up": [1, {"a": 0}]}, {"up": [True, {"a": False}]},
         ['up is [1, {"a": 0}], expected [true, {"a": false}]']),
        ({"up": "true"}, {"up": True}, ['up is "true", expected true']),
        ({"load": 1.0}, {"load": 1}, []),
        ({"gone": None}, {"gone": None}, []),
        (None, {"status": "healthy"}, ['status is missing, expected "healthy"']),
        ({"text": "x" * 90}, {"text": ""}, [f'text is "{"x" * 76}..., expected ""']),
    ],
)  # fmt: skip
def test_mismatches_name_the_place_and_both_values(
    document: object, expect: dict[str, Any], faults: list[str]
) -> None:
    assert mismatches(document, expect) == faults


HEALTHY = json.dumps({"status": "healthy", "services": {"db": True}}).encode()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(failure="connection refused"), "connection refused"),
        (Answer(302, {"Location": "/login"}), "it redirects (302) to '/login'"),
        (Answer(307), "it redirects (307) to 'nowhere'"),
        (
            Answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>"),
            "it answered text/html, not a JSON document",
        ),
        (Answer(200, {}, b""), "it answered no content type, not a JSON document"),
        (Answer(503, JSON_TYPE, HEALTHY), "it answered 503"),
        (Answer(404, {}, b"not found"), "it answered 404"),
        (
            Answer(500, JSON_TYPE, b'{"services": {"db": true}}'),
            'it answered 500; status is missing, expected "healthy"',
        ),
        (Answer(200, JSON_TYPE, HEALTHY, 2.5), "it took 2.50 s, more than 2 s"),
        (
            Answer(200, JSON_TYPE, b"[" * 100_000),
            "it answered application/json, not a JSON document",
        ),
        (
            Answer(200, JSON_TYPE, b"9" * 100_000),
            "it answered application/json, not a JSON document",
        ),
    ],
)
def test_an_answer_that_is_not_well_is_a_failure(answer: Answer, fault: str) -> None:
    verdict = judge_answer(answer, EXPECT, max_latency=2.0)

    assert (verdict.outcome, verdict.evidence) == (FAIL, fault)


def test_the_evidence_of_a_good_answer_says_what_was_met() -> None:
    verdict = judge_answer(Answer(200, JSON_TYPE, HEALTHY, 0.012), EXPECT)

    assert verdict == Verdict(
        "health", PASS, '200 in 12 ms; status is "healthy", services.* is true'
    )


def test_without_expectations_any_200_is_healthy() -> None:
    assert judge_answer(Answer(200, {}, b"OK"), {}).outcome is PASS


def test_a_bad_answer_is_shown_but_not_all_of_it() -> None:
    verdict = judge_answer(Answer(500, {}, b"line\n" * 5000), {})

    assert verdict.lines == ("line",) * 20


@given(st.binary(), paths, documents)
def test_no_body_raises(body: bytes, path: str, wanted: object) -> None:
    judge_answer(Answer(200, JSON_TYPE, body), {path: wanted})


@given(documents, paths, documents)
def test_no_document_raises(document: object, path: str, wanted: object) -> None:
    judge_answer(Answer(200, JSON_TYPE, json.dumps(document).encode()), {path: wanted})


@given(st.dictionaries(st.sampled_from("abc"), documents, min_size=1))
def test_a_document_meets_itself(document: dict[str, Any]) -> None:
    same = json.loads(json.dumps(document).replace("NaN", "0"))

    assert mismatches(same, same) == []
