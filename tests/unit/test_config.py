"""What a configuration becomes: typed values, paths, and the list of what was named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config import Config, load_config
from pipeline.config.environment import variable
from pipeline.config.keys import leaves

ROOT = Path(__file__).parents[2]
MINIMUM = """\
service: agents-api
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents-api
"""


def load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Config:
    path = folder / "pipeline.yaml"
    path.write_text(text, "utf-8")
    return load_config(path, environ or {})


def test_the_minimum_gives_the_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMUM)

    assert config.service == "agents-api"
    assert (config.run.cpu, config.run.memory, config.run.timeout) == (1.0, 512 * 1024**2, 300.0)
    assert config.health.expect == {"status": "healthy", "services.*": True}
    assert config.traffic.steps == (10, 50, 100)
    assert config.traffic.max_error_rate == pytest.approx(0.01)
    assert config.named == {"service", "project", "region", "image"}


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMUM + "source: app")
    other = load(tmp_path, MINIMUM + "source: app\ndockerfile: docker/Dockerfile")

    assert (config.file, config.folder) == (tmp_path / "pipeline.yaml", tmp_path)
    assert config.source_path == tmp_path / "app"
    assert config.dockerfile_path == tmp_path / "app" / "Dockerfile"
    assert other.dockerfile_path == tmp_path / "docker" / "Dockerfile"


def test_human_spellings_become_numbers(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        MINIMUM
        + """\
run: {cpu: "0.5", memory: 1G, concurrency: 1, timeout: 1m30s, secrets: {A: one, B: two:3}}
health: {path: "/health?full=1", max_latency: 250ms, expect: {version: [1, null]}}
startup: {required_logs: ["^ready in [0-9]+ ms$"]}
jobs: [{name: migrate, command: [python, -m, app.migrate]}]
traffic: {steps: [5, 100], max_error_rate: 0.5%, watch: 0s}
""",
    )

    assert (config.run.cpu, config.run.memory, config.run.timeout) == (0.5, 10**9, 90.0)
    assert {name: str(secret) for name, secret in config.run.secrets.items()} == {
        "A": "one:latest",
        "B": "two:3",
    }
    assert config.health.max_latency == 0.25
    assert config.health.expect == {"version": [1, None]}
    assert config.startup.required_logs[0].search("ready in 12 ms")
    assert config.jobs[0].command == ("python", "-m", "app.migrate")
    assert config.jobs[0].when == "before-traffic"
    assert config.traffic.max_error_rate == 0.005


def test_words_and_dates_that_yaml_1_1_converts_stay_text(tmp_path: Path) -> None:
    text = MINIMUM + "run: {env: {A: yes, B: 2026-01-31, C: 1:30, D: 1_000, E: .inf, on: =}}"

    assert load(tmp_path, text).run.env == {
        "A": "yes", "B": "2026-01-31", "C": "1:30", "D": "1_000", "E": ".inf", "on": "=",
    }  # fmt: skip


def test_aliases_are_read(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMUM + "run: {env: &env {A: x}}\nsmoke: {env: *env}")

    assert config.smoke.env == {"A": "x"}


def test_named_has_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    text = MINIMUM + "run:\n  memory: 512Mi\n  env: {LOG_LEVEL: info}\n"

    named = load(tmp_path, text, {"PIPELINE_TRAFFIC_STEPS": "[100]"}).named

    assert named - {"service", "project", "region", "image"} == {
        "run", "run.memory", "run.env", "run.env.LOG_LEVEL", "traffic", "traffic.steps",
    }  # fmt: skip


def test_variables_go_over_the_file(tmp_path: Path) -> None:
    environ = {
        "PIPELINE_SERVICE": "agents-staging",
        "PIPELINE_RUN_MEMORY": "1Gi",
        "PIPELINE_RUN_ENV": "{LOG_LEVEL: debug}",
        "PIPELINE_TRAFFIC_STEPS": "[50, 100]",
        "PIPELINE_BUILD_TARGET": "null",
        "PIPELINE_WORKSPACE": "/azure/sets/this",
        "HOME": "/home/ci",
    }
    text = MINIMUM + "run: {memory: wrong, env: {A: 1}}\nbuild: {target: runtime}"

    config = load(tmp_path, text, environ)

    assert config.service == "agents-staging"
    assert config.run.memory == 1024**3
    assert config.run.env == {"LOG_LEVEL": "debug"}
    assert config.traffic.steps == (50, 100)
    assert config.build.target is None


def test_every_key_has_a_variable_of_its_own() -> None:
    paths = [path for path, _ in leaves()]

    assert len({variable(path) for path in paths}) == len(paths)


def test_a_configuration_does_not_change(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMUM)

    with pytest.raises(ValidationError):
        config.run.port = 1


def test_values_of_variables_are_not_in_its_text(tmp_path: Path) -> None:
    text = (
        MINIMUM
        + "run: {env: {A: hunter2}}\nsmoke: {env: {A: hunter2}}\nbuild: {args: {A: hunter2}}"
    )

    assert "hunter2" not in repr(load(tmp_path, text))


def test_the_sample_configuration_loads() -> None:
    config = load_config(ROOT / "pipeline.yaml", {})

    assert config.service == "agents-api"
    assert config.source_path == ROOT / "tests/services/agents_api"
    assert config.run.allow_unauthenticated


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(MINIMUM, "utf-8-sig")

    assert load_config(path, {}).service == "agents-api"


def test_importing_it_imports_nothing_heavy() -> None:
    script = "import sys, pipeline.config; print(*{name.split('.')[0] for name in sys.modules})"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert not {"google", "requests", "aiohttp", "rich", "nox"} & set(done.stdout.split())
