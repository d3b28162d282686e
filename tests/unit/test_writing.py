"""What a look at the service says of a write: for any service, any change and any news."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.writing import Change, Found, Standing, found, is_there, standing
from pipeline.model import Service, Target, asked_split
from tests.unit.in_memory import NOBODY

NAMES = st.sampled_from(["agents-1", "agents-2", "agents-3"])
TARGETS = st.lists(
    st.builds(
        Target,
        st.none() | NAMES,
        st.sampled_from([0, 50, 100]),
        st.none() | st.sampled_from(["theirs", "c-1"]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
NOTES = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3)
SERVICES = st.builds(
    Service,
    name=st.just("agents"), uri=st.just(""), etag=st.sampled_from("123"),
    reconciling=st.booleans(), ready=st.booleans(), message=st.just("why"),
    latest_created=NAMES, latest_ready=NAMES, image=st.just(""), traffic=TARGETS, serving=TARGETS,
    annotations=NOTES, generation=st.integers(1, 2), template_revision=st.just("") | NAMES,
)  # fmt: skip
SETTINGS = st.builds(SimpleNamespace, revision=st.just("agents-new"))
CHANGES = st.builds(
    Change,
    settings=st.none() | SETTINGS,
    traffic=st.none() | TARGETS,
    notes=st.none() | st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "1", "2"])),
)


def applied(seen: Service, change: Change) -> Service:
    """As Cloud Run has it right after a write."""
    notes = {**seen.annotations, **(change.notes or {})}
    return replace(
        seen,
        etag=seen.etag + "'",
        generation=seen.generation + 1,
        reconciling=True,
        traffic=tuple(reversed(change.traffic or seen.traffic)),
        annotations={key: value for key, value in notes.items() if value},
        latest_created=change.revision or seen.latest_created,
    )


@given(SERVICES, CHANGES)
def test_what_was_applied_is_found(seen: Service, change: Change) -> None:
    now = applied(seen, change)

    assert is_there(now, change)
    assert found(seen, now, change, lost=True) is Found.APPLIED
    assert found(None, now, change, lost=True) is Found.APPLIED


@given(SERVICES, CHANGES.filter(lambda change: change.settings is not None))
def test_a_new_revision_is_known_before_it_is_created(seen: Service, change: Change) -> None:
    now = replace(
        applied(seen, change), latest_created=seen.latest_created, template_revision="agents-new"
    )

    assert found(seen, now, change, lost=False) is Found.APPLIED
    assert standing(now, change) is Standing.UNDER_WAY


@given(SERVICES, CHANGES, st.sampled_from("456"), st.booleans())
def test_a_status_that_moved_is_nobody_s_change(
    seen: Service, change: Change, etag: str, lost: bool
) -> None:
    now = replace(seen, etag=etag, reconciling=not seen.reconciling, ready=not seen.ready)
    news = found(seen, now, change, lost=lost)

    assert news is (Found.APPLIED if lost and is_there(seen, change) else Found.NOT_APPLIED)


@given(SERVICES, SERVICES, CHANGES, st.booleans())
def test_what_others_wrote_is_never_written_over(
    seen: Service, now: Service, change: Change, lost: bool
) -> None:
    """A write goes out again only onto the traffic and the notes that it was made for."""
    if found(seen, now, change, lost=lost) is Found.NOT_APPLIED:
        assert (now.traffic, now.annotations) == (seen.traffic, seen.annotations)
        assert change.settings is None or now.generation == seen.generation


@given(SERVICES, SERVICES, CHANGES)
def test_applied_means_all_of_it(seen: Service, now: Service, change: Change) -> None:
    if found(seen, now, change, lost=True) is Found.APPLIED:
        assert applied(now, change).annotations == now.annotations
        if change.traffic is not None:
            asked, wanted = (
                replace(now, traffic=tuple(one)) for one in (now.traffic, change.traffic)
            )
            assert asked_split(asked) == asked_split(wanted)
            assert {one.tag for one in now.traffic} >= {
                one.tag for one in change.traffic if one.tag
            }


def test_a_split_may_be_divided_into_targets_otherwise() -> None:
    apart = (Target("agents-1", 100), Target("agents-1", 0, "theirs"))
    together = replace(NOBODY, traffic=(Target("agents-1", 100, "theirs"),))

    assert is_there(together, Change(traffic=apart))
    assert not is_there(together, Change(traffic=apart[:1]))
    assert not is_there(together, Change(traffic=(apart[0], Target("agents-2", 0, "theirs"))))


@given(SERVICES, SERVICES, CHANGES.filter(lambda change: change.settings is None))
def test_what_was_refused_is_not_ours(seen: Service, now: Service, change: Change) -> None:
    assert found(seen, now, change, lost=False) is not Found.APPLIED


@given(SERVICES, CHANGES, st.booleans())
def test_a_service_that_came_or_went(service: Service, change: Change, lost: bool) -> None:
    assert found(service, None, change, lost=lost) is Found.CHANGED
    assert found(None, None, change, lost=lost) is Found.NOT_APPLIED
    assert found(None, service, Change(notes={"d": "1"}), lost=lost) is Found.CHANGED


@given(SERVICES, CHANGES)
def test_nothing_is_judged_before_it_has_settled(now: Service, change: Change) -> None:
    reconciling = replace(now, reconciling=True)

    assert standing(reconciling, change) is Standing.UNDER_WAY


@given(SERVICES, CHANGES)
def test_what_is_ready_and_serves_as_asked_is_settled(now: Service, change: Change) -> None:
    made = change.revision or now.latest_created
    well = replace(
        now, reconciling=False, latest_created=made, latest_ready=made, serving=now.traffic
    )

    assert standing(well, change) is Standing.SETTLED


def test_a_status_that_is_older_than_the_revision_says_nothing_of_it() -> None:
    """Right after a write the service may still be ready for the revision before (§1.6)."""
    change = Change(SimpleNamespace(revision="agents-new"))  # type: ignore[arg-type]
    service = replace(NOBODY, latest_created="agents-new", latest_ready="agents-1")

    assert standing(service, change) is Standing.UNDER_WAY
    assert standing(replace(service, ready=False), change) is Standing.FAILED


def test_a_revision_that_failed_earlier_does_not_fail_a_shift() -> None:
    """The service is not ready for its newest revision's sake, and serves as asked all the same."""
    split = (Target("agents-1", 100),)
    service = replace(
        NOBODY, ready=False, latest_created="agents-2", latest_ready="agents-1",
        traffic=split, serving=split,
    )  # fmt: skip

    assert standing(service, Change(traffic=split)) is Standing.SETTLED
    asked = replace(service, traffic=(Target("agents-2", 100),))
    assert standing(asked, Change(traffic=asked.traffic)) is Standing.FAILED
    assert standing(asked, Change(notes={"a": "1"})) is Standing.SETTLED
