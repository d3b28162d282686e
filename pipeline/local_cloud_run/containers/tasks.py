"""Tasks of jobs: one container for each attempt, from its start to its end (API facts §4.1, §6)."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.commands import ContainerRun, Engine
from pipeline.errors import PipelineError
from pipeline.local_cloud_run import messages
from pipeline.local_cloud_run.containers import images, output
from pipeline.local_cloud_run.containers.container import Container, Exit
from pipeline.local_cloud_run.containers.launch import ARCHITECTURE, ending
from pipeline.local_cloud_run.values import ExecutionKey, LogEntry, TaskEnd, TaskSpec

_SIGNALS = range(129, 160)  # exit codes of what a signal ended: 128 and its number
_SIGTERM = 15


@dataclass
class Tasks:
    """Runs and stops attempts at tasks. All methods belong to one event loop.

    ``owner`` labels the containers, so that a guard can remove them when this process is killed.
    """

    engine: Engine
    owner: str
    log: Callable[[LogEntry], None]
    now: Callable[[], datetime]
    _attempts: set[asyncio.Task[TaskEnd]] = field(default_factory=set)
    _containers: defaultdict[ExecutionKey, set[Container]] = field(
        default_factory=lambda: defaultdict(set)
    )
    _stopped: set[ExecutionKey] = field(default_factory=set)
    _closed: bool = False

    async def run(self, spec: TaskSpec) -> TaskEnd:
        """Run one attempt to its end. It goes on when the caller is cancelled: ``stop`` ends it."""
        attempt = asyncio.create_task(self._guarded(spec))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)
        return await asyncio.shield(attempt)

    def stop(self, key: ExecutionKey) -> None:
        """End what runs of an execution, and what is about to: SIGTERM, 10 s, SIGKILL."""
        self._stopped.add(key)
        for container in self._containers[key]:
            container.stop()

    async def close(self) -> None:
        """Stop every container. Returns when all are gone."""
        self._closed = True
        for key in list(self._containers):
            self.stop(key)
        await asyncio.gather(*self._attempts)

    async def _guarded(self, spec: TaskSpec) -> TaskEnd:
        try:
            return await self._run(spec)
        except PipelineError as error:
            return TaskEnd(1, message=error.what)

    async def _run(self, spec: TaskSpec) -> TaskEnd:
        image = await images.find(self.engine, spec.image)
        if image is None:
            return TaskEnd(1, message=messages.image_missing(spec.image))
        name = f"{spec.key.execution}-task{spec.index}-{secrets.token_hex(4)}"
        if image.architecture != ARCHITECTURE:
            path = (*spec.command, image.entry)[0]
            self._say(spec, name, messages.not_loaded(path, "exec format error"), "ERROR")
            return TaskEnd(1, message=messages.TASK_EXITED)
        if self._closed or spec.key in self._stopped:
            return TaskEnd(128 + _SIGTERM, _SIGTERM, messages.TASK_EXITED)
        labels = _labels(spec, name)
        run = _container_run(spec, image.id, name, self.owner)
        container = await Container.start(
            self.engine,
            run,
            lambda log, line: self.log(output.entry(self.now(), spec.key, log, line, labels)),
        )
        return await self._until_over(spec, container)

    async def _until_over(self, spec: TaskSpec, container: Container) -> TaskEnd:
        mine = self._containers[spec.key]
        mine.add(container)
        container.exit.add_done_callback(lambda _: mine.discard(container))
        if self._closed or spec.key in self._stopped:
            container.stop()
        await asyncio.wait({container.exit}, timeout=spec.timeout)
        late = not container.exit.done()
        if late:
            self._say(spec, container.name, messages.timed_out(spec.timeout), "ERROR")
            container.stop()
        ended = await container.exit
        if not container.stopping:
            for line in ending(ended, spec.memory):
                self._say(spec, container.name, line, "ERROR" if ended.code else "INFO")
        return _end(ended, late=late)

    def _say(self, spec: TaskSpec, name: str, text: str, severity: str) -> None:
        labels = _labels(spec, name)
        self.log(LogEntry(self.now(), spec.key, "varlog/system", text, None, severity,
                          labels=labels))  # fmt: skip


def _container_run(spec: TaskSpec, image: str, name: str, owner: str) -> ContainerRun:
    return ContainerRun(
        image=image,
        name=name,
        owner=owner,
        port=None,
        env=spec.env,
        cpu=spec.cpu,
        memory=spec.memory,
        command=spec.command,
        args=spec.args,
    )


def _labels(spec: TaskSpec, instance: str) -> dict[str, str]:
    return {
        "run.googleapis.com/task_index": str(spec.index),
        "run.googleapis.com/task_attempt": str(spec.attempt),
        "instanceId": instance,
    }


def _end(ended: Exit, *, late: bool) -> TaskEnd:
    signal = ended.code - 128 if ended.code in _SIGNALS else 0
    if late:
        return TaskEnd(ended.code, signal, messages.TASK_TIMED_OUT)
    if ended.out_of_memory:
        return TaskEnd(ended.code, signal, messages.TASK_OUT_OF_MEMORY)
    failed = ended.code or ended.error
    return TaskEnd(ended.code, signal, messages.TASK_EXITED if failed else "")
