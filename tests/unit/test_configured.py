"""What pipeline.yaml asked for and what Google answers are brought to one spelling."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from google.cloud import run_v2

from pipeline.adapters.configured import asked_for
from pipeline.adapters.messages import read_revision, read_service
from pipeline.adapters.template import Settings, new_service
from pipeline.checks.configuration import judge_configuration
from pipeline.config import Config, load_config
from pipeline.model import Outcome

FOUR = """\
service: agents
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents
"""
ALL = """\
run:
  env: {LOG_LEVEL: info, EMPTY: ""}
  secrets: {DATABASE_URL: url, KEY: "projects/other/secrets/key:3"}
  cpu: 0.5
  memory: 512Mi
  concurrency: 1
  timeout: 90s
  port: 9000
  min_instances: 1
  max_instances: 7
  service_account: runner@my-project.iam.gserviceaccount.com
  cloud_sql: ["my-project:us-central1:b", "my-project:us-central1:a"]
  vpc: {network: default, egress: all-traffic}
  ingress: internal
"""


def config_of(folder: Path, more: str) -> Config:
    (folder / "pipeline.yaml").write_text(FOUR + more)
    return load_config(folder / "pipeline.yaml", {})


def deployed(config: Config) -> tuple[run_v2.Service, run_v2.Revision]:
    """The service as it was written, and its revision."""
    service = new_service(Settings("agents-2", "image@sha256:0", config, {}), {})
    template = service.template
    return service, run_v2.Revision(
        containers=template.containers,
        scaling=template.scaling,
        max_instance_request_concurrency=template.max_instance_request_concurrency,
        timeout=template.timeout,
        service_account=template.service_account,
        volumes=template.volumes,
        vpc_access=template.vpc_access,
    )


def found(service: run_v2.Service, revision: run_v2.Revision) -> dict[str, str]:
    return {**read_service(service).configured, **read_revision(revision).configured}


def test_what_was_written_is_what_is_found(tmp_path: Path) -> None:
    config = config_of(tmp_path, ALL)
    verdict = judge_configuration(asked_for(config), found(*deployed(config)))

    assert (verdict.outcome, verdict.evidence) == (
        Outcome.PASS, "all 16 settings are as asked for"
    )  # fmt: skip


def test_what_is_not_named_was_not_asked_for(tmp_path: Path) -> None:
    assert asked_for(config_of(tmp_path, "run: {memory: 1Gi}\n")) == {"run.memory": "1Gi"}


def test_google_may_spell_it_in_its_own_way(tmp_path: Path) -> None:
    config = config_of(tmp_path, ALL)
    service, revision = deployed(config)
    container = revision.containers[0]
    container.resources.limits = {"cpu": "500m", "memory": "536870912"}
    container.env[2].value_source.secret_key_ref.secret = "projects/1/secrets/url"
    revision.vpc_access.network_interfaces[0].network = "projects/1/global/networks/default"
    revision.vpc_access.network_interfaces[0].subnetwork = "default"

    assert judge_configuration(asked_for(config), found(service, revision)).outcome is Outcome.PASS


def change(message: run_v2.Revision, what: str) -> None:
    container = message.containers[0]
    match what:
        case "cpu":
            container.resources.limits["cpu"] = "1000m"
        case "memory":
            container.resources.limits["memory"] = "a lot"
        case "timeout":
            message.timeout = timedelta(seconds=300)
        case "port":
            container.ports[0].container_port = 8080
        case "env":
            container.env[0].value = "debug"
        case "secret":
            container.env[2].value_source.secret_key_ref.version = "1"
        case "service account":
            message.service_account = ""
        case "cloud sql":
            message.volumes = []


@pytest.mark.parametrize(
    ("what", "evidence"),
    [
        ("cpu", "run.cpu is 1, asked for 0.5"),
        ("memory", "run.memory is a lot, asked for 512Mi"),
        ("timeout", "run.timeout is 5m, asked for 1m30s"),
        ("port", "run.port is 8080, asked for 9000"),
        ("env", "run.env.LOG_LEVEL has another value than asked for"),
        ("secret", "run.secrets.DATABASE_URL is url:1, asked for url:latest"),
        (
            "service account",
            "run.service_account is not set, asked for runner@my-project.iam.gserviceaccount.com",
        ),
        (
            "cloud sql",
            "run.cloud_sql is not set, "
            "asked for my-project:us-central1:a, my-project:us-central1:b",
        ),
    ],
)
def test_a_setting_that_was_ignored_is_named(tmp_path: Path, what: str, evidence: str) -> None:
    config = config_of(tmp_path, ALL)
    service, revision = deployed(config)
    change(revision, what)

    verdict = judge_configuration(asked_for(config), found(service, revision))

    assert (verdict.outcome, verdict.evidence) == (Outcome.FAIL, evidence)


def test_values_are_not_in_what_is_printed_of_a_revision(tmp_path: Path) -> None:
    config = config_of(tmp_path, "run: {env: {KEY: hunter2}}\n")

    assert "hunter2" not in repr(read_revision(deployed(config)[1]))
