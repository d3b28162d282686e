"""Waiting for an execution of a job, with its log lines shown as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.adapters.jobs import Execution
from pipeline.adapters.logging import Entry
from pipeline.config.sections import Job
from pipeline.context import Context
from pipeline.errors import JobFailed, PermissionMissing, PipelineError

_TO_BEGIN = 300.0  # seconds that Cloud Run may take beside the job's own time
_PAUSE = 5.0  # seconds between two looks, at most
_LAG_OF_SUCCESS = (2.0, 2.0)  # seconds that lines are read on, at least and at most
_LAG_OF_FAILURE = (5.0, 30.0)  # its last lines say why, and may lag behind (API facts §8)
_OVERLAP = timedelta(seconds=20)  # read again each time, for entries do not come in order
_MANY = 5000  # entries of a reading; a flood is not read again, or it would never be caught up with
_MOST = 10_000  # lines kept; the end of them says why a job failed


def follow(context: Context, job: Job, name: str) -> tuple[Execution, Sequence[str]]:
    """Wait until the execution has ended; how, and what it wrote. Raises JobFailed when late."""
    world, pause = context.world, _PAUSE / 20
    deadline = world.monotonic() + job.timeout + _TO_BEGIN
    execution = context.jobs.execution(job, name)
    output = Output(context, context.jobs.id_of(job), name, execution.created)
    while execution.ended is None:
        output.read()
        if world.monotonic() >= deadline:
            raise JobFailed(
                f"{job.name} has not ended within {job.timeout + _TO_BEGIN:.0f} s",
                where=f"execution {name}",
                remedy=f"cancel it: `{cancel_command(context, name)}`",
                lines=output.lines,
            )
        world.sleep(pause)
        pause = min(pause * 2, _PAUSE)
        execution = context.jobs.execution(job, name)
    lag = _LAG_OF_SUCCESS if execution.succeeded else _LAG_OF_FAILURE
    output.read_the_rest(*lag)
    return execution, output.lines


def cancel_command(context: Context, name: str) -> str:
    config = context.config
    return (
        f"gcloud run jobs executions cancel {name} --region={config.region} "
        f"--project={config.project}"
    )


@dataclass
class Output:
    """What an execution writes; each line is shown once, however often its log is read."""

    context: Context
    job: str
    execution: str
    since: datetime
    kept: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST))
    seen: dict[str, datetime] = field(default_factory=dict)
    trouble: PipelineError | None = None  # of the last reading

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self.kept)

    def read(self) -> bool:
        """Show what is new; whether there was anything."""
        found = self._entries()
        new = [one for one in found if one.id not in self.seen]
        if new:
            overlap = timedelta(0) if len(found) > _MANY else _OVERLAP
            self.since = max(self.since, max(one.at for one in new) - overlap)
            self.seen |= {one.id: one.at for one in new}
            self.seen = {each: at for each, at in self.seen.items() if at >= self.since}
        lines = [one.text for one in new if not one.log.startswith("cloudaudit")]
        self.kept.extend(lines)
        self.context.report.output(lines)
        return bool(lines)

    def read_the_rest(self, least: float, most: float) -> None:
        """Read on for ``least`` seconds; to ``most`` while more comes, or nothing came at all."""
        world = self.context.world
        ended = world.monotonic()
        while not self._is_closed:
            quiet = not self.read() and bool(self.kept) and self.trouble is None
            if world.monotonic() - ended >= (least if quiet else most):
                break
            world.sleep(1.0)
        if self.trouble:
            told = f"its log could not be read: {self.trouble.what} ({self.trouble.remedy})"
            self.kept.append(told)
            self.context.report.warn(told)

    @property
    def _is_closed(self) -> bool:
        """Whether reading it again is of no use; other trouble may pass."""
        return isinstance(self.trouble, PermissionMissing)

    def _entries(self) -> Sequence[Entry]:
        if self._is_closed:
            return ()
        try:
            found = self.context.logs.of_execution(self.job, self.execution, self.since)
        except PipelineError as error:
            self.trouble = error
            return ()
        self.trouble = None
        return found
