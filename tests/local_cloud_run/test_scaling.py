"""How many instances to start, and how long to wait for one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.local_cloud_run.containers.scaling import instances_to_start, longest_wait

few = st.integers(0, 50)


def start(**changes: int) -> int:
    nothing = {"in_flight": 0, "waiting": 0, "live": 0, "starting": 0}
    return instances_to_start(**{**nothing, "concurrency": 2, "maximum": 3, **changes})


def test_nobody_waits_and_nothing_starts() -> None:
    assert start(in_flight=4) == 0


def test_the_first_request_starts_one_and_the_next_shares_it() -> None:
    assert start(waiting=1) == 1
    assert start(waiting=2, starting=1) == 0
    assert start(waiting=3, starting=1) == 1


def test_the_maximum_holds() -> None:
    assert start(waiting=100) == 3
    assert start(waiting=100, live=3) == 0


@given(few, few, few, few, st.integers(1, 10), st.integers(1, 20))
def test_never_beyond_the_maximum_and_enough_below_it(
    in_flight: int, waiting: int, live: int, starting: int, concurrency: int, maximum: int
) -> None:
    more = instances_to_start(
        in_flight=in_flight, waiting=waiting, live=live, starting=starting,
        concurrency=concurrency, maximum=maximum,
    )  # fmt: skip
    assert more >= 0
    after = live + starting + more
    assert not more or after <= maximum
    if waiting and after < maximum:
        assert after * concurrency >= in_flight + waiting


def test_the_wait_is_three_and_a_half_startups_and_ten_seconds_at_least() -> None:
    assert longest_wait(()) == 10
    assert longest_wait((1.0, 2.0)) == 10
    assert longest_wait((4.0, 8.0)) == 21
