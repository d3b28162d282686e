"""The health check judges any document and any bytes, and says why in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.web import Answer
from pipeline.checks.documents import mismatches, value_at
from pipeline.checks.health import judge_answer, judge_latency, judge_series
from pipeline.model import Outcome, Verdict

PASS, FAIL, UNSURE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
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
        (
            {"services": {}, "parts": [], "deep": {"a": {}}},
            {"services.*": True, "parts.*.up": True, "deep.*.*": True},
            [],
        ),
        ({}, {"*": True}, []),
        (
            {"services": "up"},
            {"services.*": True},
            ['services is "up": services.* is missing, expected true'],
        ),
        (
            {"services": None},
            {"services.db.up": True},
            ["services is null: services.db.up is missing, expected true"],
        ),
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
        (Answer(200, {}, b""), "it answered an empty body, not a JSON document"),
        (Answer(200, {}, b"up"), "it answered no content type, not a JSON document"),
        (Answer(200, JSON_TYPE, b"null"), "the document is null, not an object"),
        (Answer(200, JSON_TYPE, b'"healthy"'), 'the document is "healthy", not an object'),
        (Answer(200, JSON_TYPE, b"[]"), "the document is a list, not an object"),
        (
            Answer(503, JSON_TYPE, b"[]"),
            "it answered 503; the document is a list, not an object",
        ),
        (Answer(503, JSON_TYPE, HEALTHY), "it answered 503"),
        (Answer(404, {}, b"not found"), "it answered 404"),
        (
            Answer(500, JSON_TYPE, b'{"services": {"db": true}}'),
            'it answered 500; status is missing, expected "healthy"',
        ),
        (Answer(200, JSON_TYPE, HEALTHY, 2.5), "it took 2.50 s, more than 2 s"),
        (
            Answer(200, JSON_TYPE, b"[" * 100_000),
            "it answered application/json, but its body is not a JSON document",
        ),
        (
            Answer(200, JSON_TYPE, b"9" * 100_000),
            "it answered application/json, but its body is not a JSON document",
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


def test_the_evidence_tells_of_a_star_that_stood_for_nothing() -> None:
    verdict = judge_answer(Answer(200, JSON_TYPE, b'{"services": {}}', 0.012), {"services.*": True})

    assert verdict.outcome is PASS
    assert verdict.evidence.endswith("; services.* is of nothing: there is none")


def test_without_expectations_any_200_is_healthy() -> None:
    assert judge_answer(Answer(200, {}, b"OK"), {}).outcome is PASS


def test_a_bad_answer_is_shown_but_not_all_of_it() -> None:
    verdict = judge_answer(Answer(500, {}, b"line\n" * 5000), {})

    assert verdict.lines == ("line",) * 20


def test_of_many_faults_the_first_are_named() -> None:
    document = json.dumps({"services": {f"{at}": False for at in range(99)}}).encode()

    verdict = judge_answer(Answer(200, JSON_TYPE, document), {"services.*": True})

    assert verdict.evidence.startswith("services.0 is false, expected true; services.1 is")
    assert verdict.evidence.endswith("services.4 is false, expected true; and 94 more")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":' * 400 + b"1" + b"}" * 400, id="deep"),
        pytest.param(b'{"a":' * 900 + b"1" + b"}" * 900, id="as deep as can be read"),
        pytest.param(b'{"' + b"k" * 500_000 + b'": 0}', id="a long key"),
        pytest.param(b'{"a": "' + b"v" * 500_000 + b'"}', id="a long value"),
        pytest.param(b"{" + b'"\\ud800":1,' * 50_000 + b'"a":NaN}', id="half a character"),
        pytest.param(b"[" + b"0," * 300_000 + b"0]", id="a long list"),
        pytest.param(json.dumps({f"{at}": 0 for at in range(50_000)}).encode(), id="many keys"),
    ],
)
@pytest.mark.parametrize("path", ["a", "*", "*.*", ".".join(["a"] * 300), "*.a.0"])
def test_evidence_is_short_whatever_came(body: bytes, path: str) -> None:
    verdict = judge_answer(Answer(200, JSON_TYPE, body), {path: True})

    assert verdict.outcome is FAIL or path == "*.*"
    assert len(verdict.evidence) < 2500


def warm(*seconds: float) -> list[Answer]:
    return [Answer(200, JSON_TYPE, HEALTHY, one) for one in seconds]


SICK = Answer(200, JSON_TYPE, b'{"status": "healthy", "services": {"db": false}}', 0.01)


def test_what_flaps_is_not_healthy() -> None:
    verdict = judge_series(
        warm(0.3)[0], [*warm(0.01), SICK, *warm(0.01, 0.01), SICK], EXPECT, max_latency=1
    )

    fault = "it flaps: 2 of 5 answers were bad: services.db is false, expected true"
    assert (verdict.outcome, verdict.evidence, verdict.sample) == (FAIL, fault, 6)
    assert verdict.lines


def test_a_cold_answer_may_be_slow_and_one_warm_one_too() -> None:
    verdict = judge_series(
        warm(9.0)[0], warm(0.01, 0.02, 5.0, 0.02, 0.03), {"status": "healthy"}, max_latency=1
    )

    said = (
        "200, cold 9000 ms, then 5 warm answers in 20 ms (median), 5000 ms (worst); "
        'status is "healthy"'
    )
    assert verdict == Verdict("health", PASS, said, 6)


def test_half_of_the_warm_answers_slow_is_too_slow() -> None:
    verdict = judge_series(warm(0.1)[0], warm(0.2, 1.5, 1.25), {}, max_latency=1)

    said = "cold 100 ms, then 3 warm answers in 1250 ms (median), 1500 ms (worst): more than 1 s"
    assert verdict == Verdict("health", FAIL, said, 4)


def test_a_series_needs_its_first_answer_and_is_that_alone_where_no_more_came() -> None:
    assert judge_series(SICK, warm(0.1), EXPECT, max_latency=1).outcome is FAIL
    assert judge_series(warm(0.1)[0], [], EXPECT, max_latency=1).outcome is PASS


@pytest.mark.parametrize(
    ("took", "least", "outcome", "evidence"),
    [
        ([], 0, UNSURE, "fewer than 1 answers: 0"),
        ([0.1] * 4, 5, UNSURE, "fewer than 5 answers: 4"),
        ([0.1], 1, PASS, "1 warm answer in 100 ms (median), 100 ms (worst)"),
        (
            [0.25] * 3 + [9.0],
            4,
            FAIL,
            "4 warm answers in 250 ms (median), 9000 ms (worst): more than 0.2 s",
        ),
    ],
)
def test_latency_is_the_median_of_enough_answers(
    took: list[float], least: int, outcome: Outcome, evidence: str
) -> None:
    verdict = judge_latency(took, 0.2, least=least)

    assert (verdict.outcome, verdict.evidence, verdict.sample) == (outcome, evidence, len(took))


@given(st.dictionaries(st.sampled_from(["Content-Type", "Location"]), st.text()), st.integers())
def test_no_header_and_no_status_raises(headers: dict[str, str], status: int) -> None:
    verdict = judge_answer(Answer(status, headers, b"<html>"), EXPECT)

    assert verdict.outcome is FAIL


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


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b.1", 7), ("a.b", [0, 7]), ("a.c", None), ("a.b.2", None), ("a.b.1.x", None), ("*", None)],
)
def test_a_value_is_found_by_its_path(path: str, value: object) -> None:
    assert value_at({"a": {"b": [0, 7]}}, path) == value
