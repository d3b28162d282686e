"""What jobs and executions are after each event (API facts §6)."""

from __future__ import annotations

import pytest

from pipeline.local_cloud_run.api import job_views, operation_views
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.state.rpc import ApiError, Code
from pipeline.local_cloud_run.state.tasks import AT_ONCE
from pipeline.local_cloud_run.values import JobKey, Json, StartFailure
from tests.local_cloud_run.job_model import EXITED, JOB, PINNED, JobModel, job_spec

MISSING = StartFailure("Image 'app:1' not found.", "CONTAINER_MISSING", Code.NOT_FOUND)


def shown(model: JobModel) -> Json:
    return job_views.execution(model.newest)


def counts(model: JobModel) -> list[int]:
    """Running, succeeded, failed, cancelled, retried."""
    names = ("running", "succeeded", "failed", "cancelled", "retried")
    return [shown(model)[f"{name}Count"] for name in names]


def test_a_job_is_ready_once_what_it_needs_is_there() -> None:
    model = JobModel(instant=False)
    asked = model.create()
    assert model.job.reconciling
    assert not model.operation(asked).done
    with pytest.raises(ApiError, match="Job 'j' is not ready") as refused:
        model.run()
    assert refused.value.code is Code.FAILED_PRECONDITION
    model.send(events.JobChecked(JOB, 1, PINNED))
    assert model.operation(asked).done
    assert job_views.job(model.job)["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_a_job_whose_image_is_missing_fails_and_can_be_mended() -> None:
    model = JobModel(instant=False)
    asked = model.create()
    model.fail_check(MISSING)
    assert model.operation(asked).error == MISSING
    condition = job_views.job(model.job)["terminalCondition"]
    assert (condition["state"], condition["reason"]) == ("CONDITION_FAILED", "CONTAINER_MISSING")
    model.instant = True
    assert model.operation(model.update(job_spec())).done
    assert model.job.ready.state == "CONDITION_SUCCEEDED"


def test_a_report_about_an_older_generation_says_nothing() -> None:
    model = JobModel(instant=False)
    model.create()
    model.update(job_spec(tasks=2))
    model.send(events.JobChecked(JOB, 1, "old@sha256:0"))
    assert model.job.reconciling
    model.send(events.JobChecked(JOB, 2, PINNED))
    assert (model.job.image, model.job.observed_generation) == (PINNED, 2)


def test_an_execution_that_succeeds() -> None:
    model = JobModel()
    model.create()
    asked = model.run()
    assert counts(model) == [1, 0, 0, 0, 0]
    metadata = operation_views.operation(model.operation(asked), model.state, str)["metadata"]
    assert metadata["@type"] == "type.googleapis.com/google.cloud.run.v2.Execution"
    assert metadata["reconciling"]
    model.end(model.running[0])
    assert counts(model) == [0, 1, 0, 0, 0]
    done = operation_views.operation(model.operation(asked), model.state, str)
    assert done["response"]["name"].endswith(f"/jobs/j/executions/{model.newest.key.execution}")
    completed = done["response"]["conditions"][0]
    assert (completed["type"], completed["state"]) == ("Completed", "CONDITION_SUCCEEDED")
    assert completed["message"] == "Execution completed successfully in 1.00s."
    reference = job_views.job(model.job)["latestCreatedExecution"]
    assert reference["completionStatus"] == "EXECUTION_SUCCEEDED"


def test_an_execution_that_fails_ends_its_operation_without_an_error() -> None:
    model = JobModel()
    model.create()
    asked = model.run()
    model.end(model.running[0], EXITED)
    assert counts(model) == [0, 0, 1, 0, 0]
    done = operation_views.operation(model.operation(asked), model.state, str)
    assert "error" not in done
    completed = done["response"]["conditions"][0]
    name = model.newest.key.execution
    assert completed["message"] == (
        f"Task {name}-task0 failed with message: The container exited with an error."
    )
    assert completed["executionReason"] == "NON_ZERO_EXIT_CODE"


def test_a_failed_task_is_tried_again_as_often_as_allowed() -> None:
    model = JobModel()
    model.create(job_spec(retries=2))
    model.run()
    for attempt in range(3):
        (spec,) = model.running
        assert (spec.attempt, spec.env["CLOUD_RUN_TASK_ATTEMPT"]) == (attempt, str(attempt))
        model.end(spec, EXITED)
    assert counts(model) == [0, 0, 1, 0, 2]
    assert not model.running


def test_a_late_word_of_an_earlier_attempt_says_nothing_of_this_one() -> None:
    model = JobModel()
    model.create(job_spec(retries=1))
    model.run()
    (first,) = model.running
    model.end(first, EXITED)
    model.end(first)
    assert counts(model) == [1, 0, 0, 0, 1]


def test_retries_are_three_unless_said_otherwise() -> None:
    model = JobModel()
    model.create({"template": {"template": {"containers": [{"image": "app:1"}]}}})
    template = job_views.job(model.job)["template"]
    assert template["taskCount"] == 1
    assert (template["template"]["maxRetries"], template["template"]["timeout"]) == (3, "600s")


@pytest.mark.parametrize(("parallelism", "at_once"), [(0, AT_ONCE), (2, 2), (99, AT_ONCE)])
def test_tasks_run_at_the_same_time_within_bounds(parallelism: int, at_once: int) -> None:
    model = JobModel()
    model.create(job_spec(tasks=15, parallelism=parallelism))
    model.run()
    assert len(model.running) == at_once
    model.end(model.running[0])
    assert len(model.running) == at_once
    assert len(model.begun) == at_once + 1


def test_the_other_tasks_go_on_when_one_fails() -> None:
    model = JobModel()
    model.create(job_spec(tasks=3, parallelism=1))
    model.run()
    for end in (EXITED, None, None):
        (spec,) = model.running
        model.end(spec, *([end] if end else []))
    assert counts(model) == [0, 2, 1, 0, 0]


def test_an_execution_keeps_what_it_was_made_from() -> None:
    model = JobModel()
    model.create()
    model.run()
    changed = job_spec()
    changed["template"]["template"]["containers"][0]["image"] = "app:2"
    model.update(changed)
    assert model.newest.template["template"]["containers"][0]["image"] == PINNED
    assert job_views.job(model.job)["template"]["template"]["containers"][0]["image"] == "app:2"


def test_overrides() -> None:
    model = JobModel()
    asked = job_spec()
    asked["template"]["template"]["containers"][0] |= {
        "name": "main",
        "args": ["a"],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    }
    model.create(asked)
    override = {"args": ["x", "y"], "env": [{"name": "B", "value": "3"}]}
    model.run({"containerOverrides": [override], "taskCount": 2, "timeout": "5s"})
    assert len(model.running) == 2
    spec = model.running[0]
    assert (spec.args, spec.timeout) == (("x", "y"), 5.0)
    assert (spec.env["A"], spec.env["B"], spec.env["CLOUD_RUN_TASK_COUNT"]) == ("1", "3", "2")
    model.run({"containerOverrides": [{"name": "main", "clearArgs": True}]})
    assert model.begun[-1].args == ()
    model.run({"containerOverrides": [{"name": "other", "args": ["x"]}]})
    assert model.begun[-1].args == ("a",)
    with pytest.raises(ApiError, match="taskCount"):
        model.run({"taskCount": 20_000})
    with pytest.raises(ApiError, match="not usable"):
        model.run({"containerOverrides": [{"env": [{"value": "x"}]}]})


def test_cancel_stops_what_runs_and_calls_off_what_waits() -> None:
    model = JobModel()
    model.create(job_spec(tasks=3, parallelism=1, retries=1))
    ran = model.run()
    (spec,) = model.running
    asked = model.cancel(model.newest)
    assert counts(model) == [1, 0, 0, 2, 0]
    assert model.stopped == [model.newest.key]
    assert shown(model)["conditions"][0]["executionReason"] == "CANCELLING"
    model.end(spec, EXITED)
    assert counts(model) == [0, 0, 0, 3, 0]
    assert shown(model)["conditions"][0]["executionReason"] == "CANCELLED"
    assert model.operation(asked).done
    assert model.operation(ran).done
    reference = job_views.job(model.job)["latestCreatedExecution"]
    assert reference["completionStatus"] == "EXECUTION_CANCELLED"


def test_cancelling_what_is_over_changes_nothing() -> None:
    model = JobModel()
    model.create()
    model.run()
    model.end(model.running[0])
    before = model.newest
    assert model.cancel(before).done
    assert model.newest == before


def test_a_job_takes_its_executions_with_it() -> None:
    model = JobModel()
    model.create()
    ran = model.run()
    (spec,) = model.running
    assert model.ask(events.DeleteJob(JOB, model.nonce())).done
    assert model.stopped == [spec.key]
    error = model.operation(ran).error
    assert error is not None
    assert error.message.startswith("Resource 'j' of kind 'JOB'")
    before = model.state
    model.end(spec)
    assert model.state == before


def test_an_execution_can_be_deleted() -> None:
    model = JobModel()
    model.create()
    model.run()
    (spec,) = model.running
    model.delete(model.newest)
    assert model.stopped == [spec.key]
    assert not model.job.executions
    with pytest.raises(ApiError, match="of kind 'EXECUTION'"):
        model.ask(events.CancelExecution(spec.key, "n"))


def test_only_so_many_executions_are_kept() -> None:
    model = JobModel()
    model.create()
    for _ in range(1002):
        model.run()
        model.end(model.begun[-1])
    assert len(model.job.executions) == 1000
    assert job_views.job(model.job)["executionCount"] == 1002


def test_what_is_only_validated_is_not_kept() -> None:
    model = JobModel()
    tried = model.create(validate_only=True)
    assert tried.done
    assert not model.state.jobs
    model.update(job_spec(), allow_missing=True)
    assert model.run(validate_only=True).done
    assert not model.begun


@pytest.mark.parametrize("name", ["", "Ab", "a-", "a" * 50])
def test_job_id(name: str) -> None:
    with pytest.raises(ApiError, match=r"Violation in CreateJobRequest\.job_id: only lowercase"):
        JobModel().send(events.CreateJob(JobKey("p", "l", name), job_spec(), "n"))


def container(**fields: object) -> Json:
    return {"template": {"template": {"containers": [{"image": "a", **fields}]}}}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, Code.INVALID_ARGUMENT),
        ({"template": {"template": {"containers": [{}]}}}, Code.INVALID_ARGUMENT),
        (job_spec(tasks=0), Code.INVALID_ARGUMENT),
        (job_spec(tasks=10_001), Code.INVALID_ARGUMENT),
        (job_spec(retries=11), Code.INVALID_ARGUMENT),
        (job_spec(retries=-1), Code.INVALID_ARGUMENT),
        (job_spec(parallelism=-1), Code.INVALID_ARGUMENT),
        (container(env=[{"name": "CLOUD_RUN_TASK_INDEX", "value": "1"}]), Code.INVALID_ARGUMENT),
        (container(resources={"limits": {"memory": "much"}}), Code.INVALID_ARGUMENT),
        ({**job_spec(), "labels": {"run.googleapis.com/x": "y"}}, Code.INVALID_ARGUMENT),
        ({**job_spec(), "runExecutionToken": "now"}, Code.UNIMPLEMENTED),
    ],
)
def test_what_is_refused(asked: Json, code: Code) -> None:
    with pytest.raises(ApiError) as refused:
        JobModel().send(events.CreateJob(JOB, asked, "n"))
    assert refused.value.code is code


def test_a_stale_etag_is_aborted() -> None:
    model = JobModel()
    model.create()
    stale = job_views.job(model.job)["etag"]
    model.update(job_spec(tasks=2), etag=stale)
    for ask in (lambda: model.update(job_spec(), etag=stale), lambda: model.run(etag=stale)):
        with pytest.raises(ApiError, match="Conflict for resource 'j'"):
            ask()
