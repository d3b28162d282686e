"""The checks of lines, identity, CORS, configuration and revision: each says why in a sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.checks.configuration import judge_configuration
from pipeline.checks.cors import judge_cors, preflight_headers
from pipeline.checks.identity import judge_identity, judge_word, trace_headers
from pipeline.checks.lines import judge_lines
from pipeline.checks.revision import RELEASE_LABEL, judge_revision, judge_tag
from pipeline.model import Outcome, Revision, Target, Verdict
from pipeline.release.candidate import Candidate
from tests.unit.in_memory import NOBODY

PASS, FAIL, UNSURE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
READY, ERROR = re.compile("startup complete"), re.compile("ERROR")


@pytest.mark.parametrize(
    ("lines", "required", "forbidden", "verdict"),
    [
        ([], [], [], Verdict("log lines", PASS, "none forbidden", 0)),
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
            Verdict("log lines", FAIL, "30 lines that must not be there", 30, ("ERROR",)),
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


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("answer", "where", "outcome", "evidence"),
    [
        (Answer(200, {"X-Revision": "agents-2"}), "header:X-Revision", PASS,
         "agents-2 answered, says header:X-Revision"),
        (Answer(200, {"X-Revision": "agents-1"}), "header:X-Revision", FAIL,
         '"agents-1" answered, not agents-2: so says header:X-Revision'),
        (Answer(200), "header:X-Revision", UNSURE, "the answer has no header:X-Revision"),
        (Answer(200, JSON, b'{"build": {"revision": "agents-2"}}'), "build.revision", PASS,
         "agents-2 answered, says build.revision"),
        (Answer(200, JSON, b'{"build": {"revision": 7}}'), "build.revision", FAIL,
         "7 answered, not agents-2: so says build.revision"),
        (Answer(200, JSON, b'{"build": "agents-2"}'), "build.revision", UNSURE,
         "the answer has no build.revision"),
        (Answer(200, JSON, b"<html>"), "build.revision", UNSURE,
         "the answer has no build.revision"),
        (Answer(failure="connection refused"), "build.revision", UNSURE,
         "the answer has no build.revision"),
    ],
)  # fmt: skip
def test_a_service_may_say_itself_which_revision_answers(
    answer: Answer, where: str, outcome: Outcome, evidence: str
) -> None:
    verdict = judge_word(answer, where, "agents-2")

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)


APP, ADMIN = "https://app.example.com", "https://admin.example.com"


def allows(origin: str, status: int = 204) -> Answer:
    return Answer(status, {"Access-Control-Allow-Origin": origin})


@pytest.mark.parametrize(
    ("answers", "outcome", "evidence"),
    [
        ({APP: allows(APP)}, PASS, f"{APP} may call it"),
        ({APP: allows("*", 200), ADMIN: allows(ADMIN)}, PASS, f"{APP}, {ADMIN} may call it"),
        ({APP: allows("http://localhost:8080")}, FAIL,
         f"{APP} is blocked: Access-Control-Allow-Origin is 'http://localhost:8080'"),
        ({APP: allows(f"{APP}, {ADMIN}")}, FAIL,
         f"{APP} is blocked: Access-Control-Allow-Origin is '{APP}, {ADMIN}'"),
        ({APP: Answer(200)}, FAIL, f"{APP} is blocked: Access-Control-Allow-Origin is absent"),
        ({APP: allows(APP), ADMIN: Answer(400)}, FAIL,
         f"{ADMIN} is blocked: its preflight was answered 400, "
         "Access-Control-Allow-Origin is absent"),
        ({APP: allows(APP, 302)}, FAIL,
         f"{APP} is blocked: its preflight was answered 302, Access-Control-Allow-Origin is "
         f"'{APP}'"),
        ({APP: Answer(failure="connection refused")}, UNSURE,
         f"{APP} is blocked: connection refused"),
    ],
)  # fmt: skip
def test_every_origin_must_be_let_in(
    answers: dict[str, Answer], outcome: Outcome, evidence: str
) -> None:
    verdict = judge_cors(answers)

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)


def test_a_preflight_is_a_browsers() -> None:
    assert preflight_headers(APP) == {"Origin": APP, "Access-Control-Request-Method": "GET"}


SECRET = "postgresql://app:hunter2@db/app"


@pytest.mark.parametrize(
    ("asked", "found", "outcome", "evidence"),
    [
        ({}, {"run.cpu": "1"}, PASS, "no setting was asked for"),
        ({"run.cpu": "1"}, {"run.cpu": "1", "run.port": "8080"}, PASS,
         "1 setting is as asked for"),
        ({"run.memory": "1Gi", "run.cpu": "1"}, {"run.memory": "512Mi", "run.cpu": "1"}, FAIL,
         "run.memory is 512Mi, asked for 1Gi"),
        ({"run.service_account": "a@b"}, {"run.service_account": ""}, FAIL,
         "run.service_account is not set, asked for a@b"),
        ({"run.secrets.KEY": "key:latest"}, {}, FAIL,
         "run.secrets.KEY is not set, asked for key:latest"),
        ({"run.env.URL": SECRET}, {"run.env.URL": f"{SECRET}2"}, FAIL,
         "run.env.URL has another value than asked for"),
        ({"run.env.URL": SECRET}, {}, FAIL, "run.env.URL is absent"),
        ({"run.env.EMPTY": ""}, {"run.env.EMPTY": ""}, PASS, "1 setting is as asked for"),
        ({"run.env.EMPTY": ""}, {}, FAIL, "run.env.EMPTY is absent"),
        ({f"run.env.V{at:02}": "1" for at in range(12)}, {}, FAIL,
         "; ".join([*(f"run.env.V{at:02} is absent" for at in range(10)), "and 2 more"])),
    ],
)  # fmt: skip
def test_every_setting_that_is_not_as_asked_for_is_named_and_no_value_of_a_variable(
    asked: dict[str, str], found: dict[str, str], outcome: Outcome, evidence: str
) -> None:
    verdict = judge_configuration(asked, found)

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


@pytest.mark.parametrize(
    ("traffic", "outcome"),
    [
        ((), PASS),
        ((Target("agents-2", 0, "c-2"),), PASS),
        ((Target(None, 100), Target("agents-1", 0, "c-1")), PASS),
        ((Target("agents-3", 0, "c-2"),), FAIL),
        ((Target(None, 0, "c-2"),), FAIL),
    ],
)
def test_the_tag_must_be_where_the_deploy_put_it(
    traffic: tuple[Target, ...], outcome: Outcome
) -> None:
    service = replace(NOBODY, traffic=traffic, latest_ready="agents-3")

    verdict = judge_tag(service, CANDIDATE)

    assert verdict.outcome is outcome
    if outcome is FAIL:
        assert verdict.evidence == "the tag c-2 points at agents-3, not at the candidate"
