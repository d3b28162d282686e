"""The faults of a server that runs: they strike, hold things up, and can be switched meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress

from pipeline.local_cloud_run.faults.plan import Fault, Plan
from pipeline.local_cloud_run.state import events, texts
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.values import JobKey, ServiceKey, StartFailure

_WITH_VERSIONS = (
    events.UpdateService | events.DeleteService | events.UpdateJob | events.DeleteJob
    | events.RunJob
)  # fmt: skip


class ReplyLostError(ApiError):
    """The write was applied, but its answer must not arrive.

    A surface that cannot hang up may answer as to any UNAVAILABLE: that says nothing either.
    """

    def __init__(self) -> None:
        super().__init__(Code.UNAVAILABLE, "The reply to this write was lost on purpose.")


class Faults:
    """Belongs to one event loop. Each fault has a chance of its own at each thing it could hit."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.struck: Counter[Fault] = Counter()
        self._chances: Counter[Fault] = Counter()
        self._changed = asyncio.Event()

    def set(self, plan: Plan) -> None:
        """From now on by this plan, from its first chance; what no fault holds any more goes on."""
        self.plan = plan
        self.struck.clear()
        self._chances.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    def refuse(self) -> None:
        """Raises RESOURCE_EXHAUSTED when the quota is used up."""
        if self._strikes(Fault.QUOTA):
            raise ApiError(Code.RESOURCE_EXHAUSTED, texts.QUOTA_EXCEEDED)

    def stale(self, request: events.Request) -> ServiceKey | JobKey | None:
        """What must move on before a request, so that its etag is stale; None leaves it."""
        if isinstance(request, _WITH_VERSIONS) and request.etag and self._strikes(Fault.CONFLICT):
            return request.key
        return None

    def lose_reply(self) -> None:
        """Raises ReplyLostError when the answer to a write that was applied must not arrive."""
        if self._strikes(Fault.LOST_REPLY):
            raise ReplyLostError

    def of_traffic(
        self, key: ServiceKey, generation: int
    ) -> events.TrafficApplied | events.TrafficFailed:
        """How a traffic update ends."""
        if not self._strikes(Fault.TRAFFIC):
            return events.TrafficApplied(key, generation)
        failure = StartFailure(texts.NOT_IN_TIME, "PROGRESS_DEADLINE_EXCEEDED", Code.INTERNAL)
        return events.TrafficFailed(key, generation, failure)

    def held_up(self) -> Awaitable[None] | None:
        """What a change waits for before it has its effect, if anything."""
        is_stuck = self._strikes(Fault.STUCK)
        return self._hold(is_stuck=is_stuck) if is_stuck or self._seconds(Fault.SLOW) else None

    async def before_start(self) -> None:
        """Wait as long as the start of an instance is delayed."""
        await self._pass(Fault.START_DELAY)

    def log_lag(self) -> float:
        return self._seconds(Fault.LOG_LAG)

    def _strikes(self, fault: Fault) -> bool:
        if fault not in self.plan.values:
            return False
        self._chances[fault] += 1
        strikes = self.plan.strikes(fault, self._chances[fault])
        self.struck[fault] += strikes
        return strikes

    def _seconds(self, fault: Fault) -> float:
        return self.plan.value(fault)

    async def _hold(self, *, is_stuck: bool) -> None:
        while is_stuck and self.plan.value(Fault.STUCK):
            await self._changed.wait()
        await self._pass(Fault.SLOW)

    async def _pass(self, fault: Fault) -> None:
        """Wait a fault's seconds; fewer when they become fewer meanwhile."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while (left := began + self._seconds(fault) - clock()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()
