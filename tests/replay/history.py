"""The history of the first post-mortem: seven revisions on top of one that is well.

Three never started, two were "healthy" with a dead database, one broke at run time, and the last
is well. Then each of them met users; here only the one before them and the last may.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.replay.cases import CASES, Case
from tests.replay.running import Lane, Released, attended, of_last, of_release, release
from tests.replay.users import Met, met, revision_of

_BAD = (
    "K02-crashes_on_start",
    "K01-never_listens",
    "V08-waits_for_leader",
    "V03-dead_database",
    "V03-database_elsewhere",
    "V07-old_schema",
)
_WELL = Case("", "hello", "", settings={"build": {"args": {"VERSION": "7"}}})

HISTORY = (*(one for name in _BAD for one in CASES if one.name == name), _WELL)


@dataclass(frozen=True)
class Relived:
    """All seven in order, and what users met over all of them."""

    released: Sequence[Released]
    met: Met
    wrong: Sequence[str]


def relive(lane: Lane) -> Relived:
    """One release after the other, with users on the service all the time."""
    first, began = lane.good, lane.world.now()
    with attended(lane) as seen:
        released = [release(lane, case) for case in HISTORY]
        (lane.good,) = lane.split()
        last = seen.last()
    found = met(seen.seen, lane.logs.requests(began), {first, lane.good})
    served = {revision_of(answer) for _, answer in seen.seen}
    wrong = [f"{one.case.name}: {fault}" for one in released for fault in of_release(one)]
    wrong += [*_of_splits(released, first), *_of_users(found), *of_last(last, lane.good)]
    if served != {first, lane.good} or first == lane.good:
        wrong.append(f"{', '.join(sorted(served))} served, not only the two that are well")
    return Relived(released, found, wrong)


def _of_splits(released: Sequence[Released], first: str) -> Iterator[str]:
    for one in released[:-1]:
        if one.split != {first: 100}:
            yield f"{one.case.name}: it serves {dict(one.split)} in the end"


def _of_users(found: Met) -> Iterator[str]:
    if found.failed:
        yield f"{found.failed} requests failed"
    if found.by_bad:
        yield f"a bad revision answered {found.by_bad} requests"
