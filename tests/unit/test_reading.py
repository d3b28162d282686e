"""Reading a revision's log: what verify takes from it, and what is new each time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from pipeline.adapters.logging import FULL, Entry, Logs
from pipeline.context import Context
from pipeline.errors import PipelineError, VerifyFailed, VerifyInconclusive
from pipeline.local_cloud_run.api import logging_v2
from pipeline.local_cloud_run.api.logs import Bounds, LogStore
from pipeline.local_cloud_run.values import LogEntry, RevisionKey
from pipeline.model import Outcome
from pipeline.release.candidate import candidate_of
from pipeline.stages.deploy import deploy
from pipeline.stages.verify import verify
from pipeline.steps.reading import Tail
from tests.unit.in_memory import Cloud, candidate

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def entry(log: str, text: str = "", number: float = 0, **more: object) -> Entry:
    at = BEGAN + timedelta(0, number)
    return Entry(at, log, text, "INFO", "agents-2", id=f"{log}-{text}-{number}", **more)


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


def test_each_reading_has_what_is_new_and_begins_where_the_last_one_ended(
    context: Context,
) -> None:
    asked: list[datetime] = []
    log: list[Entry] = []

    def newest(revision: str, since: datetime, others: Sequence[str]) -> Sequence[Entry]:
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


@pytest.mark.parametrize("ours", [-300, 0, 300], ids=["ours is behind", "alike", "ours is ahead"])
def test_the_logs_clock_is_known_by_its_newest_entry(context: Context, ours: float) -> None:
    lag, log = 3, list[Entry]()
    context.__dict__["logs"] = SimpleNamespace(newest=lambda *_: log[::-1])
    world = context.world
    ahead = replace(world, now=lambda: BEGAN + timedelta(0, world.monotonic() + ours))
    object.__setattr__(context, "world", ahead)
    tail = Tail(context, "agents-2", BEGAN)

    for second in range(60):
        world.sleep(1)
        log += [entry("requests", number=second - lag), entry("stdout", number=10_000 + second)]
        tail.read()

    assert tail.time(30) == BEGAN + timedelta(0, 30 - 1 - lag)


class Store:
    """Google's side of reading logs, as the local Cloud Run has it; ``calls`` counts."""

    def __init__(self) -> None:
        self.log = LogStore(lambda: BEGAN, Bounds(per_key=10**5, overall=10**5))
        self.calls = 0

    def add(self, revision: str, log: str, at: float, text: str = "") -> None:
        key = RevisionKey("p", "l", "s", revision)
        http = {"status": 200} if log == "requests" else None
        self.log.add(LogEntry(BEGAN + timedelta(0, at), key, log, text, http_request=http))

    def post(self, api: str, path: str, body: object) -> object:
        self.calls += 1
        return asyncio.run(logging_v2.list_entries(self.log, body))


@pytest.fixture
def store() -> Store:
    return Store()


def test_one_call_reads_a_revision_and_the_requests_to_others(store: Store) -> None:
    logs = Logs(store, "p", "l", "s")  # type: ignore[arg-type]
    for at, name in enumerate(("new", "old", "older", "another")):
        store.add(name, "requests", at, f"request to {name}")
        store.add(name, "stdout", at, f"line of {name}")

    def read(*others: str) -> list[str]:
        return [one.text for one in logs.newest("new", BEGAN, others)]

    assert read("old", "older") == [
        "request to older", "request to old", "line of new", "request to new",
    ]  # fmt: skip
    assert store.calls == 1
    assert read() == ["line of new", "request to new"]


def test_requests_do_not_crowd_out_what_it_wrote(store: Store) -> None:
    logs = Logs(store, "p", "l", "s")  # type: ignore[arg-type]
    store.add("new", "stdout", 0, "Traceback (most recent call last):")
    store.add("old", "stdout", 0, "not asked for")
    for at in range(4000):
        store.add("old" if at % 4 else "new", "requests", 1 + at / 100)

    found = logs.newest("new", BEGAN, ["old"])

    assert (len(found), store.calls) == (3001, 4)
    assert found[-1].text == "Traceback (most recent call last):"
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
