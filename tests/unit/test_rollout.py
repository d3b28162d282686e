"""What a shift does next, from wherever it stands; and what of a service is its own."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Service, Target, asked_split, live_split, pinned
from pipeline.release.candidate import Candidate, candidate_of, note_candidate
from pipeline.release.rollout import (
    Course,
    Event,
    Finish,
    Give,
    Hold,
    Move,
    Open,
    Watch,
    base_of,
    is_ours,
    next_move,
    others_change,
    share_of,
    taken_back,
)
from tests.unit.in_memory import NOBODY

NEW = "agents-new"
TAG = "c-new"
THEIRS = Target("agents-a", 0, "theirs")


@st.composite
def splits(draw: st.DrawFn) -> dict[str, int]:
    """Percent by revision, of one to three that served before."""
    first = draw(st.integers(1, 100))
    second = draw(st.integers(0, 100 - first))
    parts = {"agents-a": first, "agents-b": second, "agents-c": 100 - first - second}
    return {name: percent for name, percent in parts.items() if percent}


STEPS = st.sets(st.integers(1, 99), max_size=4).map(lambda some: (*sorted(some), 100))


def candidate(before: dict[str, int]) -> Candidate:
    return Candidate(
        NEW, TAG, "image@sha256:1", "2026-01-01T00:00:00+00:00", before, verdict="pass"
    )


def service(split: dict[str, int], noted: Candidate, *, tag: str = TAG) -> Service:
    """A service that serves what a release asked for."""
    own = [] if noted.is_first else [Target(NEW, 0, tag)]
    targets = pinned(split, [THEIRS, *own])
    asking = replace(noted, asked={} if split == noted.before else split)
    return replace(
        NOBODY, latest_ready=NEW, traffic=targets, serving=targets,
        annotations=note_candidate(asking),
    )  # fmt: skip


def by_hand(split: dict[str, int], at: Service) -> Service:
    """The same, after somebody asked for another split."""
    targets = pinned(split, at.traffic)
    return replace(at, traffic=targets, serving=targets)


def course(before: dict[str, int], steps: tuple[int, ...], *, opens: bool = False) -> Course:
    return Course(candidate(before), steps, 60.0, 300.0, opens)


def gone(aim: Course, at: Service) -> list[Move]:
    """All moves until it ends, each carried out as it should be."""
    moves: list[Move] = []
    event = Event.BEGAN
    while not moves or not isinstance(moves[-1], Hold | Finish):
        moves.append(next_move(aim, at, event))
        match moves[-1]:
            case Give(split):
                at, event = service(dict(split), aim.candidate), Event.GIVEN
            case Open():
                event = Event.OPENED
            case Watch():
                event = Event.WELL
        assert len(moves) < 50
    return moves


def given_shares(moves: list[Move]) -> list[int]:
    return [move.split[NEW] for move in moves if isinstance(move, Give)]


@given(splits(), STEPS)
def test_every_step_is_given_and_watched_in_order(
    before: dict[str, int], steps: tuple[int, ...]
) -> None:
    moves = gone(course(before, steps), service(before, candidate(before)))

    assert given_shares(moves) == list(steps)
    watched = [move.seconds for move in moves if isinstance(move, Watch)]
    assert watched == [60.0] * (len(steps) - 1) + [300.0]
    assert isinstance(moves[-1], Finish)


@given(splits(), STEPS, st.data())
def test_a_shift_that_was_broken_off_goes_on_from_its_step(
    before: dict[str, int], steps: tuple[int, ...], data: st.DataObject
) -> None:
    aim = course(before, steps)
    done = data.draw(st.sampled_from(steps))

    moves = gone(aim, service(aim.split_at(done), aim.candidate))

    assert isinstance(moves[1], Watch), "what another run did not watch to its end is watched anew"
    assert given_shares(moves) == [one for one in steps if one >= done]
    assert isinstance(moves[-1], Finish)


@given(splits(), st.integers(1, 100), st.integers(0, 100))
def test_a_percentage_that_was_asked_for_is_where_it_stops(
    before: dict[str, int], wanted: int, has: int
) -> None:
    aim = course(before, (wanted,))
    at = aim.split_at(has) if has else before

    moves = gone(aim, service(at, aim.candidate))

    assert given_shares(moves) == [wanted]
    assert isinstance(moves[-1], Finish if wanted == 100 else Hold)
    assert any(isinstance(move, Watch) for move in moves)


@given(STEPS)
def test_a_first_one_is_pinned_by_name_opened_and_watched(steps: tuple[int, ...]) -> None:
    aim = course({}, steps, opens=True)
    latest = replace(service({NEW: 100}, aim.candidate), traffic=(Target(None, 100),))

    assert gone(aim, latest) == [Give({NEW: 100}), Open(), Watch(300.0), Finish()]


def test_what_was_opened_is_opened_before_it_is_watched_also_by_the_next_run() -> None:
    aim = course({"agents-a": 100}, (50, 100), opens=True)

    moves = gone(aim, service({NEW: 100}, aim.candidate))

    assert moves == [Give({NEW: 100}), Open(), Watch(300.0), Finish()]


def test_a_step_that_is_asked_for_and_not_served_is_written_again() -> None:
    aim = course({"agents-a": 100}, (50, 100))
    at = service({NEW: 50, "agents-a": 50}, aim.candidate)
    stuck = replace(at, serving=service({"agents-a": 100}, aim.candidate).serving)

    assert next_move(aim, stuck, Event.BEGAN) == Give({NEW: 50, "agents-a": 50})


@given(splits(), st.integers(0, 100))
def test_an_undo_goes_back_from_every_step(before: dict[str, int], percent: int) -> None:
    aim = course(before, (100,))
    at = service(aim.split_at(percent) if percent else before, aim.candidate)

    back = taken_back(aim, at, [asked_split(at)])

    assert back is not None
    restored = replace(at, traffic=back, serving=back)
    assert live_split(restored) == before
    assert share_of(aim.candidate, restored) == 0
    assert {one.tag for one in back if one.tag} == {"theirs", TAG}
    noted = candidate_of(at)
    assert noted is not None
    assert base_of(noted, at) == before


@given(splits(), splits(), st.integers(0, 100))
def test_what_somebody_else_asked_for_is_not_taken_back(
    before: dict[str, int], theirs: dict[str, int], percent: int
) -> None:
    aim = course(before, (100,))
    ours = service(aim.split_at(percent) if percent else before, aim.candidate)
    at = by_hand(theirs, ours)
    noted = candidate_of(at)
    assert noted is not None

    if asked_split(ours) == theirs:
        assert is_ours(noted, at)
    else:
        assert not is_ours(noted, at)
        assert taken_back(aim, at, [asked_split(at)]) is None
        assert base_of(noted, at) == theirs


@given(splits())
def test_all_to_the_latest_is_never_what_a_shift_asked_for(before: dict[str, int]) -> None:
    aim = course(before, (100,))
    at = service({NEW: 100}, aim.candidate)
    latest = replace(at, traffic=(Target(None, 100), *pinned({}, at.traffic)))

    assert taken_back(aim, at, [asked_split(at)]) is not None
    assert taken_back(aim, latest, [asked_split(latest)]) is None
    assert base_of(aim.candidate, latest) == before, "the next step is still taken from there"


@given(splits(), st.integers(1, 99))
def test_what_others_do_is_seen(before: dict[str, int], percent: int) -> None:
    aim = course(before, (percent, 100))
    split = aim.split_at(percent)
    ours = service(split, aim.candidate)

    assert others_change(aim, ours, split) == ""
    assert "by now, not for" in others_change(aim, service({NEW: 100}, aim.candidate), split)
    assert "is gone" in others_change(aim, service(split, aim.candidate, tag="c-other"), split)
    moved = replace(ours, traffic=(*pinned(split, [THEIRS]), Target("agents-a", 0, TAG)))
    assert "points at agents-a by now" in others_change(aim, moved, split)
    another = replace(aim.candidate, revision="agents-newer")
    assert "agents-newer" in others_change(aim, service(split, another), split)
    ended = replace(ours, annotations={})
    assert "aborted, rolled back or ended" in others_change(aim, ended, split)
    assert taken_back(aim, ours, [split]) is not None
    assert taken_back(aim, ours, [before]) is None, "another run asked for that"
    assert taken_back(aim, ended, [split]) is None
    assert taken_back(aim, replace(ours, annotations=note_candidate(another)), [split]) is None


def test_traffic_that_was_moved_between_deploy_and_shift_is_what_it_starts_from() -> None:
    noted = candidate({"agents-a": 100})
    at = by_hand({"agents-b": 60, "agents-c": 40}, service({"agents-a": 100}, noted))

    assert base_of(noted, at) == {"agents-b": 60, "agents-c": 40}
    assert asked_split(at) == {"agents-b": 60, "agents-c": 40}
