"""Starting one instance: container, startup probe, verdict, and what the logs say of each."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.commands import ContainerRun, Engine, contract_env
from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.containers import output, probes
from pipeline.local_cloud_run.containers.container import Container, Exit
from pipeline.local_cloud_run.containers.images import Found
from pipeline.local_cloud_run.values import InstanceSpec, LogEntry, StartFailure

ARCHITECTURE = "amd64"

# The words of runc and crun for a program they could not execute.
_NOT_LOADED = re.compile(
    r"exec:? (?:container process )?[`\"]?([^\s`\"]+?)[`\"]?: (?:stat \S+: )?"
    r"(exec format error|no such file or directory|permission denied|executable file not found)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Started:
    """A container that passed its startup probe, ``seconds`` after it was asked for."""

    container: Container
    id: str
    port: int  # on loopback
    seconds: float


@dataclass(frozen=True)
class Launcher:
    """What every start needs. ``keep`` is told of a container as soon as there is one."""

    engine: Engine
    owner: str
    log: Callable[[LogEntry], None]
    now: Callable[[], datetime]
    keep: Callable[[Container], None]
    startup_limit: float | None = None  # seconds

    async def launch(self, spec: InstanceSpec, image: Found, reason: str) -> Started | StartFailure:
        """Start an instance and wait until it is ready or has failed.

        ``image`` is what ``spec.image`` means here; ``reason`` goes into the system log.
        """
        if image.architecture != ARCHITECTURE:
            path = (*spec.command, image.entry)[0]
            self._say(spec, messages.not_loaded(path, "exec format error"), "ERROR")
            return StartFailure(messages.start_failed(spec))
        name = f"{spec.key.revision}-{secrets.token_hex(4)}"
        self._say(spec, messages.starting(reason), "INFO", name)
        began = _clock()
        run = self._run(spec, image.id, name)
        container = await Container.start(self.engine, run, self._collector(spec, name))
        self.keep(container)
        container.exit.add_done_callback(lambda _: self._on_exit(spec, container))
        port = await self._ready_port(spec, container)
        seconds = _clock() - began
        attempts = probes.attempts_in(spec.probe, seconds)
        if port is not None:
            self._say(spec, messages.probe_succeeded(spec, attempts), "INFO", name)
            return Started(container, name, port, seconds)
        status = "CANCELLED" if container.exit.done() else "DEADLINE_EXCEEDED"
        self._say(spec, messages.probe_failed(spec, attempts, status), "ERROR", name)
        container.stop()
        return StartFailure(messages.start_failed(spec))

    async def _ready_port(self, spec: InstanceSpec, container: Container) -> int | None:
        """The port once the probe passes; None when the container exits or time is up."""
        address = await container.address()
        if address is None:
            return None
        limit = probes.limit_of(spec.probe, self.startup_limit)
        ready = asyncio.create_task(probes.until_ready(spec.probe, address, limit))
        await asyncio.wait({ready, container.exit}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            return None
        return address.host_port if ready.result() else None

    def _run(self, spec: InstanceSpec, image: str, name: str) -> ContainerRun:
        key = spec.key
        return ContainerRun(
            image=image,
            name=name,
            owner=self.owner,
            port=spec.port,
            env={**spec.env, **contract_env(key.service, key.revision, spec.port)},
            cpu=spec.cpu,
            memory=spec.memory,
            command=spec.command,
            args=spec.args,
        )

    def _collector(self, spec: InstanceSpec, instance: str) -> Callable[[str, str], None]:
        labels = {"instanceId": instance}
        return lambda log, line: self.log(output.entry(self.now(), spec.key, log, line, labels))

    def _on_exit(self, spec: InstanceSpec, container: Container) -> None:
        """Say how it ended, unless it was asked to."""
        if container.exit.cancelled() or container.stopping:
            return
        for line in ending(container.exit.result(), spec.memory):
            self._say(spec, line, "ERROR", container.name)

    def _say(self, spec: InstanceSpec, text: str, severity: str, instance: str = "") -> None:
        labels = {"instanceId": instance} if instance else {}
        self.log(
            LogEntry(self.now(), spec.key, "varlog/system", text, None, severity, labels=labels)
        )


def ending(ended: Exit, memory: int) -> tuple[str, ...]:
    """The system log's words for an exit; ``memory`` is the limit in bytes."""
    for line in (ended.error, *ended.errors):
        if found := _NOT_LOADED.search(line):
            return (messages.not_loaded(found[1], found[2].lower()),)
    if ended.error:
        return (messages.did_not_run(ended.error),)
    starved = (messages.out_of_memory(memory),) if ended.out_of_memory else ()
    return (*starved, messages.exited(ended.code))


def _clock() -> float:
    return asyncio.get_running_loop().time()
