"""The checks of a log: what was written how often, how instances start and end, what fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.logging import Entry
from pipeline.checks.errors import Requests, judge_errors
from pipeline.checks.exits import judge_exits
from pipeline.checks.lines import Matches, folded, judge_rates, written
from pipeline.checks.startup import judge_startup
from pipeline.model import Outcome
from tests.unit.in_memory import Cloud, a_context

PASS, FAIL, UNSURE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STARTING = "Starting new instance. Reason: AUTOSCALING - Instance started due to …"
LISTENS = 'Default STARTUP TCP probe succeeded after 1 attempt for container "a-1" on port 8080.'
NEVER = (
    'Default STARTUP TCP probe failed 1 time consecutively for container "a-1" on port 8080. '
    "The instance was not started. Connection failed with status DEADLINE_EXCEEDED"
)
MEMORY = (
    "Memory limit of 512 MiB exceeded with 516 MiB used. Consider increasing the memory limit, "
    "see https://cloud.google.com/run/docs/configuring/memory-limits"
)


def entry(text: str, seconds: float = 0, instance: str = "", log: str = "varlog/system") -> Entry:
    return Entry(BEGAN + timedelta(0, seconds), log, text, "INFO", "agents-2", instance=instance)


def request(status: object, agent: str = "a browser") -> Entry:
    http = {
        "status": status,
        "userAgent": agent,
        "requestMethod": "GET",
        "requestUrl": "http://a/b",
    }
    return Entry(BEGAN, "requests", "", "INFO", "agents-2", http=http)


FAILURE, NONE_AGREED = re.compile("TASK_FAILURE"), re.compile("returned None")


@pytest.mark.parametrize(
    ("lines", "seconds", "outcome", "evidence"),
    [
        ([], 60, UNSURE, "it wrote nothing in this time"),
        (["fine"] * 9, 60, PASS, "0 of 9 lines match, no more than borne"),
        (["TASK_FAILURE 1", "fine"], 60, FAIL, "1 line matches 'TASK_FAILURE': none is borne"),
        (["returned None"] * 2, 60, PASS, "2 of 2 lines match, no more than borne"),
        (
            ["returned None"] * 3, 60, FAIL,
            "3 lines match 'returned None', 3 a minute: 2 a minute are borne",
        ),
        (["returned None"] * 3, 90, PASS, "3 of 3 lines match, no more than borne"),
        (["returned None"] * 2, 0.5, PASS, "2 of 2 lines match, no more than borne"),
        (
            ["returned None"] * 300 + ["TASK_FAILURE"], 120, FAIL,
            "1 line matches 'TASK_FAILURE': none is borne; "
            "300 lines match 'returned None', 150 a minute: 2 a minute are borne",
        ),
    ],
)  # fmt: skip
def test_lines_are_borne_only_so_often(
    lines: list[str], seconds: float, outcome: Outcome, evidence: str
) -> None:
    matches = [Matches(FAILURE, 0).and_of(lines), Matches(NONE_AGREED, 2).and_of(lines)]

    verdict = judge_rates(matches, seconds, len(lines))

    assert (verdict.outcome, verdict.evidence, verdict.sample) == (outcome, evidence, len(lines))
    assert len(verdict.lines) <= 20


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("BACKGROUND_TASK_FAILURE: user 7", 1),
        ("psycopg2.OperationalError: SSL connection has been closed unexpectedly", 1),
        ("dial tcp 10.0.0.3:5432: connect: connection refused", 1),
        ("pq: sorry, too many clients already", 1),
        ("ERROR 1040 (HY000): Too many connections", 1),
        ('ERROR: relation "orders" does not exist (SQLSTATE 42P01)', 1),
        ("org.postgresql.util.PSQLException: This connection has been closed.", 1),
        ("com.mysql.cj.jdbc.exceptions.CommunicationsException: link failure", 1),
        ("connected to the database; 3 clients, 2 connections", 0),
        ("nobody refused the connection", 0),
    ],
)
def test_what_database_clients_say_of_a_failure_is_not_borne(
    line: str, counts: int, tmp_path: Path
) -> None:
    rates = a_context(Cloud(), tmp_path).config.traffic.log_rates

    assert sum(Matches(one.pattern, 0).and_of([line]).count for one in rates) == counts


def test_only_containers_write_lines() -> None:
    entries = [entry("a", log="stdout"), entry("b", log="stderr"), entry("c"), request(200)]

    assert written(entries) == ["a", "b"]


@pytest.mark.parametrize(
    ("entries", "outcome", "evidence"),
    [
        ([], UNSURE, "the system log tells of no start yet"),
        ([entry(STARTING)], UNSURE, "the system log tells of no start yet"),
        ([entry(LISTENS)], UNSURE, "the system log tells of no start yet"),
        ([entry(LISTENS), entry(STARTING, 1)], UNSURE, "the system log tells of no start yet"),
        ([entry(LISTENS, 2.5), entry(STARTING)], PASS, "1 instance listened after 2.5 s"),
        (
            [entry(STARTING), entry(LISTENS, 12)], FAIL,
            "1 instance listened after 12.0 s, more than 10 s",
        ),
        (
            [entry(STARTING, 0, "a"), entry(STARTING, 1, "b"), entry(LISTENS, 3, "b"),
             entry(LISTENS, 4, "a"), entry(STARTING, 5, "c"), entry(LISTENS, 90, "c")],
            PASS, "3 instances listened after 4.0 s",
        ),
        (
            [entry(STARTING), entry(STARTING, 1), entry(LISTENS, 30), entry(LISTENS, 31)],
            UNSURE, "the system log tells of no start yet",
        ),
        (
            [entry(STARTING), entry(LISTENS, 1), entry(NEVER, 2)],
            FAIL, f"an instance did not start: {NEVER}",
        ),
        ([entry(NEVER), entry(NEVER)], FAIL, f"2 instances did not start: {NEVER}"),
        (
            [entry(STARTING, log="stdout"), entry(LISTENS, 99, log="stdout"),
             entry(NEVER, log="stderr")],
            UNSURE, "the system log tells of no start yet",
        ),
    ],
)  # fmt: skip
def test_a_start_takes_from_starting_to_listening(
    entries: list[Entry], outcome: Outcome, evidence: str
) -> None:
    verdict = judge_startup(entries, 10)

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)


@pytest.mark.parametrize(
    ("texts", "outcome", "evidence"),
    [
        ([], UNSURE, "nothing is in its log yet"),
        ([STARTING, LISTENS], PASS, "no container exited"),
        (["Container called exit(1)."], FAIL, "its container ended by itself: exit code 1"),
        (
            ["Container called exit(1).", STARTING, LISTENS] * 3,
            FAIL, "its container ended by itself: exit code 1 (3 times)",
        ),
        (
            [MEMORY, "Container called exit(137)."],
            FAIL, "its container ended by itself: out of memory, exit code 137",
        ),
        (["Container terminated on signal 11."], FAIL, "its container ended by itself: signal 11"),
        (
            ["terminated: Application failed to start: failed to load /start: exec format error"],
            FAIL, "its container ended by itself: it did not run",
        ),
        (["Container called exit(0)."] * 2, UNSURE,
         "2 times it ended as one does that Cloud Run stops"),
        (["Container terminated on signal 15."], UNSURE,
         "once it ended as one does that Cloud Run stops"),
        (["Container called exit(0).", "Container called exit(3)."],
         FAIL, "its container ended by itself: exit code 3"),
    ],
)  # fmt: skip
def test_a_container_must_not_end_by_itself(
    texts: list[str], outcome: Outcome, evidence: str
) -> None:
    verdict = judge_exits([entry(text) for text in texts], len(texts))

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)


def lives(
    *seconds: float, every: float = 10, instances: Sequence[str] = "abcdef", end: int = 0
) -> list[Entry]:
    """Instances that begin one after the other, and how long each lives."""
    return [
        one
        for number, (lived, name) in enumerate(zip(seconds, instances, strict=False))
        for one in (
            entry(STARTING, number * every, name),
            entry(f"Container called exit({end}).", number * every + lived, name),
        )
    ]


SCALED = "2 times it ended as one does that Cloud Run stops"


@pytest.mark.parametrize(
    ("entries", "outcome", "evidence"),
    [
        (lives(3), UNSURE, "once it ended as one does that Cloud Run stops"),
        (lives(3, 3), FAIL, "its container ended by itself: exit code 0 (2 times)"),
        (lives(3, 3, instances=["", ""]), FAIL,
         "its container ended by itself: exit code 0 (2 times)"),
        (lives(3, 3, 900), FAIL, "its container ended by itself: exit code 0 (2 times)"),
        (lives(900, 900), UNSURE, SCALED),
        (lives(3, 900), UNSURE, SCALED),
        (lives(905, 905, instances=["", ""]), UNSURE, SCALED),
        (lives(3, 3, end=143), UNSURE, SCALED),
        (lives(3, 3, end=1), FAIL, "its container ended by itself: exit code 1 (2 times)"),
        (lives(3, 3)[::-1], FAIL, "its container ended by itself: exit code 0 (2 times)"),
    ],
)  # fmt: skip
def test_an_end_well_soon_after_the_start_must_not_come_again(
    entries: list[Entry], outcome: Outcome, evidence: str
) -> None:
    verdict = judge_exits(entries, len(entries))

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)


def test_evidence_is_shown_once_and_what_follows_itself_is_counted() -> None:
    ends = judge_exits([entry("Container called exit(1).", at) for at in range(30)], 30)
    rates = judge_rates([Matches(FAILURE, 0).and_of(["TASK_FAILURE"] * 30)], 60, 30)

    assert ends.lines == ("Container called exit(1).",)
    assert rates.lines == ("TASK_FAILURE",)
    assert folded(["a", "a", "b", "a"]) == ["a (2 times)", "b", "a"]


def test_what_a_container_writes_of_exits_is_not_believed() -> None:
    assert judge_exits([entry("Container called exit(1).", log="stdout")], 1).outcome is PASS


@pytest.mark.parametrize(
    ("statuses", "failed"),
    [
        ([], 0),
        ([500, 599], 2),
        ([200, 301, 404, 429, 499], 0),
        ([None, "", "500", "no", "9" * 5000, {}, 500.5, "\uff15\uff10\uff10"], 1),
    ],
)
def test_a_failed_request_ended_in_5xx(statuses: list[object], failed: int) -> None:
    requests = Requests().and_of([request(one) for one in statuses * 30], "ours")

    assert (requests.total, requests.failed) == (30 * len(statuses), 30 * failed)
    assert len(requests.lines) == (20 if failed else 0)


def test_requests_add_up_with_the_first_failures_and_our_own_apart() -> None:
    seen = Requests().and_of([request(500), request(500, "ours"), entry("x", log="stdout")], "ours")
    seen = seen.and_of([request(503), request(200), request(200, "ours")], "ours")

    assert seen == Requests(3, 2, ("500 GET http://a/b", "503 GET http://a/b"), own=2, own_failed=1)


def test_a_long_url_is_cut() -> None:
    http = {"status": 500, "requestMethod": "GET", "requestUrl": "x" * 10**6}
    seen = Requests().and_of([Entry(BEGAN, "requests", "", "", "", http=http)], "ours")

    assert seen.lines == (f"500 GET {'x' * 300}",)


texts = (
    st.text()
    | st.sampled_from([STARTING, LISTENS, NEVER, MEMORY])
    | st.from_regex(r"Container called exit\(\d*\)")
)
instances = st.sampled_from(["", "a", "b"])
kinds = st.sampled_from(["stdout", "varlog/system", "requests"])
logs = st.lists(st.builds(entry, texts, st.floats(0, 1e6), instances, kinds))


@given(logs)
def test_no_log_raises(entries: list[Entry]) -> None:
    judge_startup(entries, 10)
    judge_exits(entries, len(entries))
    judge_errors(Requests().and_of(entries, ""), None, 0.01, least=1, level=0.01)
    judge_rates([Matches(FAILURE, 0).and_of(written(entries))], 1, 1)
