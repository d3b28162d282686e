"""The checks of lines, identity and revision: each says why in one sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.adapters.logging import Entry
from pipeline.checks.identity import judge_identity, trace_headers
from pipeline.checks.lines import judge_lines
from pipeline.checks.revision import RELEASE_LABEL, judge_revision
from pipeline.model import Outcome, Revision, Verdict
from pipeline.release import Candidate

PASS, FAIL, UNSURE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
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
