"""The filter language, and the store it reads (API facts §8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.local_cloud_run.api import logging_v2
from pipeline.local_cloud_run.api.log_filter import compile_filter
from pipeline.local_cloud_run.api.log_match import instant
from pipeline.local_cloud_run.api.logs import LONGEST_TEXT, Bounds, LogStore
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import ExecutionKey, LogEntry, RevisionKey

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ENTRY = {
    "logName": "projects/p/logs/run.googleapis.com%2Frequests",
    "resource": {"type": "cloud_run_revision", "labels": {"revision_name": "s-1"}},
    "timestamp": "2026-01-01T12:00:00.500000Z",
    "severity": "WARNING",
    "trace": "projects/p/traces/abc",
    "labels": {"run.googleapis.com/x": "y"},
    "httpRequest": {"status": 404, "latency": "0.123s"},
    "jsonPayload": {"message": 'A (bad) "day"', "flag": True, "count": 3.5,
                    "users": [{"name": "Ann"}, {"name": "Bo"}], "tags": ["red", "green"]},
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n ",
        'resource.type="cloud_run_revision"',
        'resource.type = cloud_run_revision AND resource.labels.revision_name="s-1"',
        'resource.labels.revision_name=("s-0" OR "s-1")',
        'resource.labels.revision_name=("s-1") AND severity=WARNING',
        "severity=(ERROR OR (WARNING))",
        "severity=(NOT ERROR)",
        "httpRequest.status:(4 AND 04)",
        'resource.type="cloud_run_revision" severity>=WARNING',
        'resource.type="cloud_run_revision"\nseverity>=warning -- a comment',
        'logName="projects/p/logs/run.googleapis.com%2Frequests"',
        'timestamp>="2026-01-01T12:00:00Z" AND timestamp<"2026-01-01T12:00:01+00:00"',
        'timestamp>"2025-12-31"',
        'timestamp="2026-01-01T13:00:00.500000000+01:00"',
        'timestamp<"2026-01-01T12:00:00.500000001Z"',
        'timestamp>"2026-01-01T12:00:00.499999999Z"',
        "httpRequest.status=404",
        "httpRequest.status>=400 httpRequest.status<500",
        "httpRequest.latency>0.1s",
        'labels."run.googleapis.com/x"="y"',
        'labels."run.googleapis.com/x":*',
        'trace="projects/p/traces/abc"',
        "jsonPayload.message:BAD",
        'jsonPayload.message="a (BAD) \\"day\\""',
        'jsonPayload.message=~"^A .bad"',
        'jsonPayload.message!~"good"',
        "jsonPayload.flag=true",
        "jsonPayload.count>3",
        "NOT severity=ERROR",
        "-severity=ERROR",
        'NOT textPayload="x"',
        "severity=ERROR OR severity=WARNING",
        "(severity=ERROR OR severity=WARNING) AND (httpRequest.status=404)",
        "severity=WARNING OR severity=ERROR AND httpRequest.status=404",
        "severity!=ERROR",
        "bad",
        '"bad) \\"DAY"',
        "warning NOT good",
        "good OR (bad day)",
        "404",
        "log_id(run.googleapis.com/requests)",
        'LOG_ID("run.googleapis.com/requests") severity=WARNING',
        "-log_id(stdout)",
        r'-log_id("\ud800") -"\ud800" -jsonPayload.message:"\ud800"',
        'NOT jsonPayload.message=~"\ud800"',
        "jsonPayload.users.name=ann",
        "jsonPayload.users.name!=ann",
        "jsonPayload.tags:(red AND green)",
        'jsonPayload.tags=~"^gr[[:alpha:]]+$"',
        r'jsonPayload.message=~"\w \(bad\) \"day\""',
        r'jsonPayload.message="\x41 (bad) \u0022day\""',
    ],
)
def test_takes(text: str) -> None:
    assert compile_filter(text)(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        'resource.type="cloud_run_job"',
        "severity>WARNING",
        'textPayload:"x"',
        'textPayload!="x"',
        'textPayload=~"x"',
        "resource.type.deeper=x",
        "httpRequest.status=40",
        'jsonPayload.message=~"^a"',
        'resource.labels.revision_name=("s-0" OR "s-2")',
        'NOT resource.labels.revision_name=("s-0" OR "s-1")',
        "httpRequest.status:(4 AND 5)",
        "NOT (severity=ERROR OR severity=WARNING)",
        "severity=WARNING OR severity=ERROR AND httpRequest.status=500",
        'timestamp<"2026-01-01T12:00:00Z"',
        'timestamp>="2026-01-01T12:00:00.500000001Z"',
        "good",
        "NOT bad",
        '"bad day"',
        "log_id(requests)",
        "jsonPayload.users.name=cy",
        "jsonPayload.users.nobody:*",
    ],
)
def test_leaves(text: str) -> None:
    assert not compile_filter(text)(ENTRY)


def test_an_entry_without_severity_has_the_default_one() -> None:
    assert compile_filter("severity=DEFAULT")({})
    assert not compile_filter("severity>=INFO")({})


@pytest.mark.parametrize(
    "text",
    [
        "severity=",
        "AND",
        "a AND OR b",
        "=x",
        "severity=ERROR AND",
        "severity=ERROR OR",
        "(severity=ERROR",
        "severity=ERROR)",
        "severity=(ERROR OR)",
        "severity=(ERROR",
        "severity=()",
        "severity=(ERROR OR severity=INFO)",
        "severity=" + "(" * 60 + "ERROR" + ")" * 60,
        "NOT",
        'textPayload="open',
        "severity=LOUD",
        'timestamp>"yesterday"',
        'timestamp>"2026-13-01"',
        'textPayload=~"("',
        '"alone" = x',
        'textPayload=~"(?=x)"',
        "log_id(",
        "log_id()",
        'log_id("x" "y")',
        '=~"alone"',
        "a..b=c =",
        ".a=b",
        "a.=b",
        "(" * 60 + "a=b" + ")" * 60,
        "a=b " * 6000,
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(ApiError, match="filter"):
        compile_filter(text)


@pytest.mark.parametrize(
    "text", ["severity!=(ERROR OR INFO)", "sample(insertId, 0.5)", 'SEARCH("x")', "source(x)"]
)
def test_what_is_not_emulated_says_so(text: str) -> None:
    with pytest.raises(ApiError, match="does not emulate") as refused:
        compile_filter(text)
    assert refused.value.code is Code.UNIMPLEMENTED


moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
offsets = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))


@given(moments, moments, offsets)
def test_instants_sort_as_times_do(one: datetime, other: datetime, offset: timezone) -> None:
    first, second = instant(one.astimezone(offset).isoformat()), instant(other.isoformat())
    assert (first < second, first == second) == (one < other, one == other)


@given(st.text(alphabet='ab="()-~:<>!.\\ ANDORT\n*', max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        compile_filter(text)(ENTRY)
    except ApiError as error:
        assert "filter" in error.message  # noqa: PT017 - either outcome is right


def leaf(number: int) -> str:
    return f"jsonPayload.f{number}=true"


formulas = st.recursive(
    st.integers(0, 3).map(lambda number: (leaf(number), lambda held: held[number])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["NOT ", "-"])).map(
            lambda made: (f"{made[1]}({made[0][0]})", lambda held: not made[0][1](held))
        ),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda parts: (
                "(" + " OR ".join(f"({text})" for text, _ in parts) + ")",
                lambda held: any(holds(held) for _, holds in parts),
            )
        ),
        st.tuples(
            st.lists(inner, min_size=2, max_size=3), st.sampled_from([" AND ", " ", "\n"])
        ).map(
            lambda made: (
                made[1].join(f"({text})" for text, _ in made[0]),
                lambda held: all(holds(held) for _, holds in made[0]),
            )
        ),
    ),
    max_leaves=8,
)
bits = st.lists(st.booleans(), min_size=4, max_size=4)


@given(formulas, bits)
def test_brackets_mean_what_they_say(
    formula: tuple[str, Callable[[list[bool]], bool]], held: list[bool]
) -> None:
    payload = {f"f{number}": value for number, value in enumerate(held)}
    assert compile_filter(formula[0])({"jsonPayload": payload}) == formula[1](held)


@given(bits)
def test_not_binds_tightest_then_or_then_and(held: list[bool]) -> None:
    payload = {f"f{number}": value for number, value in enumerate(held)}
    text = f"{leaf(0)} AND NOT {leaf(1)} OR {leaf(2)} {leaf(3)}"
    wanted = held[0] and (not held[1] or held[2]) and held[3]
    assert compile_filter(text)({"jsonPayload": payload}) == wanted


def entry(number: int = 0, revision: str = "s-1", **fields: object) -> LogEntry:
    key = RevisionKey("p", "l", "s", revision)
    fields = {"log": "stdout", "text": f"line {number}", **fields}
    return LogEntry(NOW + timedelta(seconds=number), key, **fields)


def store(*entries: LogEntry, bounds: Bounds | None = None) -> LogStore:
    made = LogStore(lambda: NOW, bounds or Bounds())
    for each in entries:
        made.add(each)
    return made


def list_entries(held: LogStore, body: object) -> dict[str, object]:
    return asyncio.run(logging_v2.list_entries(held, body))


def lines(held: LogStore, **body: object) -> list[str]:
    found = list_entries(held, {"resourceNames": ["projects/p"], **body})["entries"]
    return [each["textPayload"] for each in found]


def test_the_shape_of_an_entry() -> None:
    held = store(entry(trace="projects/p/traces/t", labels={"instanceId": "i"}, severity="INFO"))
    assert list(held.entries()) == [
        {
            "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
            "resource": {
                "type": "cloud_run_revision",
                "labels": {"project_id": "p", "location": "l", "service_name": "s",
                           "revision_name": "s-1", "configuration_name": "s"},
            },
            "insertId": "0000000000000001",
            "timestamp": "2026-01-01T12:00:00.000000Z",
            "receiveTimestamp": "2026-01-01T12:00:00.000000Z",
            "severity": "INFO",
            "textPayload": "line 0",
            "labels": {"instanceId": "i"},
            "trace": "projects/p/traces/t",
        }
    ]  # fmt: skip


def test_a_container_cannot_speak_for_another_execution() -> None:
    name = "run.googleapis.com/execution_name"
    key, said = ExecutionKey("p", "l", "j", "j-1"), {"team": "a", name: "j-2"}
    (shown,) = store(LogEntry(NOW, key, "stdout", "x", labels=said)).entries()
    assert shown["labels"] == {"team": "a", name: "j-1"}


def test_log_names() -> None:
    logs = ("varlog/system", "cloudaudit.googleapis.com/system_event")
    assert [each["logName"] for each in store(*(entry(log=log) for log in logs)).entries()] == [
        "projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem",
        "projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event",
    ]


def test_a_pattern_that_would_backtrack_for_ever_takes_no_time() -> None:
    held = store(*(entry(number, text="a" * 200_000 + "!") for number in range(50)))
    for pattern in ("(a+)+$", "(a|aa)+$", "(.*a){20}b", "a.*a.*a.*a.*b"):
        assert lines(held, filter=f'textPayload=~"{pattern}"') == []


SLOW = " OR ".join(f'textPayload="{number}"' for number in range(300))


def test_a_slow_search_lets_others_go_on() -> None:
    held, ticks = store(*(entry(number) for number in range(2000))), []

    async def both() -> None:
        search = asyncio.create_task(
            logging_v2.list_entries(held, {"resourceNames": ["projects/p"], "filter": SLOW})
        )
        while not search.done():
            ticks.append(await asyncio.sleep(0))
        assert search.result()["entries"] == []

    asyncio.run(both())
    assert len(ticks) > 5


def test_a_search_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging_v2, "_LONGEST_SEARCH", 0)
    with pytest.raises(ApiError, match="too long") as refused:
        lines(store(*(entry(number) for number in range(2000))), filter=SLOW)
    assert refused.value.code is Code.DEADLINE_EXCEEDED


@pytest.mark.parametrize("order", ["timestamp asc", "timestamp desc"])
def test_pages_stay_whole_while_entries_arrive_late_and_go(order: str) -> None:
    held = store(*(entry(number) for number in range(10, 20)), bounds=Bounds(overall=12))
    asked = {"resourceNames": ["projects/p"], "orderBy": order, "pageSize": 4}
    seen, token = [], ""
    for late in (5, 25, 12, 7, 30):
        page = list_entries(held, {**asked, "pageToken": token})
        seen += [each["textPayload"] for each in page["entries"]]
        held.add(entry(late, text="late"))  # between two pages; from the third on, one goes
        token = page["nextPageToken"]
        if not token:
            break
    whole = [f"line {number}" for number in range(10, 20)]
    found = [text for text in seen if text != "late"]
    assert found == sorted(set(found), reverse=order.endswith("desc"))
    assert set(whole) - set(found) <= {"line 10", "line 11"}  # those that went


def test_order_pages_and_projects() -> None:
    held = store(entry(2), entry(1), entry(1, text="same time"), entry(3))
    assert lines(held) == ["line 1", "same time", "line 2", "line 3"]
    assert lines(held, orderBy="timestamp desc")[0] == "line 3"
    assert lines(held, resourceNames=["projects/other"]) == []
    first = list_entries(held, {"resourceNames": ["projects/p"], "pageSize": 3})
    assert lines(held, pageSize=3, pageToken=first["nextPageToken"]) == ["line 3"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"resourceNames": "projects/p"},
        {"resourceNames": ["projects/p"], "orderBy": "severity"},
        {"resourceNames": ["projects/p"], "orderBy": ["timestamp"]},
        {"resourceNames": ["projects/p"], "filter": 3},
        {"resourceNames": ["projects/p"], "pageSize": "x"},
        {"resourceNames": ["projects/p"], "pageToken": "x"},
        {"resourceNames": ["projects/p"], "filters": "x"},
    ],
)
def test_requests_that_cannot_be_understood(body: object) -> None:
    with pytest.raises(ApiError):
        list_entries(store(), body)


def test_the_store_is_bounded_per_key_overall_and_in_size() -> None:
    noisy = [entry(number, "s-2") for number in range(9)]
    assert lines(store(entry(0, text="kept"), *noisy, bounds=Bounds(per_key=2))) == [
        "kept", "line 7", "line 8",
    ]  # fmt: skip
    assert lines(store(*noisy, bounds=Bounds(overall=3))) == ["line 6", "line 7", "line 8"]
    assert lines(store(*noisy, bounds=Bounds(text=1000)))[-1] == "line 8"
    assert len(lines(store(*noisy, bounds=Bounds(text=1000)))) < 4
    huge = store(entry(text="x" * (LONGEST_TEXT + 1)))
    assert len(lines(huge)[0]) == LONGEST_TEXT
