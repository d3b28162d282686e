"""What a person sees of a known failure: of a saved log, a revision, a build, and at the edge."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import main
from pipeline.adapters.world import real_world
from pipeline.catalogue.entry import read_entries
from pipeline.errors import BuildFailed, EngineMissing, SmokeFailed
from pipeline.stages import diagnose as stage
from pipeline.stages import status
from tests.catalogue.test_entry import GOOD

CONFIG = """\
service: agents-api
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents-api
run:
  env: {API_TOKEN: hunter2-hunter2}
"""
Screen = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pipeline.yaml").write_text(CONFIG)
    (tmp_path / "a.log").write_text("ModuleNotFoundError: No module named 'redis'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, **environ: str) -> int:
    return main(list(words), replace(real_world(), environ=environ))


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The stage ``status`` ends with this."""

    def stage(context: object) -> None:
        raise error

    monkeypatch.setattr(status, "status", stage)


def test_a_saved_log_is_diagnosed_without_a_configuration(
    tmp_path: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.log").write_text("x\nModuleNotFoundError: No module named 'redis'\n")

    assert run("diagnose", "a.log") == 0
    assert capsys.readouterr().out.splitlines()[:4] == [
        "diagnose  a.log",
        "  S19     A package is imported that is not installed",
        "  │ ModuleNotFoundError: No module named 'redis'",
        "  cause   The code imports it, and the installed requirements do not declare it.",
    ]


def test_what_is_not_known_shows_its_last_lines(folder: Path, capsys: Screen) -> None:
    (folder / "a.log").write_text("".join(f"line {number}\n" for number in range(30)))

    assert run("diagnose", "a.log") == 0
    said = capsys.readouterr().out
    assert "known failures fits; it wrote last:" in said
    assert "  │ line 29" in said
    assert "line 19\n" not in said


@pytest.mark.parametrize(
    "words", [[], ["a.log", "--revision", "r"], ["--build", "b", "x"], ["--revision", ""]]
)
def test_one_thing_is_diagnosed_at_a_time(words: list[str], folder: Path, capsys: Screen) -> None:
    assert run("diagnose", *words) == 64
    said = capsys.readouterr().err
    assert "FILE" in said
    assert "remedy  see `python -m pipeline diagnose --help`" in said


def test_a_log_that_is_not_there_is_33(folder: Path, capsys: Screen) -> None:
    assert run("diagnose", "absent.log") == 33
    assert "There is nothing to diagnose" in capsys.readouterr().out


def test_a_users_own_entries_come_first(folder: Path, capsys: Screen) -> None:
    (folder / "mine.yaml").write_text(GOOD.replace("LICENCE", "redis"))
    (folder / "pipeline.yaml").write_text(f"{CONFIG}catalogue: mine.yaml\n")

    assert run("diagnose", "a.log") == 0
    assert "  MY01    The licence server is away" in capsys.readouterr().out


def test_expressions_without_an_end_are_left_out(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "_PATIENCE", 0.2)
    (folder / "a.log").write_text("a" * 900 + "!\nNo module named 'redis'\n")
    (folder / "mine.yaml").write_text(GOOD.replace("LICENCE", "(a+)+$"))
    (folder / "pipeline.yaml").write_text(f"{CONFIG}catalogue: mine.yaml\n")

    assert run("diagnose", "a.log") == 0
    said = capsys.readouterr().out
    assert "your own catalogue was left out" in said
    assert "  S19     A package" in said


def test_a_key_at_the_end_of_a_log_is_not_shown(folder: Path, capsys: Screen) -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n" * 25
    key = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\nit failed\n"
    (folder / "a.log").write_text(key)

    assert run("diagnose", "a.log") == 0
    said = capsys.readouterr().out
    assert "it failed" in said
    assert "MIIE" not in said


@pytest.mark.parametrize("stage", ["diagnose", "status"])
def test_a_fault_in_a_users_catalogue_is_told_before_anything(
    stage: str, folder: Path, capsys: Screen
) -> None:
    (folder / "mine.yaml").write_text(GOOD.replace("any:", "logs:"))
    (folder / "pipeline.yaml").write_text(f"{CONFIG}catalogue: mine.yaml\n")

    assert run(stage, *(["a.log"] if stage == "diagnose" else [])) == 3
    assert "mine.yaml:7:13" in capsys.readouterr().out


def test_every_failing_stage_ends_with_what_is_known(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["API_TOKEN is hunter2-hunter2", "ModuleNotFoundError: No module named 'redis'"]
    failing(monkeypatch, SmokeFailed("it ended before it listened", lines=lines, remedy="mend it"))

    assert run("status") == 11
    said = capsys.readouterr().out
    assert said.index("remedy  mend it") < said.index("S19     A package is imported")
    assert "hunter2" not in said


def test_a_fault_in_the_built_in_catalogue_hides_nothing_of_the_failure(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty() -> None:
        read_entries("- id: my1\n", Path("ours.yaml"))

    monkeypatch.setattr(stage, "own_entries", faulty)
    failing(monkeypatch, SmokeFailed("it ended", lines=["its last words"], remedy="mend it"))

    assert run("status") == 11
    said = capsys.readouterr().out
    assert "✗ The container is not fit to deploy: it ended" in said
    assert "  │ its last words" in said
    assert "  also    its diagnosis failed: the configuration has " in said
    assert "ours.yaml:1:" in said
    assert "  remedy  mend it" in said


def test_a_bug_in_the_diagnosis_is_not_the_failure(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(stage, "recognise", broken)
    failing(monkeypatch, SmokeFailed("it ended"))

    assert run("status") == 11
    said = capsys.readouterr().out
    assert said.index("it ended") < said.index("its diagnosis failed: RecursionError: too deep")
    assert "a bug in the pipeline" not in said


def test_a_users_catalogue_that_breaks_while_a_stage_runs_is_left_out(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mine.yaml").write_text(GOOD)
    (folder / "pipeline.yaml").write_text(f"{CONFIG}catalogue: mine.yaml\n")

    def breaks_it(context: object) -> None:
        (folder / "mine.yaml").write_text(GOOD.replace("any:", "logs:"))
        raise SmokeFailed("it ended", lines=["ModuleNotFoundError: No module named 'redis'"])

    monkeypatch.setattr(status, "status", breaks_it)

    assert run("status") == 11
    said = capsys.readouterr().out
    assert "your own catalogue was left out: the configuration has one mistake" in said
    assert "mine.yaml:7:13" in said
    assert "  S19     A package is imported" in said


def test_what_the_pipeline_says_itself_needs_no_catalogue(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, EngineMissing("neither of docker, podman is on PATH"))

    assert run("status") == 5
    assert "known" not in capsys.readouterr().out


def test_in_ci_a_failing_step_is_marked_in_the_dockerfile_and_told_in_the_summary(
    folder: Path, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerfile = folder / "api" / "Dockerfile"
    dockerfile.parent.mkdir()
    dockerfile.write_text("FROM python:3.11-slim\n\nRUN pip install psycopg2\n")
    output = ["Step 2/2 : RUN pip install psycopg2",
              "error: command 'gcc' failed: No such file or directory"]  # fmt: skip
    failing(monkeypatch, BuildFailed("it ended", where=str(dockerfile), lines=output))
    (folder / ".git").mkdir()
    environ = {"GITHUB_ACTIONS": "true",
               "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}  # fmt: skip

    assert run("status", **environ) == 7
    (command,) = [line for line in capsys.readouterr().out.splitlines() if line[:2] == "::"]
    assert command.startswith("::error file=api/Dockerfile,line=3,title=The image did not build::")
    assert "S08: A package is compiled where there is no compiler." in command
    assert "#### S08 A package is compiled" in (folder / "summary.md").read_text("utf-8")


def test_in_ci_each_fault_of_the_configuration_is_marked(folder: Path, capsys: Screen) -> None:
    (folder / "pipeline.yaml").write_text(f"{CONFIG}heatlh: {{}}\nsmoek: {{}}\n")

    assert run("status", GITHUB_ACTIONS="true") == 3
    said = capsys.readouterr().out
    assert "::error file=pipeline.yaml,line=7,title=The configuration is wrong::heatlh" in said
    assert "::error file=pipeline.yaml,line=8,title=The configuration is wrong::smoek" in said


def test_a_summary_that_cannot_be_written_stops_nothing(folder: Path, capsys: Screen) -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "no" / "such")}

    assert run("diagnose", "absent.log", **environ) == 33
    assert "the summary of this run was not written" in capsys.readouterr().out


class Google(BaseHTTPRequestHandler):
    """Google's REST API, as far as it is asked here."""

    documents: dict[str, Any]

    def do_GET(self) -> None:
        self._answer(self.documents.get(self.path.partition("?")[0]))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(self.documents.get(self.path.partition("?")[0], {}) if asked["filter"] else {})

    def _answer(self, document: Any) -> None:
        missing = {"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}
        body = json.dumps(missing if document is None else document).encode()
        self.send_response(404 if document is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def google() -> Iterator[dict[str, str]]:
    Google.documents = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Google)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"CLOUD_RUN_EMULATOR_HOST": f"127.0.0.1:{server.server_port}"}
    server.shutdown()
    server.server_close()


def written(*lines: str) -> dict[str, Any]:
    return {
        "entries": [
            {"logName": "projects/p/logs/run.googleapis.com%2Fstderr", "textPayload": line,
             "timestamp": "2026-01-12T10:00:00Z"}
            for line in lines
        ]
    }  # fmt: skip


PLACE = "/v2/projects/my-project/locations/us-central1/services/agents-api/revisions/r-1"


def test_a_revision_is_diagnosed_by_its_log_and_condition(
    folder: Path, google: dict[str, str], capsys: Screen
) -> None:
    said = "The user-provided container failed to start and listen on the port."
    condition = {"type": "Ready", "state": "CONDITION_FAILED", "message": said}
    Google.documents[PLACE] = {
        "name": PLACE[4:], "createTime": "2026-01-12T10:00:00Z", "conditions": [condition]
    }  # fmt: skip
    Google.documents["/v2/entries:list"] = written("No module named 'redis'")

    assert run("diagnose", "--revision", "r-1", **google) == 0
    shown = capsys.readouterr().out
    assert said in shown
    assert shown.index("S19") < shown.index("V08")


@pytest.mark.parametrize("name", ["r-1", 'a"b', "a/b", "../x"])
def test_a_revision_that_is_not_there_is_33(
    name: str, folder: Path, google: dict[str, str], capsys: Screen
) -> None:
    assert run("diagnose", "--revision", name, **google) == 33
    assert f"there is no revision {name}" in capsys.readouterr().out


def test_a_build_is_diagnosed_by_its_status_and_log(
    folder: Path, google: dict[str, str], capsys: Screen
) -> None:
    Google.documents["/v1/projects/my-project/locations/global/builds/b-1"] = {
        "id": "b-1", "status": "FAILURE", "createTime": "2026-01-12T10:00:00Z",
        "steps": [{"name": "gcr.io/cloud-builders/docker", "exitCode": 1}],
    }  # fmt: skip
    Google.documents["/v2/entries:list"] = written("error: externally-managed-environment")

    assert run("diagnose", "--build", "b-1", **google) == 0
    shown = capsys.readouterr().out
    assert "FAILURE; step 0 (gcr.io/cloud-builders/docker) ended with exit code 1" in shown
    assert "  S07     pip refuses" in shown


@pytest.mark.parametrize("name", ["b-1", "a/b", "../x"])
def test_a_local_cloud_run_knows_its_own_builds_only(
    name: str, folder: Path, google: dict[str, str], capsys: Screen
) -> None:
    assert run("diagnose", "--build", name, **google) == 33
    assert "a local Cloud Run knows its own builds only" in capsys.readouterr().out


def test_the_diagnosis_needs_none_of_googles_clients(folder: Path) -> None:
    import subprocess

    script = (
        "import sys; from pipeline.__main__ import main; main(['diagnose', 'a.log']);"
        "print([name for name in sys.modules if name.startswith(('google.cloud', 'aiohttp'))])"
    )
    done = subprocess.run(
        (sys.executable, "-c", script), cwd=folder, capture_output=True, text=True
    )

    assert done.stdout.endswith("[]\n"), done.stderr
