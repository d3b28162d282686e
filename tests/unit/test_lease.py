"""Who is at work on a service, until when; and images that were taken back."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.holder import holder, is_gone
from pipeline.model import Service
from pipeline.release.lease import LEASE, Holder, is_over, lease_of, left_of, note_lease
from pipeline.release.rejected import (
    KEPT,
    REJECTED,
    note_accepted,
    note_rejected,
    rejected_of,
    rejection_of,
)
from tests.unit.in_memory import NOBODY

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ME, OTHER = Holder("process:me:1", "me"), Holder("process:other:2", "other")


def noted(notes: dict[str, str], service: Service = NOBODY) -> Service:
    return replace(service, annotations={**service.annotations, **notes})


@given(st.integers(1, 10**6))
def test_a_lease_ends_by_itself(term: int) -> None:
    lease = lease_of(noted(note_lease(NOBODY, ME, NOW, term)))

    assert lease is not None
    assert (lease.id, lease.who) == (ME.id, ME.who)
    assert not is_over(lease, NOW + timedelta(seconds=term - 1))
    assert is_over(lease, NOW + timedelta(seconds=term))
    assert left_of(lease, NOW) == term


def test_a_lease_that_is_renewed_keeps_its_beginning_and_one_that_is_taken_over_does_not() -> None:
    service = noted(note_lease(None, ME, NOW, 60))
    later = NOW + timedelta(seconds=30)

    renewed = lease_of(noted(note_lease(service, ME, later, 60)))
    taken = lease_of(noted(note_lease(service, OTHER, later, 60)))

    assert renewed is not None
    assert taken is not None
    assert renewed.since == "2026-01-01T00:00:00+00:00"
    assert taken.since == "2026-01-01T00:00:30+00:00"
    assert renewed.until == taken.until == "2026-01-01T00:01:30+00:00"


@pytest.mark.parametrize(
    "wrong",
    ["", "{", "[]", '{"v":2,"note":{}}', '{"v":1,"note":null}', '{"v":1,"note":{"id":"a"}}',
     '{"v":1,"note":{"id":1,"who":"a","since":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}}',
     '{"v":1,"note":{"id":"a","who":"a","since":"2026-01-01T00:00:00Z","until":"later"}}',
     '{"v":1,"note":{"id":"a","who":"a","since":"2026-01-01T00:00:00","until":"2026-01-01"}}'],
)  # fmt: skip
def test_a_note_that_cannot_be_read_is_no_lease_and_no_rejection(wrong: str) -> None:
    assert lease_of(noted({LEASE: wrong})) is None
    assert rejected_of(noted({REJECTED: wrong})) == ()


def test_a_process_of_this_machine_is_known_to_be_gone_once_it_has_ended() -> None:
    ended = multiprocessing.get_context("fork").Process(target=int)
    ended.start()
    ended.join()
    mine = holder({})
    place = mine.id.rpartition(":")[0]

    assert mine == holder({})
    assert str(os.getpid()) in mine.id
    assert not is_gone(mine.id)
    assert is_gone(f"{place}:{ended.pid}")


def test_a_process_that_nobody_has_waited_for_yet_is_gone_as_well() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    place = holder({}).id.rpartition(":")[0]
    try:
        assert is_gone(f"{place}:{child}")
    finally:
        os.waitpid(child, 0)


@pytest.mark.parametrize(
    "other",
    ["", "process", "process:", "process::", "process:elsewhere:1", "github:a/b/7", "x:y:1"],
)
def test_of_a_run_elsewhere_nothing_is_known(other: str) -> None:
    assert not is_gone(other)


def test_all_stages_of_a_run_in_ci_are_one_holder() -> None:
    github = {"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "o/r", "GITHUB_ACTOR": "ada"}

    assert holder(github) == Holder("github:o/r/7", "ada, run 7 of o/r")
    assert holder({"BUILD_ID": "b"}) == Holder("build:b", "Cloud Build b")
    assert holder({**github, "CLOUD_RUN_PIPELINE_RUN": "mine"}) == Holder("run:mine", "mine")


def test_what_was_rejected_is_known_by_its_digest_until_it_has_served_well() -> None:
    service = noted(note_rejected(NOBODY, "here/a@sha256:1", "a-1", NOW.isoformat(), "why" * 200))
    found = rejection_of(service, "elsewhere/b@sha256:1")

    assert found is not None
    assert found.revision == "a-1"
    assert len(found.why) == 300
    assert rejection_of(service, "here/a@sha256:2") is None
    assert rejection_of(noted(note_accepted(service, "x@sha256:1")), "here/a@sha256:1") is None
    assert note_accepted(service, "x@sha256:2") == {}


def test_so_many_rejections_are_kept_the_newest_first() -> None:
    service = NOBODY
    for number in range(KEPT + 3):
        notes = note_rejected(service, f"a@sha256:{number}", "r", NOW.isoformat(), "why")
        service = noted(notes, service)
    again = noted(note_rejected(service, "a@sha256:9", "r", NOW.isoformat(), "anew"), service)

    assert [one.digest for one in rejected_of(service)][:2] == ["sha256:12", "sha256:11"]
    assert len(json.loads(again.annotations[REJECTED])["note"]) == KEPT
    assert [one.why for one in rejected_of(again)].count("anew") == 1
