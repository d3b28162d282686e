"""What a release may clean up, and what it must never touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.revision import RELEASE_LABEL
from pipeline.errors import ApiRefused, ApiUnreachable
from pipeline.model import Revision, Service, Target, asked_split, live_split
from pipeline.release.candidate import Candidate, note_candidate
from pipeline.release.history import RELEASES, releases_of, rollback_targets
from pipeline.release.notes import write
from pipeline.release.pruning import is_old_tag, spare
from pipeline.steps.pruning import old_tags, prune
from tests.unit.in_memory import NOBODY, Cloud, a_context

NAMES = [f"agents-{number}" for number in range(8)]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CANDIDATE = Candidate(
    revision="agents-7", tag="c-7", image="image@sha256:7", created=BEGAN.isoformat(),
    before={"agents-6": 100}, verdict="pass", verified=BEGAN.isoformat(),
)  # fmt: skip


def released(*names: str) -> dict[str, str]:
    when = BEGAN.isoformat()
    notes = [
        {"revision": name, "image": "", "verified": when, "since": when, "jobs": []}
        for name in names
    ]
    return {RELEASES: write(notes)}


def revision(name: str, *, ready: bool = True, label: str = "ours") -> Revision:
    made = BEGAN + timedelta(hours=int(name.rpartition("-")[2]))
    return Revision(name, "image", made, ready, "", {RELEASE_LABEL: label} if label else {})


NAME = st.sampled_from(NAMES)
TARGETS = st.lists(
    st.builds(Target, st.none() | NAME, st.sampled_from([0, 50, 100]), st.none() | st.just("c-1")),
    max_size=3,
).map(tuple)
SERVICES = st.builds(
    lambda traffic, serving, created, ready, names, candidate: replace(
        NOBODY, traffic=traffic, serving=serving, latest_created=created, latest_ready=ready,
        annotations={**released(*names), **(note_candidate(candidate) if candidate else {})},
    ),
    TARGETS, TARGETS, NAME, NAME, st.lists(NAME, unique=True),
    st.none() | st.builds(
        lambda name, before: replace(CANDIDATE, revision=name, before={before: 100}), NAME, NAME
    ),
)  # fmt: skip
HELD = st.lists(st.builds(revision, NAME, ready=st.booleans()), unique_by=lambda one: one.name)


@given(SERVICES, HELD, st.integers(1, 8))
def test_nothing_that_anybody_needs_is_spare(
    service: Service, held: list[Revision], keep: int
) -> None:
    gone = spare(service, held, keep)
    names, ready = {one.name for one in held}, {one.name for one in held if one.ready}
    newest = sorted(names, reverse=True)[:keep]
    releases = releases_of(service)
    back = [one.revision for one in rollback_targets(service, releases) if one.revision in ready]

    assert set(gone) <= names
    assert list(gone) == sorted(gone)
    for needed in (
        newest,
        live_split(service),
        asked_split(service),
        [one.revision for one in (*service.traffic, *service.serving)],
        [service.latest_created, service.latest_ready],
        [one.revision for one in releases[:1]],
        back[:1],
    ):
        assert not set(gone) & set(needed)


@given(SERVICES, HELD, st.integers(1, 8))
def test_all_that_nobody_needs_is_spare(service: Service, held: list[Revision], keep: int) -> None:
    """At most what is named somewhere stays beyond the newest."""
    alone = replace(service, traffic=(), serving=(), annotations={})
    needed = {alone.latest_created, alone.latest_ready}
    older = sorted((one.name for one in held), reverse=True)[keep:]

    assert set(spare(alone, held, keep)) == set(older) - needed


def test_the_way_back_of_a_release_under_way_stays() -> None:
    held = [revision(name) for name in NAMES]
    before = replace(CANDIDATE, before={"agents-0": 50, "agents-2": 50})
    service = replace(NOBODY, annotations=note_candidate(before))

    assert spare(service, held, 1) == ["agents-1", "agents-3", "agents-4", "agents-5", "agents-6"]


def test_the_first_rollback_target_that_is_ready_stays() -> None:
    held = [revision(name, ready=name != "agents-3") for name in NAMES]
    service = replace(
        NOBODY,
        traffic=(Target("agents-7", 100),),
        serving=(Target("agents-7", 100),),
        annotations=released("agents-7", "agents-3", "agents-1", "agents-0"),
    )

    assert "agents-1" not in spare(service, held, 1)
    assert {"agents-0", "agents-3"} <= set(spare(service, held, 1))


@pytest.mark.parametrize(
    ("target", "is_old"),
    [
        (Target("agents-1", 0, "c-1"), True),
        (Target("agents-1", 10, "c-1"), False),  # it serves
        (Target("agents-2", 0, "c-1"), False),  # somebody moved it
        (Target("agents-9", 0, "c-1"), False),  # nobody knows who made that
        (Target(None, 0, "c-1"), False),
        (Target("agents-1", 0, "theirs"), False),
        (Target("agents-3", 0, "c-3"), False),  # a tag of theirs that looks like ours
        (Target("agents-7", 0, "c-7"), False),  # the candidate's
        (Target("agents-1", 0), False),
    ],
    ids=str,
)
def test_old_tags(target: Target, is_old: bool) -> None:
    made_by = {"agents-1": "c-1", "agents-2": "c-2", "agents-3": "", "agents-7": "c-7"}

    assert is_old_tag(target, "c-7", made_by) is is_old


def cloud_of(*labels: str) -> Cloud:
    """A revision for each label; the newest serves."""
    held = {f"agents-{number}": label for number, label in enumerate(labels)}
    last = f"agents-{len(labels) - 1}"
    split = (Target(last, 100), *(Target(name, 0, tag) for name, tag in held.items() if tag))
    cloud = Cloud(replace(NOBODY, latest_created=last, latest_ready=last))
    cloud.held = {name: revision(name, label=label) for name, label in held.items()}
    cloud.ask(*split)
    return cloud


def test_the_last_write_of_a_release_drops_old_tags_alone(tmp_path: Path) -> None:
    cloud = cloud_of("c-0", "", "c-2")
    theirs = Target("agents-1", 0, "theirs")
    cloud.ask(*cloud.found().traffic, theirs)
    candidate = replace(CANDIDATE, revision="agents-2", tag="c-2")

    kept = old_tags(a_context(cloud, tmp_path), cloud.found(), candidate)
    assert kept == (Target("agents-2", 100), theirs)


def test_tags_stay_where_nobody_can_tell_whose_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = cloud_of("c-0", "", "c-2")
    cloud.disturb = fails("revisions", ApiUnreachable("no answer", remedy="wait"))
    candidate = replace(CANDIDATE, revision="agents-2", tag="c-2")

    kept = old_tags(a_context(cloud, tmp_path), cloud.found(), candidate)
    assert kept == (Target("agents-2", 100), Target("agents-0", 0, "c-0"))
    assert "tags of old candidates stay: no answer" in capsys.readouterr().out


def test_five_of_ours_go_at_a_time_oldest_first(tmp_path: Path) -> None:
    cloud = cloud_of(*(f"c-{number}" if number != 3 else "" for number in range(14)))
    cloud.ask(Target("agents-13", 100))
    prune(a_context(cloud, tmp_path), cloud.found())
    numbers = sorted(int(name.rpartition("-")[2]) for name in cloud.held)

    assert numbers == [3, 6, 7, 8, 9, 10, 11, 12, 13]


def test_what_another_tool_made_with_our_label_is_not_ours(tmp_path: Path) -> None:
    """Tools that change a service keep the labels of its template."""
    cloud = cloud_of(*(f"c-{number}" for number in range(8)))
    cloud.held["agents-0"] = revision("agents-0", label="c-7")
    cloud.ask(Target("agents-7", 100))
    prune(a_context(cloud, tmp_path), cloud.found())

    assert "agents-0" in cloud.held
    assert "agents-1" not in cloud.held


@pytest.mark.parametrize(
    ("call", "error", "left"),
    [
        ("revisions", ApiUnreachable("no answer", remedy="wait"), 8),
        ("delete_revision", ApiUnreachable("no answer", remedy="wait"), 8),
        ("delete_revision", ApiRefused("it is actively serving", remedy="leave it"), 8),
    ],
)
def test_what_cannot_be_deleted_is_a_warning(
    call: str, error: Exception, left: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = cloud_of(*(f"c-{number}" for number in range(8)))
    cloud.ask(Target("agents-7", 100))
    cloud.disturb = fails(call, error)
    prune(a_context(cloud, tmp_path), cloud.found())

    assert len(cloud.held) == left
    assert str(error) in capsys.readouterr().out


def test_one_that_is_refused_does_not_keep_the_others(tmp_path: Path) -> None:
    cloud = cloud_of(*(f"c-{number}" for number in range(8)))
    cloud.ask(Target("agents-7", 100))
    refusals = [ApiRefused("it is actively serving", remedy="leave it")]

    def disturb(name: str, when: str) -> None:
        if name == "delete_revision" and when == "before" and refusals:
            raise refusals.pop()

    cloud.disturb = disturb
    prune(a_context(cloud, tmp_path), cloud.found())

    assert sorted(cloud.held) == ["agents-0", *NAMES[3:]]


def fails(call: str, error: Exception):
    def disturb(name: str, when: str) -> None:
        if name == call and when == "before":
            raise error

    return disturb
