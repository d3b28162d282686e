"""kill -9 at a call of a release: the next run finishes it, and no user notices either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.end_to_end.killing import Killed, killed, some_points
from tests.end_to_end.lane import Lane, Point, a_lane, attended


@pytest.fixture
def lanes(local_cloud_run, tmp_path) -> Iterator[list[Lane]]:
    """Two, for most of a release is waiting."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(a_lane(local_cloud_run, tmp_path / name, name))
            for name in ("killed-1", "killed-2")
        ]
        yield [stack.enter_context(attended(lane)) for lane in made]


def each_killed(lane: Lane, points: Sequence[Point]) -> list[Killed]:
    return [killed(lane, point) for point in points]


@pytest.mark.timeout(240)
def test_a_release_that_is_killed_at_any_write_is_finished_by_the_next_run(lanes):
    points = some_points(lanes[0])
    with ThreadPoolExecutor(len(lanes)) as pool:
        shares = pool.map(each_killed, lanes, (points[::2], points[1::2]))
        found = [one for share in shares for one in share]

    assert {str(one.point): one.wrong for one in found if one.wrong} == {}
    assert [str(one.point) for one in found if not one.call] == []
    assert len(found) >= 16
    assert all(lane.user.answers > 100 for lane in lanes)
