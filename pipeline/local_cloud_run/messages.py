"""What Cloud Run says about containers and requests, word for word (API facts §1.8, §4.3, §4.4)."""

from __future__ import annotations

from urllib.parse import quote

from pipeline.local_cloud_run.values import ExecutionKey, InstanceSpec, Probe, RevisionKey

DEPLOYMENT = (
    "DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to "
    "deployment, traffic split adjustment, or deployment health check."
)
AUTOSCALING = (
    "AUTOSCALING - Instance started due to configured scaling factors (e.g. CPU utilization, "
    "request throughput, etc.) or no existing capacity for current traffic."
)
MIN_INSTANCES = "MANUAL_OR_CUSTOMER_MIN_INSTANCE"

NO_INSTANCE = "The request was aborted because there was no available instance."
COULD_NOT_START = "The request failed because the instance could not start successfully."
UPSTREAM_FAILED = (
    "The request failed because either the HTTP response was malformed or connection to the "
    "instance had an error."
)
TASK_EXITED = "The container exited with an error."
TASK_OUT_OF_MEMORY = "The configured memory limit was reached."
TASK_TIMED_OUT = "The configured timeout was reached."
UPSTREAM_TIMEOUT = "upstream request timeout"
NOT_FOUND = "The requested URL was not found on this server."
METHOD_REFUSED = "The request method is not supported."


def starting(reason: str) -> str:
    return f"Starting new instance. Reason: {reason}"


def probe_succeeded(spec: InstanceSpec, attempts: int) -> str:
    return (
        f"{_probe(spec.probe)} probe succeeded after {_count(attempts, 'attempt')} "
        f"for {_target(spec)}."
    )


def probe_failed(spec: InstanceSpec, attempts: int, status: str) -> str:
    """``status`` is CANCELLED, DEADLINE_EXCEEDED or ERROR_CONNECTION_FAILED."""
    return (
        f"{_probe(spec.probe)} probe failed {_count(attempts, 'time')} consecutively for "
        f"{_target(spec)}. The instance was not started. Connection failed with status {status}"
        f"{'.' if spec.probe.path else ''}"
    )


def exited(code: int) -> str:
    return f"Container called exit({code})."


def timed_out(seconds: float) -> str:
    return (
        f"Terminating task because it has reached the maximum timeout of {seconds:.0f} seconds. To "
        "change this limit, see https://cloud.google.com/run/docs/configuring/task-timeout"
    )


def out_of_memory(limit: int) -> str:
    """``limit`` in bytes. The engine does not keep the peak, so the limit stands in for it."""
    size = f"{limit / 1024**2:.0f} MiB"
    return (
        f"Memory limit of {size} exceeded with {size} used. Consider increasing the memory limit, "
        "see https://cloud.google.com/run/docs/configuring/memory-limits"
    )


def not_loaded(path: str, why: str) -> str:
    return did_not_run(f"failed to load {path}: {why}")


def did_not_run(cause: str) -> str:
    return f"terminated: Application failed to start: {cause}"


def image_missing(image: str) -> str:
    return f"Image '{image}' not found."


def start_failed(spec: InstanceSpec) -> str:
    """The message of the operation's error and of the revision's condition."""
    what = (
        "The user-provided container failed to start and listen on the port defined provided by "
        f"the PORT={spec.port} environment variable within the allocated timeout. This can happen "
        "when the container port is misconfigured or if the timeout is too short. The health check "
        "timeout can be extended. "
        if spec.probe.default
        else "The user-provided container failed the configured startup probe checks. "
    )
    return (
        f"{what}Logs for this revision might contain more information.\n\n"
        f"Logs URL: {logs_url(spec.key)} \n"
        "For more troubleshooting guidance, see "
        "https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start"
    )


def logs_url(key: RevisionKey) -> str:
    """The console's address in a start failure and in ``Revision.log_uri``."""
    wanted = "\n".join(
        (
            'resource.type="cloud_run_revision"',
            f'resource.labels.service_name="{key.service}"',
            f'resource.labels.revision_name="{key.revision}"',
        )
    )
    return (
        f"https://console.cloud.google.com/logs/viewer?project={key.project}"
        f"&resource=cloud_run_revision/service_name/{key.service}/revision_name/{key.revision}"
        f"&advancedFilter={quote(wanted, safe='')}"
    )


def execution_logs_url(key: ExecutionKey) -> str:
    """The console's address in ``Execution.log_uri``."""
    wanted = "\n".join(
        (
            'resource.type="cloud_run_job"',
            f'resource.labels.job_name="{key.job}"',
            f'resource.labels.location="{key.location}"',
            f'labels."run.googleapis.com/execution_name"="{key.execution}"',
        )
    )
    return (
        f"https://console.cloud.google.com/logs/viewer?project={key.project}"
        f"&advancedFilter={quote(wanted, safe='/')}"
    )


def _probe(probe: Probe) -> str:
    kind = "HTTP" if probe.path else "TCP"
    return f"Default STARTUP {kind}" if probe.default else f"STARTUP {kind}"


def _target(spec: InstanceSpec) -> str:
    path = f' path "{spec.probe.path}"' if spec.probe.path else ""
    return f'container "{spec.container}" on port {spec.probe.port}{path}'


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
