"""What the platform itself writes to the audit log, in its own words (API facts §4.3)."""

from __future__ import annotations

from datetime import datetime

from pipeline.local_cloud_run.state.effects import WriteLog
from pipeline.local_cloud_run.state.job_resources import Execution, Job, Phase
from pipeline.local_cloud_run.values import ExecutionKey, LogEntry, RevisionKey

LOG = "cloudaudit.googleapis.com/system_event"


def ready(
    key: RevisionKey | ExecutionKey, status: str, about: str, now: datetime, severity: str = "INFO"
) -> WriteLog:
    text = f"Ready condition status changed to {status} for {about}"
    return WriteLog(LogEntry(now, key, LOG, text, severity=severity))


def job_ready(job: Job, now: datetime) -> WriteLog:
    key = ExecutionKey(job.key.project, job.key.location, job.key.job, "")
    if job.ready.message:
        about = f"Job {job.key.job} with message: {job.ready.message}"
        return ready(key, "False", about, now, "ERROR")
    return ready(key, "True", f"Job {job.key.job}.", now)


def execution_over(execution: Execution, now: datetime) -> WriteLog:
    how = "completed successfully" if execution.succeeded else "failed to complete"
    good, all_ = execution.count(Phase.SUCCEEDED), len(execution.tasks)
    text = f"Execution {execution.key.execution} has {how}, {good}/{all_} tasks were a success."
    severity = "INFO" if execution.succeeded else "ERROR"
    return WriteLog(LogEntry(now, execution.key, LOG, text, severity=severity))
