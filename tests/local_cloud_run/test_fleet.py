"""How many instances a crowd starts, and when one stops counting; no containers here."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from pipeline.local_cloud_run.containers.fleet import Fleet
from pipeline.local_cloud_run.containers.launch import Started
from pipeline.local_cloud_run.values import InstanceSpec, RevisionKey
from tests.local_cloud_run.plane import on_loop, until

KEY = RevisionKey("p", "l", "s", "s-1")


class Starts:
    """Stands in for the launcher: every start takes a moment, and is kept."""

    def __init__(self) -> None:
        self.made: list[Started] = []
        self.tasks: set[asyncio.Task[object]] = set()

    async def __call__(self, reason: str) -> Started:
        ended = asyncio.get_running_loop().create_future()
        started = Started(SimpleNamespace(ended=ended), f"i-{len(self.made)}", 1, 0.0)
        self.made.append(started)
        await asyncio.sleep(0.01)
        return started

    def spawn(self, work) -> None:
        self.tasks.add(asyncio.create_task(work))

    def fleet(self, **changes: int) -> Fleet:
        return Fleet(InstanceSpec(KEY, "app", **changes), self, self.spawn, 900.0)


@on_loop
async def test_a_crowd_at_once_starts_as_many_as_it_needs_and_no_more() -> None:
    starts = Starts()
    fleet = starts.fleet(concurrency=80, max_instances=100)
    await fleet.grow("first")
    taken = await asyncio.gather(*(fleet.take() for _ in range(200)))
    assert len(starts.made) == 3
    assert max(instance.in_flight for instance in taken) <= 80


@on_loop
async def test_a_crowd_stays_within_the_maximum() -> None:
    starts = Starts()
    fleet = starts.fleet(concurrency=1, max_instances=2)
    crowd = [asyncio.create_task(fleet.take()) for _ in range(50)]
    await until(lambda: sum(one.done() for one in crowd) == 2)
    assert len(starts.made) == 2
    for one in crowd:
        one.cancel()


@on_loop
async def test_an_instance_that_has_ended_gets_no_more_requests() -> None:
    starts = Starts()
    fleet = starts.fleet()
    await fleet.grow("first")
    starts.made[0].container.ended.set_result(1)
    await asyncio.sleep(0)
    assert (await fleet.take()).started is starts.made[1]
