"""Every known failure as a real service, through the whole pipeline, with users all the time.

Each is stopped at the stage in the table of known failures or earlier, under its id, and no
request of a user fails or is answered by the bad revision: says the header that each answer has,
and says the request log.

Two kinds are different. What only traffic shows (most M rows) meets some users: no more than the
share of the step, no longer than it is watched; the split from before is back; and no request
failed but those that the bad revision itself failed. And a person who rolls back to a bad revision
(V09) has it serve until the pipeline has said so and the person has chosen another.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.replay.cases import CASES, Case
from tests.replay.history import relive
from tests.replay.running import Lane, replay


@pytest.fixture(scope="module")
def lane(local_cloud_run: str, tmp_path_factory: pytest.TempPathFactory) -> Lane:
    folder: Path = tmp_path_factory.mktemp("replay")
    return Lane.at(local_cloud_run, folder, f"replay-{os.getpid()}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_known_failure_is_stopped_in_time_and_named(lane: Lane, case: Case) -> None:
    replayed = replay(lane, case)

    assert not replayed.wrong, f"{replayed.met}\n{replayed.released.output}"


def test_of_the_seven_revisions_of_the_first_history_only_the_good_ones_serve(lane: Lane) -> None:
    relived = relive(lane)

    assert not relived.wrong, "\n".join(one.output for one in relived.released)


def test_every_row_that_a_running_service_shows_has_a_case() -> None:
    rows = {f"K{n:02}" for n in range(1, 10)} | {f"V{n:02}" for n in range(1, 11)}

    assert {case.row for case in CASES} == rows | {f"M{n:02}" for n in range(1, 8)}
