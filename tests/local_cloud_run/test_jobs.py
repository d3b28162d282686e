"""Google's own clients for jobs, against the real server with real containers (API facts §6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.api_core import exceptions
from google.api_core.operation import Operation
from google.cloud import run_v2
from google.iam.v1 import iam_policy_pb2, policy_pb2

from tests.local_cloud_run.conftest import EACH_TRANSPORT, PARENT, POLLING, CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import JOB
from tests.local_cloud_run.test_ending import containers, gone, wait_for

pytestmark = EACH_TRANSPORT
SUCCEEDED, FAILED = (
    run_v2.Condition.State.CONDITION_SUCCEEDED, run_v2.Condition.State.CONDITION_FAILED
)  # fmt: skip
REASON = run_v2.Condition.ExecutionReason


def job(*args: str, retries: int = 0, tasks: int = 1, **container: object) -> run_v2.Job:
    command = ["python3", "/main.py"]
    asked = {"image": image("job", JOB), "command": command, "args": list(args), **container}
    task = run_v2.TaskTemplate(containers=[asked], max_retries=retries)
    return run_v2.Job(template={"template": task, "task_count": tasks})


def create(cloud_run: CloudRun, name: str, asked: run_v2.Job) -> run_v2.Job:
    made = cloud_run.jobs.create_job(parent=PARENT, job=asked, job_id=name)
    return made.result(polling=POLLING, timeout=30)


def over(asked: Operation) -> run_v2.Execution:
    return asked.result(polling=POLLING, timeout=60)


def run(cloud_run: CloudRun, name: str, asked: run_v2.Job) -> run_v2.Execution:
    return over(cloud_run.jobs.run_job(name=create(cloud_run, name, asked).name))


def short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def completed(execution: run_v2.Execution | run_v2.Task) -> run_v2.Condition:
    return next(each for each in execution.conditions if each.type_ == "Completed")


def entries(cloud_run: CloudRun, execution: run_v2.Execution, log: str = "") -> list[dict]:
    name = short(execution.name)
    wanted = (
        f'resource.type="cloud_run_job" AND resource.labels.job_name="{execution.job}" '
        f'AND labels."run.googleapis.com/execution_name"="{name}"'
    )
    return cloud_run.entries(f'{wanted} AND logName:"{log}"' if log else wanted)


def texts(cloud_run: CloudRun, execution: run_v2.Execution, log: str) -> list[str]:
    return [each.get("textPayload", "") for each in entries(cloud_run, execution, log)]


def test_a_job_that_succeeds(cloud_run: CloudRun, name: str) -> None:
    variable = {"name": "COLOUR", "value": "blue"}
    execution = run(cloud_run, name, job("exit", "0", env=[variable]))
    assert completed(execution).state == SUCCEEDED
    assert (execution.task_count, execution.succeeded_count) == (1, 1)
    assert "@sha256:" in execution.template.containers[0].image
    assert execution.completion_time > execution.start_time
    assert cloud_run.executions.get_execution(name=execution.name) == execution
    (given,) = entries(cloud_run, execution, "stdout")
    seen = given["jsonPayload"]
    assert seen["args"] == ["exit", "0"]
    contract = {key: value for key, value in seen["env"].items() if key.startswith("CLOUD_RUN")}
    assert contract == {
        "CLOUD_RUN_JOB": name,
        "CLOUD_RUN_EXECUTION": short(execution.name),
        "CLOUD_RUN_TASK_INDEX": "0",
        "CLOUD_RUN_TASK_ATTEMPT": "0",
        "CLOUD_RUN_TASK_COUNT": "1",
    }
    assert seen["env"]["COLOUR"] == "blue"
    assert "PORT" not in seen["env"]
    assert given["labels"]["run.googleapis.com/task_index"] == "0"
    assert given["resource"]["labels"] == {
        "project_id": "p", "location": "us-central1", "job_name": name
    }  # fmt: skip
    assert texts(cloud_run, execution, "stderr") == ["on stderr"]
    assert texts(cloud_run, execution, "varlog") == ["Container called exit(0)."]
    held = cloud_run.jobs.get_job(name=f"{PARENT}/jobs/{name}")
    assert held.latest_created_execution.name == short(execution.name)
    assert held.execution_count == 1
    assert gone(name)


def test_a_job_that_fails_gives_back_its_execution(cloud_run: CloudRun, name: str) -> None:
    execution = run(cloud_run, name, job("exit", "3"))
    assert (execution.failed_count, execution.retried_count) == (1, 0)
    verdict = completed(execution)
    assert (verdict.state, verdict.execution_reason) == (FAILED, REASON.NON_ZERO_EXIT_CODE)
    assert verdict.message == (
        f"Task {short(execution.name)}-task0 failed with message: The container exited with an "
        "error."
    )
    (task,) = cloud_run.tasks.list_tasks(parent=execution.name)
    assert task.last_attempt_result.exit_code == 3
    assert cloud_run.tasks.get_task(name=task.name) == task
    assert texts(cloud_run, execution, "varlog") == ["Container called exit(3)."]
    assert texts(cloud_run, execution, "system_event") == [
        f"Execution {short(execution.name)} has failed to complete, 0/1 tasks were a success."
    ]


def test_a_task_is_tried_again(cloud_run: CloudRun, name: str) -> None:
    execution = run(cloud_run, name, job("fail-first", retries=1, tasks=2))
    assert (execution.succeeded_count, execution.retried_count) == (2, 2)
    told = entries(cloud_run, execution, "stdout")
    attempts = {
        (each["labels"]["run.googleapis.com/task_index"], each["labels"][
            "run.googleapis.com/task_attempt"])
        for each in told
    }  # fmt: skip
    assert attempts == {("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")}
    assert [task.index for task in cloud_run.tasks.list_tasks(parent=execution.name)] == [0, 1]


def test_out_of_memory(cloud_run: CloudRun, name: str) -> None:
    limits = {"limits": {"memory": "64Mi"}}
    execution = run(cloud_run, name, job("eat", resources=limits))
    assert "The configured memory limit was reached." in completed(execution).message
    assert texts(cloud_run, execution, "varlog")[0].startswith("Memory limit of 64 MiB exceeded")


def test_a_task_that_takes_too_long(cloud_run: CloudRun, name: str) -> None:
    asked = job("sleep", "60")
    asked.template.template.timeout = timedelta(seconds=1)
    execution = run(cloud_run, name, asked)
    assert completed(execution).message.endswith("The configured timeout was reached.")
    (line,) = texts(cloud_run, execution, "varlog")
    assert line.startswith("Terminating task because it has reached the maximum timeout of 1 sec")
    assert gone(name)


def test_a_program_that_is_not_there(cloud_run: CloudRun, name: str) -> None:
    execution = run(cloud_run, name, job(command=["/no/such"]))
    assert completed(execution).state == FAILED
    assert "failed to load /no/such" in texts(cloud_run, execution, "varlog")[0]


def test_an_execution_is_cancelled(cloud_run: CloudRun, name: str) -> None:
    made = create(cloud_run, name, job("sleep", "60"))
    ran = cloud_run.jobs.run_job(name=made.name)
    running = ran.metadata
    assert running.running_count == 1
    assert wait_for(lambda: "asleep" in texts(cloud_run, running, "stdout"))
    cancelled = over(cloud_run.executions.cancel_execution(name=running.name))
    assert cancelled.cancelled_count == 1
    assert completed(cancelled).execution_reason == REASON.CANCELLED
    assert over(ran) == cancelled
    assert gone(name)


def test_overrides(cloud_run: CloudRun, name: str) -> None:
    made = create(cloud_run, name, job("exit", "1", env=[{"name": "A", "value": "1"}]))
    override = {"args": ["exit", "0"], "env": [{"name": "B", "value": "2"}]}
    asked = run_v2.RunJobRequest(
        name=made.name, overrides={"container_overrides": [override], "task_count": 2}
    )
    execution = over(cloud_run.jobs.run_job(asked))
    assert execution.succeeded_count == 2
    env = entries(cloud_run, execution, "stdout")[0]["jsonPayload"]["env"]
    assert (env["A"], env["B"], env["CLOUD_RUN_TASK_COUNT"]) == ("1", "2", "2")


def test_update_list_and_delete(cloud_run: CloudRun, name: str) -> None:
    made = create(cloud_run, name, job("exit", "1"))
    with pytest.raises(exceptions.Conflict, match=r"Resource already exists\."):
        create(cloud_run, name, job())
    made.template.template.containers[0].args = ["exit", "0"]
    updated = cloud_run.jobs.update_job(job=made).result(polling=POLLING, timeout=30)
    assert (updated.generation, updated.template.template.max_retries) == (2, 0)
    with pytest.raises(exceptions.Conflict, match="Conflict for resource"):
        cloud_run.jobs.update_job(job=made)
    execution = over(cloud_run.jobs.run_job(name=updated.name))
    again = over(cloud_run.jobs.run_job(name=updated.name))
    assert execution.succeeded_count == 1
    assert updated.name in [each.name for each in cloud_run.jobs.list_jobs(parent=PARENT)]
    held = [each.name for each in cloud_run.executions.list_executions(parent=updated.name)]
    assert held == [again.name, execution.name]
    cloud_run.executions.delete_execution(name=again.name).result(polling=POLLING)
    held = [each.name for each in cloud_run.executions.list_executions(parent=f"{PARENT}/jobs/-")]
    assert execution.name in held
    assert again.name not in held
    cloud_run.jobs.delete_job(name=updated.name).result(polling=POLLING)
    with pytest.raises(exceptions.NotFound, match="of kind 'JOB'"):
        cloud_run.jobs.get_job(name=updated.name)
    with pytest.raises(exceptions.NotFound, match="of kind 'EXECUTION'"):
        cloud_run.executions.get_execution(name=execution.name)


def test_an_image_that_is_missing(cloud_run: CloudRun, name: str) -> None:
    with pytest.raises(exceptions.NotFound, match="Image 'no/such:image' not found"):
        create(cloud_run, name, job(image="no/such:image"))
    held = cloud_run.jobs.get_job(name=f"{PARENT}/jobs/{name}")
    assert held.terminal_condition.state == FAILED
    with pytest.raises(exceptions.BadRequest, match="Image 'no/such:image' not found"):
        cloud_run.jobs.run_job(name=held.name)


def from_secret(secret: str, version: str) -> dict[str, object]:
    source = {"secret_key_ref": {"secret": secret, "version": version}}
    return {"name": "PASSWORD", "value_source": source}


def test_secrets_are_filled_in(cloud_run: CloudRun, name: str) -> None:
    execution = run(cloud_run, name, job(env=[from_secret("password", "1")]))
    (given,) = entries(cloud_run, execution, "stdout")
    assert given["jsonPayload"]["env"]["PASSWORD"] == "open sesame"


@pytest.mark.parametrize(("secret", "version"), [("other", "latest"), ("password", "2")])
def test_a_secret_that_is_missing(
    cloud_run: CloudRun, name: str, secret: str, version: str
) -> None:
    missing = f"Secret projects/p/secrets/{secret}/versions/{version} was not found"
    with pytest.raises(exceptions.BadRequest, match=missing):
        create(cloud_run, f"{name}-{secret}", job(env=[from_secret(secret, version)]))
    held = cloud_run.jobs.get_job(name=f"{PARENT}/jobs/{name}-{secret}")
    reason = run_v2.Condition.CommonReason.SECRETS_ACCESS_CHECK_FAILED
    assert held.terminal_condition.reason == reason


def test_iam(cloud_run: CloudRun, name: str) -> None:
    made = create(cloud_run, name, job())
    policy = policy_pb2.Policy(
        bindings=[policy_pb2.Binding(role="roles/run.invoker", members=["user:a@b.c"])]
    )
    wanted = iam_policy_pb2.SetIamPolicyRequest(resource=made.name, policy=policy)
    cloud_run.jobs.set_iam_policy(wanted)
    held = cloud_run.jobs.get_iam_policy(iam_policy_pb2.GetIamPolicyRequest(resource=made.name))
    assert list(held.bindings) == list(policy.bindings)
    asked = iam_policy_pb2.TestIamPermissionsRequest(
        resource=made.name, permissions=["run.jobs.run"]
    )
    assert list(cloud_run.jobs.test_iam_permissions(asked).permissions) == ["run.jobs.run"]


def test_a_job_and_a_service_of_one_name_are_two(cloud_run: CloudRun, name: str) -> None:
    create(cloud_run, name, job("exit", "0"))
    with pytest.raises(exceptions.NotFound, match="of kind 'SERVICE'"):
        cloud_run.get(name)


def test_a_deleted_job_leaves_no_container(cloud_run: CloudRun, name: str) -> None:
    made = create(cloud_run, name, job("sleep", "60"))
    cloud_run.jobs.run_job(name=made.name)
    assert wait_for(lambda: bool(containers(name)))
    cloud_run.jobs.delete_job(name=made.name).result(polling=POLLING)
    assert gone(name)


def test_a_job_deleted_as_it_starts_leaves_no_container(cloud_run: CloudRun, name: str) -> None:
    made = create(cloud_run, name, job("sleep", "60"))
    ran = cloud_run.jobs.run_job(name=made.name)
    cloud_run.jobs.delete_job(name=made.name).result(polling=POLLING)
    with pytest.raises(exceptions.NotFound, match="of kind 'JOB'"):
        over(ran)
    other = create(cloud_run, f"{name}-2", job("exit", "0"))
    assert over(cloud_run.jobs.run_job(name=other.name)).succeeded_count == 1
    assert gone(name)
