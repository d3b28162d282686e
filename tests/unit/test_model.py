"""Traffic arithmetic, names and outcomes: rules that hold for every input."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.model import (
    Outcome,
    Service,
    Source,
    Target,
    Verdict,
    asked_split,
    concluded,
    live_split,
    overall,
    pinned,
    release_names,
    show_split,
    step,
    unsettled,
    without_tag,
)

SERVICE = Service(
    name="agents", uri="", etag="", reconciling=False, ready=True, message="",
    latest_created="agents-2", latest_ready="agents-2", image="", traffic=(), serving=(),
    annotations={},
)  # fmt: skip
NAMES = [f"agents-{number}" for number in range(1, 7)]
CANDIDATE = "agents-new"


@st.composite
def splits(draw: st.DrawFn) -> dict[str, int]:
    """A split over one to six revisions; a share may be 0, the sum is 100."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    marks = draw(st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1))
    edges = [0, *sorted(marks), 100]
    return {name: edges[at + 1] - edges[at] for at, name in enumerate(names)}


revisions = st.sampled_from([None, *NAMES])
tags = st.sampled_from([None, "blue", "green"])
targets = st.lists(st.builds(Target, revisions, st.integers(0, 100), tags), max_size=6)
steps = st.integers(1, 100)


@given(splits(), steps)
@example({"agents-1": 33, "agents-2": 33, "agents-3": 34}, 1)
def test_a_step_sums_to_100_and_gives_the_candidate_exactly_its_percent(
    before: dict[str, int], percent: int
) -> None:
    after = step(before, CANDIDATE, percent)

    assert sum(after.values()) == 100
    assert after[CANDIDATE] == percent
    assert all(share > 0 for share in after.values())


@given(splits(), steps)
def test_a_step_keeps_the_proportions_of_the_others_within_a_point(
    before: dict[str, int], percent: int
) -> None:
    after = step(before, CANDIDATE, percent)

    for name, share in before.items():
        assert abs(after.get(name, 0) - share * (100 - percent) / 100) < 1
    assert after.keys() <= {CANDIDATE, *before}


@given(splits(), st.lists(steps, min_size=1, max_size=5))
def test_a_climb_never_loses_a_point(before: dict[str, int], climb: list[int]) -> None:
    split = before
    for percent in climb:
        split = step(split, CANDIDATE, percent)
        assert (sum(split.values()), split[CANDIDATE]) == (100, percent)
        if percent == 100:
            break


@pytest.mark.parametrize("before", [{}, {"agents-1": 0}, {CANDIDATE: 100}])
def test_a_candidate_with_nobody_beside_it_gets_everything(before: dict[str, int]) -> None:
    assert step(before, CANDIDATE, 10) == {CANDIDATE: 100}


@given(splits(), targets)
def test_pinned_targets_hold_the_split_by_name_and_keep_tags_at_0_percent(
    split: dict[str, int], keep: list[Target]
) -> None:
    held = pinned(split, keep)

    shares = {one.revision: one.percent for one in held if one.percent}
    assert shares == {name: share for name, share in split.items() if share}
    assert [one for one in held if one.tag] == [
        Target(one.revision, 0, one.tag) for one in keep if one.tag
    ]


@given(targets)
def test_a_tag_is_taken_away_and_nothing_else(some: list[Target]) -> None:
    left = without_tag(some, "blue")

    assert list(left) == [one for one in some if one.tag != "blue"]


@given(targets)
def test_percents_of_one_revision_add_up_with_latest_under_its_name(some: list[Target]) -> None:
    service = replace(SERVICE, serving=tuple(some), traffic=tuple(some))
    split = live_split(service)

    assert sum(split.values()) == sum(one.percent for one in some)
    assert None not in split
    assert split == asked_split(service)


LATEST, BY_NAME = Target(None, 100), Target("agents-2", 100)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"traffic": (LATEST,), "serving": (BY_NAME,)}, ""),
        ({"traffic": (LATEST,), "serving": (), "latest_ready": ""}, ""),
        ({"reconciling": True}, "the service is reconciling: another change is still under way"),
        (
            {"traffic": (BY_NAME,), "serving": (Target("agents-1", 100),)},
            "the service asks for agents-2 100 % but serves agents-1 100 %",
        ),
        (
            {"traffic": (Target("agents-1", 90), Target(None, 10)), "serving": ()},
            "the service asks for agents-1 90 %, agents-2 10 % but serves nothing",
        ),
    ],
)
def test_an_unsettled_service_says_why(changes: dict[str, object], why: str) -> None:
    assert unsettled(replace(SERVICE, **changes)) == why  # type: ignore[arg-type]


def test_a_split_is_shown_largest_first() -> None:
    assert show_split({"a": 10, "b": 90}) == "b 90 %, a 10 %"


service_names = st.from_regex(r"[a-z]([a-z0-9-]{0,35}[a-z0-9])?", fullmatch=True)
tokens = st.from_regex(r"[a-z2-9]{4}", fullmatch=True)


@given(service_names, st.text(), tokens)
@example("a" * 37, "0123456789abcdef", "wxyz")
@example("agents-api", "ABC/-dirty", "wxyz")
def test_release_names_are_legal_for_every_service_and_label(
    service: str, label: str, token: str
) -> None:
    revision, tag = release_names(service, label, token)

    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])", revision)
    assert revision.startswith(f"{service}-")
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])", tag)
    assert len(tag) + len(service) <= 46
    assert revision.endswith(token)
    assert tag.endswith(token)


def test_release_names_say_what_was_built_where_there_is_room() -> None:
    commit = "d0fa243e81706749"

    assert release_names("agents", commit, "k3p9") == ("agents-d0fa243-k3p9", "c-d0fa243-k3p9")
    assert release_names("a" * 37, commit, "k3p9") == (f"{'a' * 37}-d0fa243-k3p9", "c-k3p9")


def test_a_service_name_without_room_for_a_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no room"):
        release_names("a" * 41, "d0fa243", "k3p9")


PASS, FAIL, UNSURE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


@given(st.lists(st.sampled_from(Outcome)))
def test_one_failure_fails_all_and_nothing_passes_unless_all_does(outcomes: list[Outcome]) -> None:
    found = overall(Verdict("check", outcome, "") for outcome in outcomes)

    assert (found is FAIL) == (FAIL in outcomes)
    assert (found is PASS) == (set(outcomes) == {PASS})


@pytest.mark.parametrize(("before", "after"), [(PASS, PASS), (FAIL, FAIL), (UNSURE, FAIL)])
def test_what_is_missing_in_the_end_is_missing(before: Outcome, after: Outcome) -> None:
    assert concluded(Verdict("check", before, "")).outcome is after


@pytest.mark.parametrize(
    ("source", "version"),
    [
        (Source("abc"), "abc"),
        (Source("abc", "c0ffee"), "c0ffee"),
        (Source("abc", "c0ffee", dirty=True), "c0ffee-dirty"),
    ],
)
def test_a_source_is_named_by_its_commit_where_it_has_one(source: Source, version: str) -> None:
    assert source.version == version
