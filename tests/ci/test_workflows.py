"""Each workflow, run by act against a local Cloud Run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.ci.act import OURS, ROOT, Ran, Repositories
from tests.ci.conftest import Ours, Service, settings
from tests.end_to_end.conftest import SERVICES

pytestmark = pytest.mark.xdist_group("act")  # a run for several tests
_CALLER = f"""\
on: push
permissions: {{}}
jobs:
  release:
    uses: {OURS}/.github/workflows/reusable.yml@main
    permissions: {{contents: read, id-token: write}}
    with:
      config: deploy/pipeline.yaml
  after:
    needs: release
    runs-on: ubuntu-24.04
    steps:
      - run: echo "released $REVISION of $DIGEST at $URL."
        env:
          REVISION: ${{{{ needs.release.outputs.revision }}}}
          DIGEST: ${{{{ needs.release.outputs.digest }}}}
          URL: ${{{{ needs.release.outputs.url }}}}
"""


def event(folder: Path, **document) -> tuple[str, str]:
    path = folder / "event.json"
    path.write_text(json.dumps(document))
    return "--eventpath", str(path)


@pytest.fixture(scope="module")
def pushed(
    tmp_path_factory: pytest.TempPathFactory, local_cloud_run: str
) -> tuple[Ran, Service, Repositories]:
    """A push to main of a service that works, and all that came of it."""
    service = Service(local_cloud_run, "c-pushed")
    repositories = Repositories(tmp_path_factory.mktemp("pushed"), local_cloud_run)
    ours = Ours(repositories, service)
    ours.commit("hello")
    return ours.act("push", "deploy.yml"), service, repositories


def test_a_push_deploys_and_then_shifts(pushed):
    ran, service, repositories = pushed

    assert ran.code == 0, ran.log
    assert ran.jobs == {"candidate": "success", "shift": "success"}
    assert service.get().json()["revision"] == service.serving()
    assert (repositories.folder / "gcloud").read_text() == (
        "--quiet auth configure-docker us-central1-docker.pkg.dev\n"
    )


def test_the_outputs_are_what_serves(pushed):
    ran, service, _ = pushed

    image = service.observed()["template"]["containers"][0]["image"]
    assert ran.outputs == {
        "revision": service.serving(), "digest": image.partition("@")[2],
        "url": service.observed()["urls"][0],
    }  # fmt: skip


def test_the_summary_tells_each_stage_its_time_and_what_it_came_to(pushed):
    ran, service, _ = pushed

    rows = re.findall(r"^\| ✓ (\w+) \| \d+\.\d s \| (.*) \|$", ran.summary, re.M)
    assert [name for name, _ in rows] == ["lint", "build", "smoke", "deploy", "verify", "shift"]
    told = dict(rows)
    revision = service.serving().replace("-", r"\-")
    assert f"revision {revision}<br>digest sha256:" in told["deploy"]
    assert "✓ health, ✓ identity" in told["verify"]
    assert r"undo nox \-s rollback" in told["shift"]
    assert f"<{service.observed()['urls'][0]}>" in told["shift"]


def test_each_stage_is_a_group_of_the_log(pushed):
    ran, _, _ = pushed

    marks = re.findall(r"::(group::\w+|endgroup::)", ran.log)
    assert marks[::2] == [
        f"group::{name}" for name in ("lint", "build", "smoke", "deploy", "verify", "shift")
    ]
    assert set(marks[1::2]) == {"endgroup::"}


def test_a_service_that_fails_on_cloud_run_gets_no_traffic_and_no_shift(ours, service):
    before = ours.release()
    ours.commit("fails_when_deployed", fault="dead_database")

    ran = ours.act("push", "deploy.yml")

    assert ran.code != 0, ran.log
    assert ran.jobs == {"candidate": "failure"}
    assert service.serving() == before
    assert "::error " in ran.log
    assert "### ✗" in ran.summary
    assert "**Remedy:**" in ran.summary
    assert re.search(r"^\| ✗ verify \| .*✗ health", ran.summary, re.M)


def test_another_repository_calls_the_release_and_gets_its_outputs(ours, repositories, service):
    ours.commit("hello")
    repositories.add(
        "acme/shop",
        {
            ".github/workflows/release.yml": _CALLER,
            "deploy/pipeline.yaml": settings(service).replace("source: app", "source: ../app"),
            "app": SERVICES / "hello",
        },
    )

    ran = repositories.act("acme/shop", "push", "release.yml")

    assert ran.code == 0, ran.log
    revision, url = service.serving(), service.observed()["urls"][0]
    said = re.search(r"released (\S+) of (sha256:[0-9a-f]{64}) at (\S+)\.$", ran.log, re.M)
    assert said
    assert said.group(1, 3) == (revision, url)

    text = (SERVICES / "hello" / "Dockerfile").read_text()
    repositories.add(
        "acme/shop", {"app/Dockerfile": text.replace("COPY server.py", "COPY absent.py")}
    )
    failed = repositories.act("acme/shop", "push", "release.yml")

    assert failed.jobs == {"candidate": "failure"}
    assert "::error file=app/Dockerfile,line=" in failed.log, failed.log


def test_rollback_goes_to_the_last_verified_revision_or_to_the_one_that_is_named(ours, service):
    first, second = ours.release(), ours.release()

    last = ours.act("workflow_dispatch", "rollback.yml")

    assert last.code == 0, last.log
    assert service.serving() == first

    named = ours.act("workflow_dispatch", "rollback.yml", "--input", f"revision={second}")

    assert named.code == 0, named.log
    assert service.serving() == second
    assert named.outputs["revision"] == second
    assert "| ✓ rollback |" in named.summary


def test_an_input_is_a_value_and_never_a_command(ours, service):
    serving = ours.release()
    revision = 'x;`touch${IFS}a-trap`$(touch${IFS}a-trap)" --config=elsewhere'

    ran = ours.act("workflow_dispatch", "rollback.yml", "--input", f"revision={revision}")

    assert ran.code != 0, ran.log
    assert "exit code 64" in ran.log, ran.log
    assert not list(ours.repositories.folder.rglob("a-trap"))
    assert service.serving() == serving


def test_a_fault_of_a_pull_request_is_shown_at_its_line(ours, tmp_path):
    dockerfile = ours.commit("hello") / "app" / "Dockerfile"
    text = dockerfile.read_text().replace("COPY server.py", "COPY absent.py")
    ours.repositories.add(OURS, {"app/Dockerfile": text})
    line = 1 + text.splitlines().index('CMD ["python3", "server.py"]')
    pull = event(tmp_path, pull_request={"number": 7})

    ran = ours.act("pull_request", "pull-request.yml", "--job", "stages", *pull)

    assert ran.code != 0, ran.log
    assert f"::error file=app/Dockerfile,line={line}," in ran.log, ran.log
    assert re.search(r"^\| ✗ lint \|", ran.summary, re.M)


def test_a_pull_request_is_rehearsed_without_credentials(ours, tmp_path):
    ours.commit("hello")
    # The session brings the base image of this repository's own sample along.
    sample = "tests/services/agents_api/Dockerfile"
    ours.repositories.add(OURS, {sample: ROOT / sample})
    pull = event(tmp_path, pull_request={"number": 7})

    ran = ours.act("pull_request", "pull-request.yml", "--job", "rehearse", *pull)

    assert ran.code == 0, ran.log
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in ran.log
    release = ["✓ lint", "✓ build", "✓ smoke", "✓ deploy", "✓ verify", "✓ shift"]
    assert re.findall(r"^\| ([✓✗] \w+) \|", ran.summary, re.M) == [
        *release, *release, *release[:3], "✗ deploy", "✓ rollback"
    ]  # fmt: skip
