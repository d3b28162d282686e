"""The instances of one revision: who serves, who waits, when to start and stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.containers.launch import Started
from pipeline.local_cloud_run.containers.scaling import instances_to_start, longest_wait
from pipeline.local_cloud_run.values import Census, InstanceSpec, Refusal, StartFailure


class NotServedError(Exception):
    """No instance takes the request; ``refusal`` is the front end's answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(eq=False)
class Instance:
    """A ready instance and the requests in flight on it."""

    spec: InstanceSpec
    started: Started
    in_flight: int = 0
    idle: asyncio.TimerHandle | None = None

    @property
    def id(self) -> str:
        return self.started.id

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.started.port}"


class Fleet:
    """``start`` starts one instance for the reason it is given. One event loop, no locks."""

    def __init__(
        self,
        spec: InstanceSpec,
        start: Callable[[str], Awaitable[Started | StartFailure]],
        spawn: Callable[[Coroutine[Any, Any, StartFailure | None]], object],
        idle_after: float,
    ) -> None:
        self.spec = spec
        self._start = start
        self._spawn = spawn
        self._idle_after = idle_after
        self._live: list[Instance] = []
        self._starting = 0
        self._waiting: deque[asyncio.Future[Instance]] = deque()
        self._startups: deque[float] = deque(maxlen=10)
        self._retired = False
        self._settled = asyncio.Event()

    def census(self) -> Census:
        running = {instance.id: instance.in_flight for instance in self._live}
        return Census(running, self._starting, len(self._waiting))

    def grow(self, reason: str) -> Coroutine[Any, Any, StartFailure | None]:
        """Start one instance and let it serve, or say why it did not start."""
        self._starting += 1  # from this call on: requests at once must not each start one
        return self._grow(reason)

    async def _grow(self, reason: str) -> StartFailure | None:
        try:
            outcome = await self._start(reason)
        finally:
            self._starting -= 1
        if isinstance(outcome, StartFailure):
            self._refuse_waiting()
            return outcome
        if self._retired:
            outcome.container.stop()
            return None
        self._startups.append(outcome.seconds)
        instance = Instance(self.spec, outcome)
        self._live.append(instance)
        outcome.container.ended.add_done_callback(lambda _: self._gone(instance))
        self._rest(instance)
        self._serve_waiting()
        return None

    async def take(self) -> Instance:
        """An instance for one request, which must be given back. Raises NotServedError."""
        free = self._free()
        if free is not None:
            return _occupy(free)
        place: asyncio.Future[Instance] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._scale()
        try:
            async with asyncio.timeout(longest_wait(tuple(self._startups))):
                return await place
        except TimeoutError:
            self._hand_on(place)
            raise NotServedError(Refusal(429, messages.NO_INSTANCE)) from None
        except asyncio.CancelledError:
            self._hand_on(place)
            raise

    def give_back(self, instance: Instance) -> None:
        instance.in_flight -= 1
        self._serve_waiting()
        if not instance.in_flight:
            self._rest(instance)

    def refuse(self) -> None:
        """Take no new requests and start no more instances."""
        self._retired = True
        self._refuse_waiting()

    async def retire(self) -> None:
        """Refuse, let what is in flight finish within the request timeout, then stop all."""
        self.refuse()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.spec.request_timeout):
                while any(instance.in_flight for instance in self._live):
                    self._settled.clear()
                    await self._settled.wait()
        await asyncio.gather(*(self._drop(instance) for instance in list(self._live)))

    def _free(self) -> Instance | None:
        """The least busy instance that has room."""
        if self._retired or not self._live:
            return None
        least = min(self._live, key=lambda instance: instance.in_flight)
        return least if least.in_flight < self.spec.concurrency else None

    def _serve_waiting(self) -> None:
        while self._waiting and (free := self._free()):
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(_occupy(free))

    def _refuse_waiting(self) -> None:
        """Nobody can serve those who wait: no instance is there and none is on its way."""
        while self._waiting and (self._retired or not (self._live or self._starting)):
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(NotServedError(Refusal(500, messages.COULD_NOT_START)))

    def _hand_on(self, place: asyncio.Future[Instance]) -> None:
        """The one who waited has left: free the instance that it may just have been given."""
        if place in self._waiting:
            self._waiting.remove(place)
        elif place.done() and not place.cancelled() and place.exception() is None:
            self.give_back(place.result())

    def _scale(self) -> None:
        if self._retired:
            return
        more = instances_to_start(
            in_flight=sum(instance.in_flight for instance in self._live),
            waiting=len(self._waiting),
            live=len(self._live),
            starting=self._starting,
            concurrency=self.spec.concurrency,
            maximum=self.spec.max_instances,
        )
        for _ in range(more):
            self._spawn(self.grow(messages.AUTOSCALING))

    def _rest(self, instance: Instance) -> None:
        """Stop it once it has been idle for long, unless it is one of the minimum."""
        self._settled.set()
        loop = asyncio.get_running_loop()
        instance.idle = loop.call_later(self._idle_after, self._stop_if_spare, instance)

    def _stop_if_spare(self, instance: Instance) -> None:
        if instance in self._live and len(self._live) > self.spec.min_instances:
            self._drop(instance)

    def _drop(self, instance: Instance) -> asyncio.Task[None]:
        self._gone(instance)
        return instance.started.container.stop()

    def _gone(self, instance: Instance) -> None:
        """It is stopping or has exited; what waits may need another one."""
        if instance in self._live:
            self._live.remove(instance)
        if instance.idle is not None:
            instance.idle.cancel()
        self._settled.set()
        self._scale()


def _occupy(instance: Instance) -> Instance:
    instance.in_flight += 1
    if instance.idle is not None:
        instance.idle.cancel()
        instance.idle = None
    return instance
