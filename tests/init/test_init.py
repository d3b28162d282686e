"""init finds out what it can, loses nothing, and what it writes is valid at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from pipeline.config import Config, load_config
from pipeline.steps.setup.templates import NAMES as TEMPLATES
from tests.end_to_end.conftest import a_local_cloud_run
from tests.init.repositories import a_repository, contents, run


def initialised(name: str, folder: Path, *words: str) -> tuple[Path, Config]:
    root = a_repository(name, folder)
    ran = run(root, "init", *words)
    assert ran.code == 0, ran.output
    return root, load_config(root / "pipeline.yaml", {})


def test_a_flask_service_is_found_with_the_place_that_its_script_names(tmp_path: Path) -> None:
    _, config = initialised("shop", tmp_path)

    assert (config.service, config.project, config.region) == (
        "tea-shop", "tea-company", "europe-west1",
    )  # fmt: skip
    assert config.image == "europe-west1-docker.pkg.dev/tea-company/shop/web"
    assert config.health.path == "/api/health"
    assert config.health.expect == {"status": "ok"}
    assert not {key for key in config.named if key.startswith(("run", "source", "rehearse"))}


def test_a_node_service_is_found_with_its_port_and_what_breaks_it(tmp_path: Path) -> None:
    root, config = initialised("board", tmp_path, "--project", "my-project-1")

    assert config.run.port == 3000
    assert config.project == "my-project-1"
    assert config.health.expect == {"ok": True}
    assert config.rehearse.broken_env == {"NODE_OPTIONS": "--nowhere"}
    assert (root / ".dockerignore").read_text().startswith("node_modules\n.env\n\n#")


def test_a_dockerfile_in_a_subfolder_is_the_source(tmp_path: Path) -> None:
    root, config = initialised("site", tmp_path)

    assert config.source == "services/web"
    assert (config.health.path, config.health.expect) == ("/", {})
    assert not (root / ".dockerignore").exists(), "nothing of ours is in that context"


@pytest.mark.parametrize("name", ["shop", "site"])
def test_what_is_written_passes_the_checks_at_once(name: str, tmp_path: Path) -> None:
    root, _ = initialised(name, tmp_path)
    workflows = sorted(str(path) for path in (root / ".github/workflows").iterdir())

    assert run(root, "lint").code == 0
    for command in (
        ("zizmor", "--offline", "--pedantic", "--quiet", ".github"),
        ("actionlint",),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows),
        ("check-jsonschema", "--builtin-schema", "vendor.cloudbuild", "cloudbuild.yaml"),
        ("shellcheck", "-x", "scripts/nox", "scripts/engine"),
        ("ruff", "check", "--isolated", "--line-length", "100", "noxfile.py"),
        ("nox", "--list"),
    ):
        program = Path(sys.executable).with_name(command[0])
        done = subprocess.run((program, *command[1:]), cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_nothing_is_to_be_done_twice(tmp_path: Path) -> None:
    root, _ = initialised("shop", tmp_path)
    before = contents(root)
    again = run(root / "scripts", "init")

    assert again.code == 0
    assert "nothing to do" in again.output
    assert contents(root) == before


def test_a_dry_run_shows_all_and_writes_nothing(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    before = contents(root)
    ran = run(root, "init", "--dry-run")

    assert ran.code == 0
    assert contents(root) == before
    for name in ("pipeline.yaml", *TEMPLATES):
        assert f"+++ b/{name}" in ran.output
    assert "+source: services/web" in ran.output


def test_what_is_there_and_differs_is_shown_and_left_alone(tmp_path: Path) -> None:
    root = a_repository("shop", tmp_path)
    (root / "noxfile.py").write_text("import nox  # mine\n")
    before = contents(root)
    ran = run(root, "init")

    assert ran.code == 39
    assert "-import nox  # mine" in ran.output
    assert "+import nox" in ran.output
    assert "--overwrite" in ran.output
    assert contents(root) == before, "not even what was new is written"

    ran = run(root, "init", "--overwrite")
    assert ran.code == 0
    assert "-import nox  # mine" in ran.output
    assert b"mine" not in (root / "noxfile.py").read_bytes()


def test_a_configuration_of_ones_own_is_kept(tmp_path: Path) -> None:
    root, _ = initialised("shop", tmp_path)
    file = root / "pipeline.yaml"
    file.write_text(f"{file.read_text()}\ntraffic: {{steps: [100]}}\n")
    mine = file.read_text()
    (root / "cloudbuild.yaml").unlink()

    assert run(root, "init", "--overwrite").code == 0
    assert file.read_text() == mine
    assert (root / "cloudbuild.yaml").exists()


def test_another_version_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    root, _ = initialised("site", tmp_path)
    older = root / "scripts/cloud_run_pipeline-0.0.1-py3-none-any.whl"
    older.touch()

    assert run(root, "init").code == 0
    assert not older.exists()


def test_without_a_dockerfile_it_says_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    ran = run(tmp_path, "init")

    assert ran.code == 4
    assert "there is no Dockerfile" in ran.output
    assert "npm ci" in ran.output
    assert set(contents(tmp_path)) == {"package.json"}


def test_of_several_dockerfiles_one_must_be_named(tmp_path: Path) -> None:
    for name in ("api", "worker"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text('FROM python:3.11-slim\nCMD ["true"]\n')
    ran = run(tmp_path, "init")

    assert ran.code == 64
    assert "api/Dockerfile, worker/Dockerfile" in ran.output
    assert run(tmp_path, "init", "--source", "worker").code == 0
    assert load_config(tmp_path / "pipeline.yaml", {}).source == "worker"


def test_a_file_that_cannot_be_replaced_is_named(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    (root / "scripts").write_text("a file, where a folder is needed")
    ran = run(root, "init")

    assert ran.code == 4
    assert "scripts" in ran.output
    assert "Traceback" not in ran.output


def test_what_gcloud_is_set_to_is_used(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    gcloud = tmp_path / "gcloud"
    (gcloud / "configurations").mkdir(parents=True)
    (gcloud / "active_config").write_text("work\n")
    (gcloud / "configurations/config_work").write_text(
        "[core]\nproject = set-by-gcloud\n[run]\nregion = europe-north1\n"
    )
    ran = run(root, "init", CLOUDSDK_CONFIG=str(gcloud))
    config = load_config(root / "pipeline.yaml", {})

    assert ran.code == 0, ran.output
    assert (config.project, config.region) == ("set-by-gcloud", "europe-north1")


def test_a_service_that_is_deployed_is_read(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    place = ("--service", "site", "--project", "my-project", "--region", "us-central1")
    image = "us-docker.pkg.dev/my-project/old/site"
    container = {
        "image": f"{image}:latest",
        "env": [{"name": "API_KEY", "value": "not-to-be-shown"}],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
    }
    with a_local_cloud_run() as address:
        parent = f"http://{address}/v2/projects/my-project/locations/us-central1/services"
        body = {"template": {"containers": [container]}, "invokerIamDisabled": True}
        requests.post(
            parent, params={"serviceId": "site"}, json=body, timeout=10
        ).raise_for_status()
        ran = run(root, "init", *place, CLOUD_RUN_EMULATOR_HOST=address)
    text = (root / "pipeline.yaml").read_text()
    config = load_config(root / "pipeline.yaml", {})

    assert ran.code == 0, ran.output
    assert config.image == image
    assert "is deployed already" in ran.output
    assert config.run.allow_unauthenticated
    assert "not-to-be-shown" not in text + ran.output
