"""Under traffic: what fails stops the shift and is undone, what is unknown does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.adapters.logging import FULL, Entry
from pipeline.context import Context
from pipeline.errors import (
    ApiRefused,
    PipelineError,
    ShiftFailed,
    VerifyFailed,
    VerifyInconclusive,
)
from pipeline.model import Outcome
from pipeline.release.candidate import candidate_of
from pipeline.stages.deploy import deploy
from pipeline.stages.shift import shift
from pipeline.stages.verify import verify
from pipeline.steps.reading import Tail
from tests.unit.in_memory import Cloud, a_context, candidate, run, serving

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
OLD = {"agents-1": 100}


@pytest.fixture
def cloud() -> Cloud:
    return serving()


@pytest.fixture
def context(cloud: Cloud, tmp_path: Path) -> Context:
    return a_context(cloud, tmp_path)


def entry(log: str, text: str = "", number: int = 0, **more: object) -> Entry:
    at = BEGAN + timedelta(0, number)
    return Entry(at, log, text, "INFO", "agents-2", id=f"{log}-{text}-{number}", **more)


def when(context: Context, seconds: float, happen: Callable[[], object]) -> None:
    """Let something happen once so many seconds from now have passed."""
    sleep, clock = context.world.sleep, context.world.monotonic
    due, left = clock() + seconds, [happen]

    def later(pause: float) -> None:
        sleep(pause)
        if left and clock() >= due:
            left.pop()()

    object.__setattr__(context, "world", replace(context.world, sleep=later))


def requests(status: int, count: int) -> list[Entry]:
    http = {"status": status, "requestMethod": "GET", "requestUrl": "https://agents/x"}
    return [entry("requests", f"{status}", at, http=http) for at in range(count)]


@pytest.mark.parametrize(
    ("entries", "evidence"),
    [
        (
            [entry("stderr", "Traceback (most recent call last):")],
            "log lines: 1 line that must not be there",
        ),
        (
            [entry("stdout", "BACKGROUND_TASK_FAILURE: user 7")],
            "log rates: 1 line matches 'BACKGROUND_TASK_FAILURE': none is borne",
        ),
        (
            [entry("varlog/system", "Container called exit(1).", at) for at in range(2)],
            "exits: its container ended by itself: exit code 1 (2 times)",
        ),
        (
            [*requests(200, 98), *requests(502, 2)],
            "errors: 2 of 100 requests failed (2 %), more than 1 %",
        ),
        (
            [entry("varlog/system", "Starting new instance. Reason: AUTOSCALING", 0),
             entry("varlog/system", "Default STARTUP TCP probe succeeded after 1 attempt", 11)],
            "start-up: 1 instance listened after 11.0 s, more than 10 s",
        ),
    ],
)  # fmt: skip
def test_what_the_log_tells_under_traffic_stops_the_shift(
    cloud: Cloud, context: Context, entries: list[Entry], evidence: str
) -> None:
    run(context, deploy, verify)
    new = candidate(cloud)
    when(context, 2, lambda: cloud.entries.extend(entries))

    with pytest.raises(ShiftFailed) as caught:
        shift(context)

    assert caught.value.what == evidence
    assert f"{new} wrote this" in caught.value.lines
    assert cloud.split == OLD
    assert candidate_of(cloud.found()).verdict == Outcome.FAIL


def test_what_the_log_tells_after_the_last_step_stops_the_shift_too(
    cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    seen: list[dict[str, int]] = []

    def fail() -> None:
        seen.append(cloud.split)
        cloud.entries.append(entry("stdout", "EACCES"))

    when(context, 6, fail)
    with pytest.raises(ShiftFailed, match="log lines"):
        shift(context)

    assert list(seen[0].values()) == [100]
    assert cloud.split == OLD


def test_a_revision_that_is_slow_under_traffic_is_stopped(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    get = context.world.get
    slow = replace(context.world, get=lambda *asked: replace(get(*asked), seconds=1.5))
    object.__setattr__(context, "world", slow)
    traffic = context.config.traffic.model_copy(update={"step_time": 60.0})
    config = context.config.model_copy(update={"traffic": traffic})
    object.__setattr__(context, "config", config)

    with pytest.raises(ShiftFailed) as caught:
        shift(context)

    assert caught.value.what == (
        "latency: 5 warm answers in 1500 ms (median), 1500 ms (worst): more than 1 s"
    )
    assert cloud.split == OLD


def test_a_forbidden_line_written_since_verify_stops_it_before_any_traffic(
    cloud: Cloud, context: Context
) -> None:
    run(context, deploy, verify)
    etag = cloud.found().etag
    cloud.entries.append(entry("stdout", "Traceback (most recent call last):"))

    with pytest.raises(ShiftFailed, match="log lines: 1 line that must not be there"):
        shift(context)

    assert cloud.found().etag == etag
    assert cloud.split == OLD


@pytest.mark.parametrize(
    "texts",
    [
        ["Container called exit(1)."],
        ["Memory limit of 9 MiB exceeded"],
        ["Starting new instance.", "Container called exit(0)."] * 2,
    ],
)
def test_what_ended_since_verify_stops_it_before_any_traffic(
    cloud: Cloud, context: Context, texts: list[str]
) -> None:
    run(context, deploy, verify)
    etag = cloud.found().etag
    cloud.entries += [entry("varlog/system", text, at) for at, text in enumerate(texts)]

    with pytest.raises(ShiftFailed, match="exits: its container ended by itself"):
        shift(context)

    assert cloud.found().etag == etag


def test_ends_before_and_during_the_shift_are_counted_together(
    cloud: Cloud, context: Context
) -> None:
    def end(at: int) -> list[Entry]:
        texts = ["Starting new instance.", "Container called exit(0)."]
        return [entry("varlog/system", text, at + late) for late, text in enumerate(texts)]

    run(context, deploy, verify)
    cloud.entries += end(0)
    when(context, 2, lambda: cloud.entries.extend(end(10)))

    with pytest.raises(ShiftFailed, match=r"ended by itself: exit code 0 \(2 times\)"):
        shift(context)


def test_what_the_last_probe_did_to_its_container_is_seen(cloud: Cloud, context: Context) -> None:
    deploy(context)
    of_revision, end = cloud.of_revision, entry("varlog/system", "Container called exit(1).")

    def later(name: str, since: datetime) -> Sequence[Entry]:
        entries = of_revision(name, since)
        cloud.entries[:] = [end]
        return entries

    cloud.of_revision = later
    with pytest.raises(VerifyFailed, match="exits: its container ended by itself"):
        verify(context)


@pytest.mark.parametrize(
    ("entries", "error", "evidence"),
    [
        ([entry("varlog/system", "Starting new instance.")], VerifyFailed,
         "log lines: no line matches 'ready'"),
        ([], VerifyInconclusive,
         "log lines: no line matches 'ready', and the beginning of its log is gone"),
        ([entry("varlog/system", "Starting new instance.")] * FULL, VerifyInconclusive,
         "log lines: no line matches 'ready', and the beginning of its log is gone"),
    ],
    ids=["whole", "cut", "too long"],
)  # fmt: skip
def test_only_a_whole_log_proves_that_a_line_is_absent(
    cloud: Cloud,
    context: Context,
    entries: list[Entry],
    error: type[PipelineError],
    evidence: str,
) -> None:
    startup = context.config.startup.model_copy(update={"required_logs": (re.compile("ready"),)})
    object.__setattr__(context, "config", context.config.model_copy(update={"startup": startup}))
    cloud.entries += entries
    deploy(context)

    with pytest.raises(error) as caught:
        verify(context)

    assert caught.value.what == evidence


def test_what_the_log_told_before_the_shift_does_not_count_as_a_rate(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.entries += [entry("stdout", "OperationalError, trying again"), *requests(500, 50)]
    run(context, deploy, verify)
    new = candidate(cloud)
    shift(context)

    assert cloud.split == {new: 100}
    said = capsys.readouterr().out
    assert "? errors: 0 of 0 requests failed: fewer than 20 say nothing" in said
    assert "? start-up: the system log tells of no start yet" in said


def test_a_log_that_cannot_be_read_in_passing_stops_nothing(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    run(context, deploy, verify)

    def broken(*_: object) -> Sequence[Entry]:
        raise ApiRefused("Quota exceeded", remedy="wait")

    when(context, 1, lambda: setattr(cloud, "newest", broken))
    shift(context)

    assert "? log: it could not be read: Quota exceeded" in capsys.readouterr().out
    assert list(cloud.split.values()) == [100]


def test_the_log_is_read_every_five_seconds_and_at_the_end(cloud: Cloud, context: Context) -> None:
    run(context, deploy, verify)
    newest, read = cloud.newest, list[float]()

    def counted(name: str, since: datetime) -> Sequence[Entry]:
        read.append(context.world.monotonic())
        return newest(name, since)

    cloud.newest = counted
    traffic = context.config.traffic.model_copy(update={"step_time": 0.0, "watch": 61.0})
    config = context.config.model_copy(update={"traffic": traffic})
    object.__setattr__(context, "config", config)
    shift(context)

    pauses = [after - before for before, after in pairwise(read)]
    assert len(read) > 10
    assert all(pause >= 5 for pause in pauses[:-1])


def test_each_reading_has_what_is_new_and_begins_where_the_last_one_ended(
    context: Context,
) -> None:
    asked: list[datetime] = []
    log: list[Entry] = []

    def newest(revision: str, since: datetime) -> Sequence[Entry]:
        asked.append(since)
        return sorted((one for one in log if one.at >= since), key=lambda one: one.at)[::-1]

    context.__dict__["logs"] = SimpleNamespace(newest=newest)
    tail = Tail(context, "agents-2", BEGAN)
    context.world.sleep(1000)
    log += [entry("stdout", "a", 100), entry("stdout", "b", 200)]
    assert [one.text for one in tail.read()] == ["a", "b"]
    log += [entry("stdout", "late", 150), entry("stdout", "c", 200), entry("stdout", "d", 300)]
    assert [one.text for one in tail.read()] == ["late", "c", "d"]
    log += [entry("stdout", "of the future", 80_000)]
    assert [one.text for one in tail.read()] == ["of the future"]
    log += [entry("stdout", "e", 950)]
    assert [one.text for one in tail.read()] == ["e"]
    assert tail.read() == []

    moved = [(since - BEGAN).total_seconds() for since in asked]
    assert moved == [-600, 140, 240, 940, 940]


def test_a_candidate_whose_log_tells_nothing_is_not_judged(cloud: Cloud, context: Context) -> None:
    health = context.config.health.model_copy(update={"revision": "header:X-Revision"})
    object.__setattr__(context, "config", context.config.model_copy(update={"health": health}))
    deploy(context)
    cloud.log_lag = 3600.0
    get, name = context.world.get, candidate(cloud)
    said = replace(
        context.world, get=lambda *asked: replace(get(*asked), headers={"X-Revision": name})
    )
    object.__setattr__(context, "world", said)

    with pytest.raises(VerifyInconclusive, match="log lines: its log is empty"):
        verify(context)


def test_verify_waits_until_the_log_has_come_as_far_as_its_requests(
    cloud: Cloud, context: Context
) -> None:
    deploy(context)
    cloud.log_lag = 40.0
    verify(context)

    assert 40 <= context.world.monotonic() < 60


@pytest.mark.parametrize("text", ["Container called exit(1).", "Memory limit of 9 MiB exceeded"])
def test_a_candidate_that_ended_is_not_verified(cloud: Cloud, context: Context, text: str) -> None:
    cloud.entries.append(entry("varlog/system", text))
    deploy(context)

    with pytest.raises(VerifyFailed, match="exits: its container ended by itself"):
        verify(context)
    assert candidate_of(cloud.found()).verdict == Outcome.FAIL


def test_a_failed_verification_shows_what_the_candidate_wrote(
    cloud: Cloud, context: Context
) -> None:
    cloud.writes.append("could not connect to server: Connection refused")
    deploy(context)
    cloud.sick.add(candidate(cloud))

    with pytest.raises(VerifyFailed, match="health: it answered 503") as caught:
        verify(context)

    assert "could not connect to server: Connection refused" in caught.value.lines
