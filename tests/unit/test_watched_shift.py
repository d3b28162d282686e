"""Under traffic: what fails stops the shift and is undone, what is unknown does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.adapters.logging import Entry
from pipeline.context import Context
from pipeline.errors import ApiRefused, ShiftFailed
from pipeline.model import Outcome, Service
from pipeline.release.candidate import candidate_of
from pipeline.stages.deploy import deploy
from pipeline.stages.shift import shift
from pipeline.stages.verify import verify
from tests.unit.in_memory import Cloud, candidate, run

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
OLD = {"agents-1": 100}


def entry(log: str, text: str = "", number: float = 0, **more: object) -> Entry:
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


def requests(status: int, count: int, revision: str = "agents-2", took: float = 0.1) -> list[Entry]:
    http = {
        "status": status, "requestMethod": "GET", "requestUrl": "https://agents/x",
        "latency": f"{took}s",
    }  # fmt: skip
    log = [entry("requests", f"{status}", at / 1000, http=http) for at in range(count)]
    return [replace(one, revision=revision) for one in log]


def just_now(context: Context, entries: Iterable[Entry]) -> list[Entry]:
    """Entries of the beginning, written now."""
    passed = timedelta(0, context.world.monotonic())
    return [replace(one, at=one.at + passed) for one in entries]


def splits(cloud: Cloud) -> list[dict[str, int]]:
    """Fills with what the service serves after each write."""
    store, seen = cloud.store, list[dict[str, int]]()

    def stored(service: Service) -> Service:
        done = store(service)
        seen.append(cloud.split)
        return done

    cloud.store = stored  # type: ignore[method-assign]
    return seen


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
            [*requests(200, 90), *requests(502, 10)],
            "errors: 10 of 100 requests failed (10 %), more than 1 %",
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
    when(context, 2, lambda: cloud.entries.extend(just_now(context, entries)))

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
    given = splits(cloud)
    cloud.entries.append(entry("stdout", "Traceback (most recent call last):"))

    with pytest.raises(ShiftFailed, match="log lines: 1 line that must not be there"):
        shift(context)

    assert given == [OLD] * len(given)


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
    given = splits(cloud)
    cloud.entries += [entry("varlog/system", text, at) for at, text in enumerate(texts)]

    with pytest.raises(ShiftFailed, match="exits: its container ended by itself"):
        shift(context)

    assert given == [OLD] * len(given)


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


def test_what_the_log_told_before_the_shift_does_not_count_as_a_rate(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.entries += [entry("stdout", "OperationalError, trying again"), *requests(500, 50)]
    run(context, deploy, verify)
    new = candidate(cloud)
    shift(context)

    assert cloud.split == {new: 100}
    said = capsys.readouterr().out
    assert "? errors: 0 of at least 20 requests came" in said
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

    def counted(name: str, since: datetime, others: Sequence[str]) -> Sequence[Entry]:
        read.append(context.world.monotonic())
        return newest(name, since, others)

    cloud.newest = counted
    traffic = context.config.traffic.model_copy(update={"step_time": 0.0, "watch": 61.0})
    config = context.config.model_copy(update={"traffic": traffic})
    object.__setattr__(context, "config", config)
    shift(context)

    pauses = [after - before for before, after in pairwise(read)]
    assert len(read) > 10
    assert all(pause >= 5 for pause in pauses[:-1])
