"""Cloud Run jobs and their executions, through the official client over REST.

Every call has a deadline. A job that was asked to run and whose answer was lost may be running, so
it is not asked twice. It can be found, for every execution has the release's label.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipeline.adapters.clients import connection, go_direct
from pipeline.adapters.google import CALL, Google, read_again
from pipeline.adapters.job_template import job_id, job_message
from pipeline.adapters.operations import awaited
from pipeline.adapters.patience import Pace
from pipeline.adapters.refusals import raised, translated
from pipeline.adapters.sending import Tries
from pipeline.adapters.template import Settings
from pipeline.errors import ConfigError, JobFailed, PipelineError
from pipeline.model import Service

if TYPE_CHECKING:
    from google.cloud import run_v2

    from pipeline.config.sections import Job

_OWNER_LABEL = "cloud-run-pipeline-service"
_NEWEST = 100  # executions looked at: a thousand are kept (API facts §11)


@dataclass(frozen=True)
class Execution:
    """One run of a job, as it was read. ``message`` is what Cloud Run says of how it stands.

    ``ended`` is None while it runs, by Google's clock as ``created`` is.
    """

    name: str
    created: datetime
    ended: datetime | None = None
    succeeded: bool = False
    message: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Jobs:
    """The jobs of one service."""

    google: Google
    project: str
    location: str
    service: str
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def id_of(self, job: Job) -> str:
        """The job's name on Cloud Run."""
        return job_id(self.service, job.name)

    def prepare(self, service: Service | None, settings: Settings, job: Job) -> None:
        """Make the job, or update it, for the revision that the settings are of.

        Looked for again before each further try: to update it as it should be changes nothing.
        """
        tries = Tries(Pace(self.sleep, self.monotonic))
        with translated(self._name(job)):
            while True:
                try:
                    operation = self._write(service, settings, job)
                except raised() as error:
                    tries.pause(tries.failed(error))
                else:
                    awaited(operation, _refused(job))
                    return

    def _write(self, service: Service | None, settings: Settings, job: Job) -> Any:
        held = self._find(job)
        before = service.raw if service else None
        labels, name = {_OWNER_LABEL: self.service}, self.id_of(job)
        wanted = job_message(before, settings, job, labels)  # type: ignore[arg-type]
        if held is None:
            return self._jobs.create_job(parent=self._parent, job=wanted, job_id=name, timeout=CALL)
        if held.labels.get(_OWNER_LABEL) != self.service:
            raise ConfigError(
                f"the Cloud Run job {name} was not made by this pipeline for {self.service}",
                where=self._name(job),
                remedy=f"give {job.name} another name in pipeline.yaml, or delete that job",
            )
        wanted.name, wanted.etag = held.name, held.etag
        return self._jobs.update_job(job=wanted, timeout=CALL)

    def run(self, job: Job) -> str:
        """Ask it to run; the execution's name. Raises ApiUnreachable when the answer was lost."""
        from google.api_core import exceptions

        tries = Tries(Pace(self.sleep, self.monotonic))
        with translated(self._name(job)):
            while True:
                try:
                    operation = self._jobs.run_job(name=self._name(job), timeout=CALL)
                except exceptions.TooManyRequests as error:
                    tries.pause(tries.failed(error))
                else:
                    return _short(operation.metadata.name)

    def executions(self, job: Job) -> list[Execution]:
        """Its executions, newest first; none when there is no such job."""
        from google.api_core import exceptions

        with translated(self._name(job)):
            try:
                found = self._executions.list_executions(
                    parent=self._name(job), timeout=CALL, retry=read_again()
                )
                return [_read(one) for one in islice(found, _NEWEST)]
            except exceptions.NotFound:
                return []

    def execution(self, job: Job, name: str) -> Execution:
        full = f"{self._name(job)}/executions/{name}"
        with translated(full):
            return _read(
                self._executions.get_execution(name=full, timeout=CALL, retry=read_again())
            )

    def _find(self, job: Job) -> run_v2.Job | None:
        from google.api_core import exceptions

        try:
            return self._jobs.get_job(name=self._name(job), timeout=CALL, retry=read_again())
        except exceptions.NotFound:
            return None

    @property
    def _parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    def _name(self, job: Job) -> str:
        return f"{self._parent}/jobs/{self.id_of(job)}"

    @cached_property
    def _jobs(self) -> run_v2.JobsClient:
        from google.cloud import run_v2

        client = run_v2.JobsClient(**connection(self.google))
        go_direct(self.google, client.transport, client.transport.operations_client.transport)
        return client

    @cached_property
    def _executions(self) -> run_v2.ExecutionsClient:
        from google.cloud import run_v2

        client = run_v2.ExecutionsClient(**connection(self.google))
        go_direct(self.google, client.transport)
        return client


def _refused(job: Job) -> Callable[[str], PipelineError]:
    def error(text: str) -> PipelineError:
        return JobFailed(
            f"{job.name} could not be made ready: {text}",
            where=f"job {job.name}",
            remedy="mend what Cloud Run says, then run the command again",
        )

    return error


def _read(message: run_v2.Execution) -> Execution:
    from google.cloud import run_v2

    states = run_v2.Condition.State
    conditions = [one for one in message.conditions if one.type_ == "Completed"]
    done = conditions[0] if conditions else run_v2.Condition()
    succeeded = done.state == states.CONDITION_SUCCEEDED
    is_over = succeeded or done.state == states.CONDITION_FAILED
    ended = (message.completion_time or done.last_transition_time) if is_over else None
    return Execution(
        name=_short(message.name),
        created=message.create_time,  # type: ignore[arg-type]
        ended=ended,  # type: ignore[arg-type]
        succeeded=succeeded and message.succeeded_count == message.task_count,
        message=done.message,
        labels=dict(message.labels),
    )


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
