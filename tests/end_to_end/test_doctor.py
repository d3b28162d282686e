"""doctor against a local Cloud Run, and against a Google that lacks, refuses or hides things."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Project, Ran

RUNNER = "runner@my-project.iam.gserviceaccount.com"
POOL = "projects/1/locations/global/workloadIdentityPools/github"
PROJECT = {"projectNumber": "1", "lifecycleState": "ACTIVE"}


class Google(ThreadingHTTPServer):
    """Answers by path, without its query; what it does not know is not there."""

    daemon_threads = True

    def __init__(self, answers: dict[str, object]) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers = answers
        self.methods: set[str] = set()


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.methods.add(self.command)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        answer = self.server.answers.get(path, 404)
        code = answer if isinstance(answer, int) else 200
        text = {404: "not found", 403: "Permission denied on what you asked"}.get(code, "")
        body = json.dumps({"error": {"code": code, "message": text}} if text else answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def google() -> Iterator[Google]:
    with Google({}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def asked(project: Project, google: Google, **answers: object) -> Ran:
    google.answers = answers["of"]
    project.more["CLOUD_RUN_EMULATOR_HOST"] = f"127.0.0.1:{google.server_port}"
    return project.run("doctor")


def test_where_nothing_is_missing_it_says_so(project: Project) -> None:
    ran = project.run("doctor")

    assert ran.code == 0, ran.output
    assert "✗" not in ran.output
    assert "? " not in ran.output
    assert "nothing is missing" in ran.output


def test_what_is_missing_comes_with_the_command(project: Project, google: Google) -> None:
    ran = asked(project, google, of={
        "/v1/projects/my-project": PROJECT,
        "/v1/projects/my-project/services:batchGet": {
            "services": [{"name": "projects/1/services/run.googleapis.com", "state": "ENABLED"}]
        },
        "/v1/projects/my-project:testIamPermissions": {"permissions": ["run.services.get"]},
    })  # fmt: skip

    assert ran.code == 38, ran.output
    for command in (
        "gcloud services enable logging.googleapis.com iamcredentials.googleapis.com "
        "artifactregistry.googleapis.com --project=my-project",
        "gcloud projects add-iam-policy-binding my-project --condition=None --member=MEMBER "
        "--role=roles/run.developer",
        "gcloud projects add-iam-policy-binding my-project --condition=None --member=MEMBER "
        "--role=roles/run.admin",
        "gcloud artifacts repositories create services --repository-format=docker "
        "--location=us-central1 --project=my-project",
    ):
        assert f"│ {command}\n" in ran.output
    assert "there is no 1-compute@developer.gserviceaccount.com" in ran.output
    assert "4 of 6 are missing: APIs, roles, registry, runtime account" in ran.output
    assert google.methods == {"GET", "POST"}


def test_what_may_not_be_seen_is_not_known_and_no_failure(project: Project, google: Google) -> None:
    paths = ("projects/my-project", "projects/my-project/services:batchGet",
             "projects/my-project:testIamPermissions",
             "projects/my-project/locations/us-central1/repositories/services")  # fmt: skip
    ran = asked(project, google, of={f"/v1/{path}": 403 for path in paths})

    assert ran.code == 0, ran.output
    assert ran.output.count("not known: Permission denied on what you asked") == 4
    assert "nothing that is known is missing" in ran.output


@pytest.mark.parametrize(
    "odd",
    [
        [1, 2],
        "text",
        7,
        [[]],
        {"services": 5, "permissions": [3]},
        {"services": [1], "permissions": {}, "projectNumber": []},
    ],
)
def test_an_answer_of_another_kind_is_not_known_and_no_bug_of_ours(
    project: Project, google: Google, odd: object
) -> None:
    parts = ("", "/services:batchGet", ":testIamPermissions",
             "/locations/us-central1/repositories/services")  # fmt: skip
    ran = asked(project, google, of={f"/v1/projects/my-project{part}": odd for part in parts})

    assert ran.code in {0, 38}, ran.output
    assert "? project: not known" in ran.output
    assert "a bug" not in ran.output
    if not isinstance(odd, dict):
        assert "? credentials: not known: whether Google takes them" in ran.output


def test_the_way_in_for_github_is_looked_at(project: Project, google: Google) -> None:
    workflows = project.folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "deploy.yml").write_text(
        f"  workload_identity_provider: {POOL}/providers/main\n  service_account: {RUNNER}\n"
    )
    for words in (("init", "--quiet"), ("remote", "add", "origin", "git@github.com:o/r.git")):
        subprocess.run(("git", "-C", project.folder, *words), check=True)
    ran = asked(project, google, of={
        f"/v1/{POOL}/providers/main": {
            "state": "ACTIVE", "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
        },
        f"/v1/projects/-/serviceAccounts/{RUNNER}:getIamPolicy": {"bindings": []},
    })  # fmt: skip

    assert ran.code == 38
    assert "has no condition on the repository: all of GitHub may come" in ran.output
    assert "o/r may not stand for" in ran.output
    assert f"principalSet://iam.googleapis.com/{POOL}/attribute.repository/o/r" in ran.output


def test_without_credentials_that_is_the_first_thing_missing(
    project: Project, tmp_path: Path
) -> None:
    project.environ |= {"CLOUD_RUN_EMULATOR_HOST": ""}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "doctor", "--config", str(project.write())],
        env={**project.environ, "HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path),
             "NO_GCE_CHECK": "true", "GOOGLE_APPLICATION_CREDENTIALS": ""},
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.returncode == 38, done.stdout + done.stderr
    assert "✗ credentials: no application default credentials" in done.stdout
    assert "gcloud auth application-default login" in done.stdout
