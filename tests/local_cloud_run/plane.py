"""The data plane on its own, with real containers: instances, proxy and addresses in one loop."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pipeline.local_cloud_run.containers.instances import Instances
from pipeline.local_cloud_run.front_end.proxy import Proxy
from pipeline.local_cloud_run.front_end.sites import Sites
from pipeline.local_cloud_run.values import (
    InstanceSpec,
    LogEntry,
    Refusal,
    RevisionKey,
    ServiceKey,
    Site,
)
from tests.local_cloud_run.images import engine, image

SITE = Site(ServiceKey("p", "us-central1", "s"))


@dataclass
class Plane:
    """What a test holds: the parts, everything they logged, and where requests go."""

    owner: str
    entries: list[LogEntry] = field(default_factory=list)
    target: RevisionKey | Refusal = field(default_factory=lambda: Refusal(404, "no route"))
    refusal: Refusal | None = None
    instances: Instances = field(init=False)
    sites: Sites = field(init=False)

    def texts(self, log: str) -> list[str]:
        return [entry.text or "" for entry in self.entries if entry.log == log]

    def requests(self) -> list[LogEntry]:
        return [entry for entry in self.entries if entry.log == "requests"]

    async def serve(self, spec: InstanceSpec) -> str:
        """Deploy and route to it; the address."""
        failure = await self.instances.deploy(spec)
        assert failure is None, (failure, self.entries)
        self.target = spec.key
        return self.sites.uri(SITE)


@asynccontextmanager
async def plane(
    *, startup_limit: float | None = None, idle_after: float = 900.0
) -> AsyncIterator[Plane]:
    it = Plane(f"test-{secrets.token_hex(4)}")
    log, now = it.entries.append, lambda: datetime.now(UTC)
    it.instances = Instances(
        engine(), it.owner, log, now, startup_limit=startup_limit, idle_after=idle_after
    )
    proxy = Proxy(
        it.instances, lambda _site, _roll: it.target, lambda _site, _headers: it.refusal,
        log, now, lambda: 0.5,
    )  # fmt: skip
    it.sites = Sites(proxy.handle)
    try:
        yield it
    finally:
        await it.sites.close()
        await proxy.close()
        await it.instances.close()


def spec(name: str, source: str, **changes: object) -> InstanceSpec:
    key = RevisionKey("p", "us-central1", "s", f"s-00001-{secrets.token_hex(3)}")
    return replace(InstanceSpec(key, image(name, source), container="s-1"), **changes)


def on_loop(
    scenario: Callable[..., Coroutine[object, object, None]],
) -> Callable[..., None]:
    """Run an asynchronous test in a loop of its own."""

    @functools.wraps(scenario)
    def run(*arguments: object, **named: object) -> None:
        asyncio.run(scenario(*arguments, **named))

    return run


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Poll until a condition holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
