"""What holds of jobs after any events in any order; and any body is accepted or refused."""

from __future__ import annotations

import json

from google.cloud import run_v2
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.local_cloud_run.api import job_views, protos
from pipeline.local_cloud_run.state.job_resources import Execution, Phase
from pipeline.local_cloud_run.state.rpc import ApiError
from pipeline.local_cloud_run.state.tasks import AT_ONCE
from pipeline.local_cloud_run.values import StartFailure, TaskEnd
from tests.local_cloud_run.job_model import EXITED, JobModel, job_spec
from tests.local_cloud_run.test_bodies import bodies

ENDS = (TaskEnd(), EXITED)
specs = st.builds(
    lambda tasks, retries, parallelism: job_spec(tasks, retries, parallelism=parallelism),
    st.integers(1, 12),
    st.integers(0, 3),
    st.integers(0, 3),
)
numbers = st.integers(0, 99)
actions = st.one_of(
    st.tuples(st.just("update"), specs),
    st.tuples(st.just("run"), numbers),
    st.tuples(st.just("end"), numbers, st.sampled_from(ENDS)),
    st.tuples(st.just("again"), numbers, st.sampled_from(ENDS)),
    st.tuples(st.sampled_from(["cancel", "delete", "unchecked"]), numbers),
)


def act(model: JobModel, action: tuple) -> None:
    held = [*model.job.executions.values()]
    match action:
        case ("update", asked):
            model.update(asked)
        case ("run", tasks):
            model.run({"taskCount": tasks % 5})
        case ("end", number, end) if model.running:
            model.end(model.running[number % len(model.running)], end)
        case ("again", number, end) if model.begun:  # also what is over, or gone
            model.end(model.begun[number % len(model.begun)], end)
        case ("cancel", number) if held:
            model.cancel(held[number % len(held)])
        case ("delete", number) if held:
            model.delete(held[number % len(held)])
        case ("unchecked", _):
            model.fail_check(StartFailure("no"))


def holds(model: JobModel) -> None:
    for execution in model.job.executions.values():
        is_sound(execution)
    for operation in model.state.operations.values():
        if not operation.done:
            assert model.job.executions[operation.execution].reconciling
    attempts = [(spec.key, spec.index, spec.attempt) for spec in model.begun]
    assert len(set(attempts)) == len(attempts)
    running = sum(each.count(Phase.RUNNING) for each in model.job.executions.values())
    assert len(model.running) == running


def is_sound(execution: Execution) -> None:
    """Tasks add up; bounds are kept; it is over when, and only when, all of them are."""
    shown = job_views.execution(execution)
    template = execution.template
    phases = {phase: execution.count(phase) for phase in Phase}
    assert sum(phases.values()) == shown["taskCount"] == len(execution.tasks)
    assert phases[Phase.RUNNING] <= min(template.get("parallelism") or AT_ONCE, AT_ONCE)
    retries = template["template"]["maxRetries"]
    assert all(task.attempt <= retries for task in execution.tasks)
    over = phases[Phase.PENDING] == phases[Phase.RUNNING] == 0
    assert execution.reconciling is not over
    assert over is ("completionTime" in shown)
    assert execution.succeeded is (phases[Phase.SUCCEEDED] == len(execution.tasks))
    if not over:
        assert phases[Phase.RUNNING]
    assert execution.cancelling or not phases[Phase.CANCELLED]
    run_v2.Execution.from_json(json.dumps(shown))  # an unknown field would raise
    for task in execution.tasks:
        run_v2.Task.from_json(json.dumps(job_views.task(task, execution)))


@settings(max_examples=150, deadline=None)
@given(specs, st.lists(actions, max_size=30))
def test_invariants(asked: dict, script: list[tuple]) -> None:
    model = JobModel()
    model.create(asked)
    for action in script:
        held = model.state
        try:
            act(model, action)
        except ApiError:
            assert model.state is held
        holds(model)
    while model.running:
        model.end(model.running[0])
    assert not any(each.reconciling for each in model.job.executions.values())
    assert all(operation.done for operation in model.state.operations.values())


@settings(max_examples=100, deadline=None)
@given(bodies(run_v2.Job.pb().DESCRIPTOR, 3))
def test_any_body_is_accepted_or_refused(body: dict) -> None:
    """An accepted body comes back in a form that can be sent again and changes nothing."""
    model = JobModel()
    try:
        model.create(protos.job({**body, **job_spec()}))
        model.run(protos.run_request({"overrides": {}}).get("overrides"))
    except ApiError:
        return
    spec = model.job.spec
    model.update(protos.job(job_views.job(model.job)))
    assert model.job.spec == spec


@settings(max_examples=100, deadline=None)
@given(bodies(run_v2.ExecutionTemplate.pb().DESCRIPTOR, 3))
def test_any_template_is_accepted_or_refused(template: dict) -> None:
    model = JobModel()
    try:
        model.create(protos.job({"template": template}))
    except ApiError:
        assert not model.state.jobs


@settings(max_examples=100, deadline=None)
@given(bodies(run_v2.RunJobRequest.Overrides.pb().DESCRIPTOR, 3))
def test_any_overrides_are_accepted_or_refused(overrides: dict) -> None:
    model = JobModel()
    model.create(job_spec())
    try:
        model.run(protos.run_request({"overrides": overrides}).get("overrides"))
    except ApiError:
        assert not model.job.executions
        return
    is_sound(model.newest)
