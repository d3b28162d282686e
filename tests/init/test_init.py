"""init finds out what it can, loses nothing, and what it writes is valid at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from pipeline.config import Config, load_config
from pipeline.steps.setup.existing import ours
from pipeline.steps.setup.templates import NAMES as TEMPLATES
from tests.end_to_end.conftest import a_local_cloud_run
from tests.init.repositories import a_repository, contents, git, run


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

    assert f"--- a/scripts/{older.name}" in run(root, "init", "--dry-run").output
    assert older.exists()
    ran = run(root, "init")
    assert ran.code == 0
    assert f"scripts/{older.name}: removed" in ran.output
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

    assert ran.code == 41
    assert "/site/scripts\n" in ran.output
    assert "it is there, and is no folder" in ran.output
    assert not (root / "pipeline.yaml").exists(), "nothing is written by halves"


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
        "ports": [{"containerPort": 9090}],
        "env": [
            {"name": "API_KEY", "value": "not-to-be-shown"},
            {"name": "TOKEN", "valueSource": {"secretKeyRef": {"secret": "s", "version": "1"}}},
        ],
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
    assert (config.run.cpu, config.run.memory) == (2, 1 << 30)
    assert config.run.port == 9090
    assert "leaves them as they are: API_KEY, TOKEN\n" in text
    assert "is deployed already" in ran.output
    assert config.run.allow_unauthenticated
    assert "not-to-be-shown" not in text + ran.output


def test_what_git_would_not_keep_is_told(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    (root / ".gitignore").write_text("*.whl\n.github\n")
    ran = run(root, "init", "--dry-run")

    assert ran.code == 0, ran.output
    assert "git ignores .github/workflows/deploy.yml: CI would not have it" in ran.output
    assert "git ignores scripts/cloud_run_pipeline-" in ran.output
    assert ran.output.count("git ignores") == 5


@pytest.mark.parametrize(
    "image",
    ["us-docker.pkg.dev/cloudrun/container/hello", "nginx:1", "docker.io/library/nginx@sha256:1"],
)
def test_an_image_that_nobody_here_pushes_is_not_taken_over(image: str) -> None:
    assert not ours(image)
    assert ours("gcr.io/acme/shop:1") == "gcr.io/acme/shop"


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_a_push_to_the_repositorys_own_first_branch_deploys(branch: str, tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    git(root, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    for _ in range(2):
        ran = run(root, "init")
        assert ran.code == 0, ran.output

    assert f"    branches: [{branch}]\n" in (root / ".github/workflows/deploy.yml").read_text()
    assert "nothing to do" in ran.output


def test_the_remote_says_which_branch_is_the_first(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/next")
    run(root, "init")

    assert "branches: [release/next]" in (root / ".github/workflows/deploy.yml").read_text()


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "scripts").symlink_to(outside)
    before = contents(root)
    ran = run(root, "init")

    assert ran.code == 41
    assert "it leads out of the repository" in ran.output
    assert contents(root) == before
    assert not list(outside.iterdir())


def test_another_service_of_the_repository_has_a_file_of_its_own(tmp_path: Path) -> None:
    for name in ("api", "worker"):
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "Dockerfile").write_text('FROM scratch\nCMD ["/a"]\n')
    assert run(tmp_path, "init", "--source", "services/api").code == 0
    worker = ("init", "--source", "services/worker")

    refused = run(tmp_path, *worker, "--service", "jobs")
    assert refused.code == 64
    assert "says otherwise than --service jobs, --source services/worker" in refused.output

    ran = run(tmp_path, *worker, "--config", "deploy/worker.yaml")
    assert ran.code == 0, ran.output
    assert "rehearse -- --config deploy/worker.yaml" in ran.output
    config = load_config(tmp_path / "deploy/worker.yaml", {})
    assert (config.service, config.source) == ("worker", "../services/worker")
    assert load_config(tmp_path / "pipeline.yaml", {}).service == "api"
    assert run(tmp_path, "init", "--source", "services/api").code == 0, "it is what is there"
    assert run(tmp_path, "init", "--config", "../x.yaml").code == 64


def test_ends_of_lines_and_the_right_to_run_are_differences_that_are_shown(tmp_path: Path) -> None:
    root, _ = initialised("site", tmp_path)
    file = root / "noxfile.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (root / "scripts/nox").chmod(0o644)
    ran = run(root, "init")

    assert ran.code == 39
    assert "+++ b/noxfile.py: the same, with other ends of lines" in ran.output
    assert "+++ b/scripts/nox: may be run" in ran.output
    assert run(root, "init", "--overwrite").code == 0
    assert (root / "scripts/nox").stat().st_mode & 0o111


def test_of_a_folder_of_the_checkout_it_is_the_top_that_is_meant(tmp_path: Path) -> None:
    root = a_repository("site", tmp_path)

    assert run(root / "services", "init", "web").code == 0
    assert (root / "pipeline.yaml").exists()
    assert "there is no such folder" in run(root, "init", "nowhere").output


def test_the_dockerfiles_own_ignore_file_is_the_one_that_gets_the_lines(tmp_path: Path) -> None:
    root = a_repository("shop", tmp_path)
    (root / "Dockerfile.dockerignore").write_text("*.md\n")
    assert run(root, "init").code == 0

    assert ".venv\n" in (root / "Dockerfile.dockerignore").read_text()
    assert not (root / ".dockerignore").exists()


def test_whatever_ends_it_the_next_run_finishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = a_repository("site", tmp_path)
    (root / "scripts").mkdir()
    (root / "scripts/.nox.part").write_text("half")  # of a run that was killed
    written: list[Path] = []
    whole = Path.replace

    def interrupted(part: Path, path: Path) -> Path:
        if len(written) == 5:
            raise KeyboardInterrupt
        written.append(path)
        return whole(part, path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        assert run(root, "init").code == 130
    assert sorted(one.name for one in root.rglob("*.part")) == [".nox.part"]
    assert all(path.exists() for path in written)

    assert run(root, "init").code == 0
    assert not list(root.rglob("*.part"))
    assert set(TEMPLATES) < set(contents(root))


@pytest.mark.parametrize("name", ["Dockerfile", "noxfile.py"])
def test_a_pipe_is_no_file(name: str, tmp_path: Path) -> None:
    root = a_repository("shop", tmp_path)
    (root / name).unlink(missing_ok=True)
    os.mkfifo(root / name)
    ran = run(root, "init")

    assert ran.code == {"Dockerfile": 4, "noxfile.py": 41}[name]
    assert "is no file" in ran.output
