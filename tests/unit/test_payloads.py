"""A structured log entry says all that it has, and is searched alike from both of its forms."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.logging import Logs
from pipeline.checks.lines import Matches, judge_lines, written
from pipeline.model import Outcome
from pipeline.payloads import told, told_by

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 3\nKeyError: 1'

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({}, ""),
        ({"message": "up"}, "up"),
        ({"level": "error", "message": "no"}, "no\nlevel: error"),
        ({"message": "no", "exc_info": TRACEBACK}, f"no\nexc_info: {TRACEBACK}"),
        ({"err": {"code": "ECONNREFUSED", "n": [1, None]}},
         'err: {"code":"ECONNREFUSED","n":[1,null]}'),
        ({"message": {"é": True}, "took": 1.5}, '{"é":true}\ntook: 1.5'),
        ({"message": None, "msg": "up"}, "msg: up"),
        ({"message": 0}, "0"),
    ],
)  # fmt: skip
def test_the_message_is_told_first_and_then_all_else(payload: dict[str, object], text: str) -> None:
    assert told(payload) == text
    assert told_by(f"  {json.dumps(payload)}\r") == text


@pytest.mark.parametrize(
    "line",
    ["", "{", "{}x", "[1]", "{not json}", "{" * 100_000 + "}", '{"a":' * 100_000 + "}" * 100_000],
)
def test_another_line_says_nothing_more(line: str) -> None:
    assert told_by(line) == ""


def test_what_is_told_is_bounded() -> None:
    assert len(told({"message": "x" * 10**6, "more": "y" * 10**6})) == 256 * 1024
    assert told_by(json.dumps({"message": "x" * 10**6})) == ""


@given(st.dictionaries(st.text(), documents))
def test_no_payload_raises(payload: dict[str, object]) -> None:
    told(payload)
    told_by(json.dumps(payload))


@pytest.mark.parametrize(
    ("payload", "pattern"),
    [
        ({"message": "failed", "exc_info": TRACEBACK}, r"^KeyError: 1$"),
        ({"msg": "failed", "stack_trace": TRACEBACK}, r"Traceback \(most recent"),
        ({"message": "failed", "code": "BACKGROUND_TASK_FAILURE"}, "BACKGROUND_TASK_FAILURE"),
        ({"message": "failed", "err": {"name": "OperationalError"}}, r"\bOperationalError\b"),
        ({"message": 'used "x"'}, 'used "x"'),
    ],
)
def test_a_pattern_is_found_in_the_line_and_in_the_entry_alike(
    payload: dict[str, object], pattern: str
) -> None:
    stdout = "projects/p/logs/run.googleapis.com%2Fstdout"
    entry = {"timestamp": NOW.isoformat(), "logName": stdout, "jsonPayload": payload}
    logs = Logs(SimpleNamespace(post=lambda *_: {"entries": [entry]}), "p", "l", "agents")
    compiled = re.compile(pattern)

    for lines in ([json.dumps(payload)], written(logs.of_revision("agents-1", NOW))):
        assert judge_lines(lines, [], [compiled]).outcome is Outcome.FAIL
        assert judge_lines(lines, [compiled], []).outcome is Outcome.PASS
        assert Matches(compiled, 0).and_of(lines).count == 1


def test_an_audit_entry_tells_its_status_only() -> None:
    audit = {"status": {"message": "Ready condition status changed"}, "request": {"secret": "x"}}
    entry = {"timestamp": NOW.isoformat(), "protoPayload": audit}
    logs = Logs(SimpleNamespace(post=lambda *_: {"entries": [entry]}), "p", "l", "agents")

    assert [one.text for one in logs.of_trace("0", NOW)] == ["Ready condition status changed"]


def test_of_a_log_that_is_too_long_the_newest_entries_are_read_too() -> None:
    def entry(number: int) -> dict[str, str]:
        at = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}+00:00"
        return {"timestamp": at, "insertId": f"{number}", "textPayload": f"{number}"}

    def post(api: str, path: str, body: dict[str, object]) -> dict[str, object]:
        page = int(str(body.get("pageToken", 0)))
        numbers = range(30_000) if body["orderBy"] == "timestamp asc" else range(29_999, -1, -1)
        shown = [entry(one) for one in numbers[page * 1000 : page * 1000 + 1000]]
        return {"entries": shown, "nextPageToken": str(page + 1)}

    entries = Logs(SimpleNamespace(post=post), "p", "l", "agents").of_revision("agents-1", NOW)

    texts = [int(one.text) for one in entries]
    assert texts == [*range(10_000), *range(27_000, 30_000)]
