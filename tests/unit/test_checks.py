"""Every check judges what it is given, whatever that is, and says why in one sentence."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.checks.health import judge_answer, mismatches
from pipeline.checks.identity import judge_identity, trace_headers
from pipeline.checks.lines import judge_lines
from pipeline.checks.revision import RELEASE_LABEL, judge_revision
from pipeline.model import Outcome, Revision, Verdict
from pipeline.release import Candidate

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


READY, ERROR = re.compile("startup complete"), re.compile("ERROR")


@pytest.mark.parametrize(
    ("lines", "required", "forbidden", "verdict"),
    [
        ([], [], [], Verdict("log lines", PASS, "0 required found, none forbidden", 0)),
        (
            ["INFO startup complete"],
            [READY],
            [ERROR],
            Verdict("log lines", PASS, "1 required found, none forbidden", 1),
        ),
        (
            ["starting"],
            [READY],
            [ERROR],
            Verdict("log lines", UNSURE, "no line matches 'startup complete'", 1),
        ),
        (
            ["ERROR a", "startup complete"],
            [READY],
            [ERROR],
            Verdict("log lines", FAIL, "1 line that must not be there", 2, ("ERROR a",)),
        ),
        (
            ["ERROR"] * 30,
            [READY],
            [ERROR],
            Verdict("log lines", FAIL, "30 lines that must not be there", 30, ("ERROR",) * 20),
        ),
    ],
)
def test_lines_forbidden_fail_and_lines_absent_may_still_come(
    lines: list[str],
    required: list[re.Pattern[str]],
    forbidden: list[re.Pattern[str]],
    verdict: Verdict,
) -> None:
    assert judge_lines(lines, required, forbidden) == verdict


def entry(log: str, revision: str) -> Entry:
    return Entry(datetime(2026, 1, 1, tzinfo=UTC), log, "", "INFO", revision)


@pytest.mark.parametrize(
    ("entries", "outcome", "evidence"),
    [
        ([], UNSURE, "no request log entry with our trace"),
        ([entry("stdout", "agents-2")], UNSURE, "no request log entry with our trace"),
        ([entry("requests", "agents-2")], PASS, "agents-2 answered, says the request log"),
        ([entry("requests", "agents-1")], FAIL, "agents-1 answered, not agents-2"),
        (
            [entry("requests", "agents-2"), entry("requests", "agents-1")],
            FAIL,
            "agents-1, agents-2 answered, not agents-2",
        ),
    ],
)
def test_only_the_request_log_proves_who_answered(
    entries: list[Entry], outcome: Outcome, evidence: str
) -> None:
    verdict = judge_identity(entries, "agents-2")

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)


def test_both_trace_headers_carry_the_same_ids() -> None:
    assert trace_headers("0af7651916cd43dd8448eb211c80319c", "00000000000000ff") == {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-00000000000000ff-01",
        "X-Cloud-Trace-Context": "0af7651916cd43dd8448eb211c80319c/255;o=1",
    }


DIGEST = f"sha256:{'a' * 64}"
CANDIDATE = Candidate("agents-2", "c-2", f"image@{DIGEST}", "2026-01-01", {"agents-1": 100})


def revision(**changes: Any) -> Revision:
    made = {
        "name": "agents-2", "image": f"mirror/image@{DIGEST}", "ready": True, "message": "",
        "created": datetime(2026, 1, 1, tzinfo=UTC), "labels": {RELEASE_LABEL: "c-2"},
    }  # fmt: skip
    return Revision(**{**made, **changes})


@pytest.mark.parametrize(
    ("found", "outcome", "evidence"),
    [
        (revision(), PASS, "new, ready, sha256:aaaaaaaaaaaa"),
        (None, FAIL, "agents-2 does not exist"),
        (revision(ready=False), FAIL, "agents-2 is not ready: no reason given"),
        (revision(ready=False, message="No.\nMore."), FAIL, "agents-2 is not ready: No."),
        (
            revision(image="image@sha256:b"),
            FAIL,
            f"it runs image@sha256:b, not image@{DIGEST} that was built",
        ),
        (revision(image="image:latest"), FAIL,
         f"it runs image:latest, not image@{DIGEST} that was built"),
        (revision(labels={}), FAIL, "agents-2 was not made by this release"),
        (revision(labels={RELEASE_LABEL: "c-1"}), FAIL, "agents-2 was not made by this release"),
    ],
)  # fmt: skip
def test_the_revision_must_be_the_very_one_this_release_made(
    found: Revision | None, outcome: Outcome, evidence: str
) -> None:
    verdict = judge_revision(found, CANDIDATE)

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)
