"""A bad day on purpose: each fault strikes as planned, by the same seed at the same calls."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import requests
from google.api_core import exceptions
from google.cloud import run_v2
from hypothesis import given
from hypothesis import strategies as st

from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.faults.plan import (
    KNOWN,
    SECONDS,
    SHARES,
    Fault,
    Plan,
    WrongFaultError,
    checked,
    from_words,
)
from pipeline.local_cloud_run.server import Options
from pipeline.local_cloud_run.values import LogEntry, RevisionKey
from tests.local_cloud_run.conftest import PARENT, POLLING, CloudRun, running
from tests.local_cloud_run.images import engine, image
from tests.local_cloud_run.services import ALL_ROUND, JOB

shares = st.floats(0, 1)


@given(st.integers(-(2**62), 2**62), st.sampled_from(sorted(SHARES)), shares, shares)
def test_who_is_struck_by_a_share_is_struck_by_a_larger_one(
    seed: int, fault: Fault, one: float, other: float
) -> None:
    less, more = (Plan(seed, {fault: share}) for share in sorted((one, other)))
    for number in range(20):
        assert less.strikes(fault, number) <= more.strikes(fault, number)
    assert not Plan(seed).strikes(fault, 1)
    assert Plan(seed, {fault: 1.0}).strikes(fault, 1)
    assert not Plan(seed, {fault: 0.0}).strikes(fault, 1)


def test_a_share_is_about_that_share() -> None:
    for fault in SHARES:
        struck = sum(Plan(7, {fault: 0.2}).strikes(fault, number) for number in range(10_000))
        assert 1_850 < struck < 2_150


def test_words_and_what_is_wrong_with_them() -> None:
    plan = from_words(7, ["quota=0.2", "start-delay=20", "log-lag=0"])
    assert plan == Plan(7, {Fault.QUOTA: 0.2, Fault.START_DELAY: 20.0, Fault.LOG_LAG: 0.0})
    assert from_words(0, []) == Plan()
    for word in ("quota", "quota=", "quota=x", "quota=1.01", "quota=-0.1", "quota=nan", "slow=inf",
                 "slow=3601", "=1", "", "Quota=1", "quota=1=2"):  # fmt: skip
        with pytest.raises(WrongFaultError, match="start-delay=SECONDS"):
            from_words(0, [word])


@given(st.dictionaries(st.sampled_from([*KNOWN, "else"]), st.floats() | st.integers() | st.text()))
def test_a_plan_is_understood_or_refused(values: dict) -> None:
    try:
        plan = checked(0, values)
    except WrongFaultError:
        return
    assert plan.values == values
    assert all(math.isfinite(value) and value >= 0 for value in plan.values.values())
    assert all(plan.values.get(one, 0) <= 1 for one in SHARES)
    assert SHARES.keys() | SECONDS.keys() == set(Fault)


def test_entries_can_be_read_after_their_lag() -> None:
    now, lag = datetime(2026, 1, 1, tzinfo=UTC), 0.0
    store = LogStore(lambda: now, lag=lambda: lag)
    store.add(LogEntry(now, RevisionKey("p", "l", "s", "s-1"), "stdout", "early"))
    now, lag = now + timedelta(seconds=5), 5.0
    store.add(LogEntry(now, RevisionKey("p", "l", "s", "s-1"), "stdout", "late"))
    assert [entry["textPayload"] for entry in store.entries()] == ["early"]
    now += timedelta(seconds=5)
    assert len([*store.entries()]) == 2


@pytest.fixture(scope="module")
def bad_day() -> Iterator[CloudRun]:
    """A server of its own: others must not have this one's faults."""
    with running(Options(engine=engine(), startup_limit=4.0)) as address:
        cloud_run = CloudRun(address)
        cloud_run.create("there", image("all-round", ALL_ROUND))
        yield cloud_run


@pytest.fixture(autouse=True)
def over(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "bad_day" in request.fixturenames:
        request.getfixturevalue("bad_day").call("DELETE", "/local/faults")


def begin(cloud_run: CloudRun, seed: int = 7, **faults: float) -> None:
    body = {"seed": seed, "faults": {name.replace("_", "-"): v for name, v in faults.items()}}
    cloud_run.call("PUT", "/local/faults", json=body).raise_for_status()


def label(cloud_run: CloudRun, value: str, etag: str = "") -> object:
    service = run_v2.Service(name=f"{PARENT}/services/there", labels={"a": value}, etag=etag)
    return cloud_run.services.update_service(service=service, update_mask={"paths": ["labels"]})


def outcomes(cloud_run: CloudRun) -> list[bool]:
    return [_is_taken(cloud_run) for _ in range(20)]


def _is_taken(cloud_run: CloudRun) -> bool:
    try:
        label(cloud_run, "x")
    except exceptions.TooManyRequests as error:
        return "Quota exceeded for quota metric 'Write requests'" not in str(error)
    return True


def test_the_same_seed_and_calls_have_the_same_faults(bad_day: CloudRun) -> None:
    begin(bad_day, quota=0.5)
    first = outcomes(bad_day)
    assert bad_day.get("there").labels["a"] == "x"  # reads have another quota
    struck = bad_day.call("GET", "/local/faults").json()["struck"]
    assert struck == {"quota": first.count(False)}
    begin(bad_day, quota=0.5, conflict=0.5)  # another fault changes nothing for this one
    assert outcomes(bad_day) == first
    begin(bad_day, seed=8, quota=0.5)
    assert outcomes(bad_day) != first


def test_a_conflict_is_one_with_a_version_that_moved(bad_day: CloudRun) -> None:
    etag = bad_day.get("there").etag
    begin(bad_day, conflict=1)
    label(bad_day, "no etag")
    etag = bad_day.get("there").etag
    with pytest.raises(exceptions.Conflict, match="was specified but current version is"):
        label(bad_day, "refused", etag)
    assert bad_day.get("there").etag != etag
    assert bad_day.get("there").labels["a"] == "no etag"


def test_a_reply_that_is_lost_is_of_a_write_that_was_applied(bad_day: CloudRun) -> None:
    begin(bad_day, lost_reply=1)
    with pytest.raises(requests.ConnectionError):
        label(bad_day, "applied")
    assert bad_day.get("there").labels["a"] == "applied"


def test_a_traffic_update_that_fails_changes_nothing(bad_day: CloudRun) -> None:
    before = bad_day.get("there").traffic_statuses
    begin(bad_day, traffic=1)
    with pytest.raises(exceptions.GoogleAPICallError, match="Resource readiness deadline"):
        label(bad_day, "failed").result(polling=POLLING, timeout=10)
    service = bad_day.get("there")
    assert service.traffic_statuses == before
    assert service.terminal_condition.state.name == "CONDITION_FAILED"
    bad_day.call("DELETE", "/local/faults")
    label(bad_day, "mended").result(polling=POLLING, timeout=10)


def test_a_change_that_never_ends_goes_on_once_the_fault_is_off(bad_day: CloudRun) -> None:
    begin(bad_day, stuck=1)
    stuck = label(bad_day, "stuck")
    waited = bad_day.call("POST", f"/v2/{stuck.operation.name}:wait", json={"timeout": "0.2s"})
    assert not waited.json()["done"]
    assert bad_day.get("there").reconciling
    begin(bad_day, quota=0)
    assert stuck.result(polling=POLLING, timeout=10).labels["a"] == "stuck"


def test_what_takes_long(bad_day: CloudRun) -> None:
    begin(bad_day, slow=0.6, start_delay=0.7, log_lag=600)
    began = time.monotonic()
    job = run_v2.Job(template={"template": {"containers": [{"image": image("job", JOB)}]}})
    asked = bad_day.jobs.create_job(parent=PARENT, job=job, job_id="slow")
    bad_day.create("slow", image("all-round", ALL_ROUND))
    assert time.monotonic() - began > 1.3
    assert asked.result(polling=POLLING, timeout=10).terminal_condition.state.name.endswith("ED")
    written = 'resource.labels.service_name="slow"'
    assert not bad_day.entries(written)
    bad_day.call("DELETE", "/local/faults")
    assert bad_day.entries(written)


def test_what_the_control_api_says(bad_day: CloudRun) -> None:
    begin(bad_day, quota=0.25, slow=2)
    shown = bad_day.call("GET", "/local/faults").json()
    assert shown["seed"] == 7
    assert shown["faults"] == {"quota": 0.25, "slow": 2.0}
    assert set(shown["known"]) == set(Fault)
    for body in ({"faults": {"rain": 1}}, {"faults": {"quota": 2}}, {"faults": {"quota": "1"}},
                 {"faults": {"quota": True}}, {"faults": []}, [], {"fault": {}},
                 {"seed": "7"}, {"seed": 1.5}, {"seed": 10**30}):  # fmt: skip
        refused = bad_day.call("PUT", "/local/faults", data=json.dumps(body))
        assert refused.status_code == 400, body
    assert bad_day.call("GET", "/local/faults").json() == shown  # what is refused changes nothing
    assert bad_day.call("POST", "/local/faults").status_code == 501
    foreign = {"Origin": "http://evil.example"}
    assert bad_day.call("DELETE", "/local/faults", headers=foreign).status_code == 403
    assert bad_day.call("DELETE", "/local/faults").json()["faults"] == {}


def test_an_end_does_not_wait_for_what_is_held_up() -> None:
    options = Options(
        engine=engine(), faults=from_words(0, ["start-delay=3600", "stuck=1", "slow=3600"])
    )
    with running(options) as address:
        cloud_run = CloudRun(address)
        template = {"containers": [{"image": image("all-round", ALL_ROUND)}]}
        for number in count():
            name = f"held-{number}"
            service = run_v2.Service(template=template)
            cloud_run.services.create_service(parent=PARENT, service=service, service_id=name)
            if number == 2:
                break
        began = time.monotonic()
    assert time.monotonic() - began < 5
