"""Running a job: never twice, never beside another release's, and its lines each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.job_template import job_id, job_message
from pipeline.adapters.jobs import Execution
from pipeline.adapters.logging import Entry
from pipeline.adapters.template import Settings
from pipeline.checks.revision import RELEASE_LABEL
from pipeline.config import load_config
from pipeline.config.sections import Job
from pipeline.context import Context
from pipeline.errors import (
    ApiUnreachable,
    JobFailed,
    PermissionMissing,
    PipelineError,
    ServiceBusy,
)
from pipeline.release.candidate import Candidate, candidate_of
from pipeline.release.jobs import JobRun
from pipeline.stages.deploy import deploy
from pipeline.stages.jobs import jobs
from pipeline.steps.jobs import must_have_run, run_job
from tests.unit.in_memory import CONFIG, Cloud, a_context, unreachable

START = datetime(2026, 1, 1, tzinfo=UTC)
CANDIDATE = Candidate("agents-2", "c-2", "image@sha256:2", START.isoformat(), {"agents-1": 100})
MIGRATE = Job(name="migrate", command=("alembic", "upgrade", "head"))
OURS = {RELEASE_LABEL: "c-2"}
THEIRS = {RELEASE_LABEL: "c-1"}


@dataclass
class FakeJobs:
    """Jobs as Cloud Run keeps them. An execution takes two seconds and ends as ``succeeds`` says.

    ``disturb`` is told of each run before and after it began, and may raise.
    """

    clock: list[float]
    held: list[Execution] = field(default_factory=list)
    succeeds: bool = True
    seconds: float = 2.0
    disturb: Callable[[str], None] = lambda when: None
    prepared: int = 0
    tag: str = "c-2"
    hidden: float = 0.0  # seconds until an execution that began can be listed

    def id_of(self, job: Job) -> str:
        return f"agents-{job.name}"

    def prepare(self, service: object, settings: Settings, job: Job) -> None:
        self.prepared += 1
        self.tag = settings.labels[RELEASE_LABEL]

    def run(self, job: Job) -> str:
        self.disturb("before")
        name = f"agents-{job.name}-{len(self.held)}"
        labels = {RELEASE_LABEL: self.tag}
        self.held.insert(0, Execution(name, self._now(), labels=labels))
        self.disturb("after")
        return name

    def executions(self, job: Job) -> list[Execution]:
        return [
            self.execution(job, one.name)
            for one in self.held
            if one.name.startswith(self.id_of(job))
            and self._now() >= one.created + timedelta(0, self.hidden)
        ]

    def execution(self, job: Job, name: str) -> Execution:
        held = next(one for one in self.held if one.name == name)
        ends = held.created + timedelta(0, self.seconds)
        if held.ended or self._now() < ends:
            return held
        return replace(held, ended=ends, succeeded=self.succeeds, message="it says why")

    def _now(self) -> datetime:
        return START + timedelta(0, self.clock[0])


@dataclass
class FakeLog:
    """The log of an execution; each text is there from so many seconds on."""

    clock: list[float]
    texts: dict[str, float] = field(default_factory=dict)
    trouble: PipelineError | None = None
    page: int = 10_000  # entries of a reading, at most

    def of_execution(self, job: str, execution: str, since: datetime) -> list[Entry]:
        if self.trouble:
            raise self.trouble
        return [
            Entry(START + timedelta(0, seconds), "stdout", text, "INFO", "", id=text)
            for text, seconds in self.texts.items()
            if self.clock[0] >= seconds and START + timedelta(0, seconds) >= since
        ][: self.page]


@pytest.fixture
def context(cloud: Cloud, tmp_path: Path) -> Context:
    context = a_context(cloud, tmp_path)
    context.__dict__.update(jobs=FakeJobs(cloud.clock), logs=FakeLog(cloud.clock))
    return context


def with_jobs(context: Context, *wanted: Job) -> Context:
    made = replace(context, config=context.config.model_copy(update={"jobs": wanted}))
    made.__dict__.update(
        {name: value for name, value in vars(context).items() if name not in vars(made)}
    )
    return made


def run(context: Context) -> JobRun:
    return run_job(context, None, CANDIDATE, MIGRATE)


def an_execution(labels: dict[str, str], *, ended: bool, succeeded: bool) -> Execution:
    return Execution("agents-migrate-x", START, START if ended else None, succeeded, "", labels)


def test_what_ran_is_told(context: Context) -> None:
    assert run(context) == JobRun(
        "migrate", "agents-migrate-0", False, (START + timedelta(0, 2)).isoformat()
    )


def test_a_failure_has_the_whole_output_and_cloud_runs_own_words(context: Context) -> None:
    context.jobs.succeeds = False
    context.logs.texts = {"begun": 1.0, "column nope does not exist": 6.0}  # it lags behind

    with pytest.raises(JobFailed) as failure:
        run(context)

    assert failure.value.what == "migrate failed: it says why"
    assert failure.value.lines == ("begun", "column nope does not exist")


def test_each_line_is_shown_once(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    context.logs.texts = {"one": 0.0, "two": 1.0, "three": 3.0}

    run(context)

    assert [line for line in capsys.readouterr().out.splitlines() if "│" in line] == [
        "  │ one", "  │ two", "  │ three",
    ]  # fmt: skip


def test_a_flood_is_caught_up_with(context: Context) -> None:
    context.jobs.succeeds = False
    context.logs.texts = {f"line {number}": number / 50_000 for number in range(30_000)}

    with pytest.raises(JobFailed) as failure:
        run(context)

    assert failure.value.lines[-1] == "line 29999"


@pytest.mark.parametrize(
    "trouble",
    [PermissionMissing("logging.logEntries.list denied", remedy="grant it"), unreachable()],
)
def test_a_log_that_cannot_be_read_does_not_stop_a_job(
    context: Context, trouble: PipelineError, capsys: pytest.CaptureFixture[str]
) -> None:
    context.logs.trouble = trouble

    assert run(context).name == "migrate"
    assert capsys.readouterr().out.count("its log could not be read") == 1


@pytest.mark.parametrize("hidden", [0.0, 10.0])
def test_an_answer_that_is_lost_does_not_make_it_run_twice(context: Context, hidden: float) -> None:
    context.jobs.hidden = hidden
    context.jobs.held.append(an_execution(OURS, ended=True, succeeded=False))

    def lose(when: str) -> None:
        if when == "after":
            raise unreachable()

    context.jobs.disturb = lose

    assert run(context).execution == "agents-migrate-1"
    assert len(context.jobs.held) == 2


def test_a_request_that_is_lost_is_not_sent_again(context: Context) -> None:
    def lose(when: str) -> None:
        raise unreachable()

    context.jobs.disturb = lose

    with pytest.raises(ApiUnreachable) as failure:
        run(context)

    assert not context.jobs.held
    assert "is looked for, and not run twice" in failure.value.remedy


@pytest.mark.parametrize("ended", [True, False])
def test_one_that_runs_or_has_succeeded_for_this_candidate_is_taken(
    context: Context, ended: bool
) -> None:
    context.jobs.held.append(an_execution(OURS, ended=ended, succeeded=ended))

    assert run(context).execution == "agents-migrate-x"
    assert (len(context.jobs.held), context.jobs.prepared) == (1, 0)


def test_one_that_failed_for_this_candidate_is_run_again(context: Context) -> None:
    context.jobs.held.append(an_execution(OURS, ended=True, succeeded=False))

    assert run(context).execution == "agents-migrate-1"


def test_it_does_not_run_beside_that_of_another_release(context: Context) -> None:
    context.jobs.seconds = 60.0
    context.jobs.held.append(an_execution(THEIRS, ended=False, succeeded=False))

    with pytest.raises(ServiceBusy, match="still running for another release"):
        run(context)


def test_one_that_does_not_end_is_given_up(context: Context) -> None:
    context.jobs.seconds = 1e6

    with pytest.raises(JobFailed, match="has not ended within 900 s"):
        run(context)


def test_each_job_is_noted_when_it_has_run(context: Context, cloud: Cloud) -> None:
    again = MIGRATE.model_copy(update={"name": "index", "reversible": True})
    context = with_jobs(context, MIGRATE, again)
    deploy(context)

    jobs(context)

    noted = candidate_of(cloud.found())
    assert noted is not None
    assert [(one.name, one.reversible) for one in noted.jobs] == [
        ("migrate", False), ("index", True),
    ]  # fmt: skip
    assert len(context.jobs.held) == 2
    jobs(context)
    assert len(context.jobs.held) == 2


def test_one_before_the_deploy_is_noted_with_the_candidate(context: Context, cloud: Cloud) -> None:
    early = MIGRATE.model_copy(update={"when": "before-deploy"})
    context = with_jobs(context, early)

    deploy(context)

    noted = candidate_of(cloud.found())
    assert noted is not None
    assert [one.name for one in noted.jobs] == ["migrate"]
    assert context.jobs.tag == noted.tag


def test_nothing_is_created_when_one_before_the_deploy_fails(
    context: Context, cloud: Cloud
) -> None:
    context = with_jobs(context, MIGRATE.model_copy(update={"when": "before-deploy"}))
    context.jobs.succeeds = False
    before = cloud.found()

    with pytest.raises(JobFailed):
        deploy(context)

    assert cloud.found() == before


@pytest.mark.parametrize(
    ("when", "stage"), [("before-traffic", "nox -s jobs"), ("before-deploy", "nox -s deploy")]
)
def test_a_candidate_is_not_judged_before_every_job_has_run(
    context: Context, when: str, stage: str
) -> None:
    config = with_jobs(context, MIGRATE.model_copy(update={"when": when})).config

    with pytest.raises(JobFailed) as failure:
        must_have_run(config, CANDIDATE)

    assert stage in failure.value.remedy
    ran = JobRun("migrate", "agents-migrate-x", False, START.isoformat())
    must_have_run(config, replace(CANDIDATE, jobs=(ran,)))


names = st.from_regex(r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?", fullmatch=True)


@given(names.filter(lambda name: len(name) <= 37), names)
def test_a_job_has_a_name_that_cloud_run_takes(service: str, job: str) -> None:
    name = job_id(service, job)

    assert len(name) <= 49
    assert name[0].isalpha()
    assert name[-1].isalnum()
    assert name == f"{service}-{job}" or len(f"{service}-{job}") > 49


def test_long_names_that_begin_alike_are_told_apart() -> None:
    assert job_id("a" * 37, "migrate-all-one") != job_id("a" * 37, "migrate-all-two")


RUN = """\
run:
  env: {LEVEL: debug}
  secrets: {DATABASE_URL: database-url}
  cpu: 0.5
  memory: 256Mi
  concurrency: 1
  service_account: runner@my-project.iam.gserviceaccount.com
  cloud_sql: [my-project:us-central1:db]
  vpc: {network: default}
"""


def a_message(tmp_path: Path, service: object = None):
    path = tmp_path / "pipeline.yaml"
    path.write_text(CONFIG.replace("run: {allow_unauthenticated: true}\n", RUN))
    settings = Settings("agents-2", "image@sha256:2", load_config(path, {}), OURS)
    job = MIGRATE.model_copy(update={"timeout": 90.0})
    return job_message(service, settings, job, {"owner": "agents"})


def test_a_job_is_made_of_what_the_revision_is_made_of(tmp_path: Path) -> None:
    message = a_message(tmp_path)

    task = message.template.template
    (container,) = task.containers
    assert container.image == "image@sha256:2"
    assert list(container.command) == ["alembic", "upgrade", "head"]
    assert {one.name: one.value for one in container.env} == {"LEVEL": "debug", "DATABASE_URL": ""}
    assert container.env[1].value_source.secret_key_ref.secret == "database-url"
    assert task.service_account == "runner@my-project.iam.gserviceaccount.com"
    assert task.volumes[0].cloud_sql_instance.instances == ["my-project:us-central1:db"]
    assert container.volume_mounts[0].mount_path == "/cloudsql"
    assert task.vpc_access.network_interfaces[0].network == "default"


def test_a_job_is_tried_once_in_one_task_with_what_a_job_must_have(tmp_path: Path) -> None:
    message = a_message(tmp_path)

    task = message.template.template
    assert "max_retries" in task  # 0 is sent: Cloud Run's own default is 3
    assert (task.max_retries, message.template.task_count) == (0, 1)
    assert task.timeout.total_seconds() == 90
    assert dict(task.containers[0].resources.limits) == {"cpu": "1", "memory": "512Mi"}
    assert not task.containers[0].ports
    assert dict(message.template.labels) == OURS


def test_a_job_has_what_is_on_the_service_beside_the_configuration(tmp_path: Path) -> None:
    from google.cloud import run_v2

    held = run_v2.Container(
        image="old", ports=[{"container_port": 80}], env=[{"name": "THEIRS", "value": "1"}],
        resources={"limits": {"cpu": "2000m", "memory": "1Gi"}},
    )  # fmt: skip
    sidecar = run_v2.Container(image="sidecar")
    service = run_v2.Service(template={"containers": [sidecar, held], "revision": "agents-1"})

    (container,) = a_message(tmp_path, service).template.template.containers

    assert container.image == "image@sha256:2"
    assert "THEIRS" in {one.name for one in container.env}
    assert service.template.containers[1].image == "old"
