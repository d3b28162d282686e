"""The edge: exact exit codes, plain words, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.__main__ import _terminable, main
from pipeline.command_line import STAGES, parse
from pipeline.context import Context, Options
from pipeline.stages import status

CONFIG = """\
service: agents-api
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents-api
"""
Screen = pytest.CaptureFixture[str]
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.yaml").write_text(CONFIG)
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY a /a\nCMD ["/a"]\n')
    return tmp_path


def pipeline(*words: str, cwd: Path, **env: str) -> Ran:
    """``python -m pipeline``, in a process of its own."""
    return subprocess.run(
        (sys.executable, "-m", "pipeline", *words),
        cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: STAGE"),
        (["depoly"], "invalid choice: 'depoly'"),
        (["build", "--confg", "x"], "unrecognized arguments: --confg x"),
        (["lint", "--confg"], "unrecognized arguments: --confg"),
        (["build", "a/path"], "unrecognized arguments: a/path"),
        (["build", "--form", "json"], "unrecognized arguments: --form json"),
        (["lint", "--format", "xml"], "invalid choice: 'xml'"),
        (["local", "--port", "many"], "'many' is not a whole number from 0 to 65535"),
        (["local", "--port", "-1"], "'-1' is not a whole number from 0 to 65535"),
        (["local", "--grpc-port", "65536"], "'65536' is not a whole number from 0 to 65535"),
        (["local", "--startup-limit", "nan"], "'nan' is not a number of seconds above 0"),
        (["local", "--startup-limit", "0"], "'0' is not a number of seconds above 0"),
        (["local", "--seed", "1e9"], "invalid int value: '1e9'"),
        (["schema", "--hold"], "unrecognized arguments: --hold"),
        (["shift", "--to"], "--to: expected one argument"),
        (["deploy", "--force"], "--force: expected one argument"),
        (["deploy", "--force", "--hold"], "--force: expected one argument"),
        (["shift", "--pause", "yes"], "unrecognized arguments: yes"),
        (["shift", "--pau"], "unrecognized arguments: --pau"),
        (["shift", "--candidate="], "--candidate is there, and its value is empty"),
        (["rollback", "--to", ""], "--to is there, and its value is empty"),
        (["local", "--force", "why"], "unrecognized arguments: --force why"),
    ],
)
def test_a_command_that_is_not_understood_is_64_on_standard_error(
    words: list[str], said: str, capsys: Screen
) -> None:
    assert main(words) == 64

    screen = capsys.readouterr()
    assert screen.out == ""
    assert "✗ That command is not understood" in screen.err
    assert said in screen.err
    assert "--help" in screen.err


ORDERS = ("--pause", "--resume", "--abort")


@pytest.mark.parametrize("fault", ["quota=2", "quota", "rain=1"])
def test_a_fault_that_there_is_none_of_is_64_and_says_which_there_are(
    fault: str, capsys: Screen
) -> None:
    assert main(["local", "--fault", fault]) == 64
    assert "there are quota=SHARE, conflict=SHARE" in capsys.readouterr().out


@pytest.mark.parametrize("words", list(permutations(ORDERS, 2)))
def test_a_shift_takes_one_order_at_a_time(words: tuple[str, str], capsys: Screen) -> None:
    assert main(["shift", *words]) == 64
    assert f"{words[1]}: not allowed with argument {words[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("stage", sorted(STAGES.keys() - {"shift"}))
def test_only_a_shift_takes_orders(stage: str, order: str, capsys: Screen) -> None:
    assert main([stage, order]) == 64
    assert f"unrecognized arguments: {order}" in capsys.readouterr().err


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_takes_what_one_nox_run_hands_to_all(stage: str) -> None:
    taken = parse([stage, "--hold", "--to", "25", "--force", "a known flake", "--format", "json"])

    assert (taken.hold, taken.to, taken.force) == (True, "25", "a known flake")
    assert taken.format == "json"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["shift"], Options()),
        (["shift", "--pause"], Options(pause=True)),
        (["shift", "--resume"], Options(resume=True)),
        (["shift", "--abort"], Options(abort=True)),
        (["shift", "--to", "25"], Options(to="25")),
        (["shift", "--resume", "--to=50"], Options(resume=True, to="50")),
        (["rollback", "--to", "agents-api-1"], Options(to="agents-api-1")),
        (["deploy", "--force", "a known flake"], Options(force="a known flake")),
        (["deploy", "--force=--odd", "--hold"], Options(force="--odd", hold=True)),
    ],
)
def test_a_stage_is_given_what_was_asked_for(
    words: list[str], options: Options, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, Options]] = []

    def stage(name: str) -> Callable[[Context], None]:
        return lambda context: given.append((name, context.options))

    monkeypatch.setattr("pipeline.__main__._stage", stage)

    assert main([*words, "--config", str(folder / "pipeline.yaml")]) == 0
    assert given == [(words[0], options)]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_without_a_configuration_is_3(
    stage: str, tmp_path: Path, capsys: Screen
) -> None:
    assert main([stage, "--config", str(tmp_path / "none.yaml")]) == 3

    said = capsys.readouterr().out
    assert "✗ The configuration is wrong: there is no such file" in said
    assert "remedy" in said


def test_a_broken_configuration_names_every_place(folder: Path, capsys: Screen) -> None:
    path = folder / "pipeline.yaml"
    path.write_text(f"{CONFIG}heatlh: {{}}\nrun: {{cpu: many}}\n")

    assert main(["status", "--config", str(path)]) == 3
    said = capsys.readouterr().out
    assert f"{path}:5:1" in said
    assert f"{path}:6:12" in said


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_does_on_help(stage: str, capsys: Screen) -> None:
    with pytest.raises(SystemExit) as ended:
        main([stage, "--help"])

    assert ended.value.code == 0
    assert STAGES[stage] in capsys.readouterr().out


def test_the_schema_is_json_and_nothing_else(tmp_path: Path) -> None:
    done = pipeline("schema", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert {"service", "project", "region", "image"} <= json.loads(done.stdout)["properties"].keys()


def test_findings_as_json_are_alone_on_standard_output(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM debian\n")
    done = pipeline("lint", "--format", "json", cwd=folder, GITHUB_ACTIONS="true")

    assert [one["rule"] for one in json.loads(done.stdout)] == ["DL3006"]
    assert "Dockerfile" in done.stderr


def test_a_terminal_that_lacks_a_character_stops_nothing(tmp_path: Path) -> None:
    done = pipeline("lint", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert done.returncode == 3
    assert done.stdout.startswith("? The configuration is wrong")
    assert "Traceback" not in done.stderr


def test_nobody_reading_is_no_traceback(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = (sys.executable, "-m", "pipeline", "schema")
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(writer)

    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_a_closed_stream_is_no_traceback(closed: str, tmp_path: Path) -> None:
    script = f'"$0" -m pipeline lint {closed}'
    done = subprocess.run(("sh", "-c", script, sys.executable), cwd=tmp_path, capture_output=True)

    assert done.returncode == 3
    assert b"Traceback" not in done.stdout + done.stderr


def test_a_bug_of_ours_is_70_with_a_file_to_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(status, "status", lambda context: int("many"))

    assert main(["status", "--config", str(folder / "pipeline.yaml")]) == 70
    screen = capsys.readouterr()
    (report,) = folder.glob("pipeline-*.txt")
    assert "a bug in the pipeline: ValueError: invalid literal for int()" in screen.out
    assert str(report) in screen.out
    assert "Traceback" not in screen.out + screen.err
    assert "Traceback" in report.read_text()


@pytest.mark.parametrize(
    ("number", "code", "title"),
    [
        (signal.SIGINT, 130, "Interrupted"),
        (signal.SIGTERM, 143, "Terminated"),
        (signal.SIGHUP, 143, "Terminated"),
    ],
)
def test_a_signal_ends_the_stage_with_its_own_code(
    number: signal.Signals, code: int, title: str, folder: Path
) -> None:
    engine = folder / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\ntouch working\nexec sleep 60\n")
    engine.chmod(0o755)
    process = subprocess.Popen(
        (sys.executable, "-m", "pipeline", "build"),
        cwd=folder, env={**os.environ, "PATH": f"{engine.parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while not (folder / "working").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    said, _ = process.communicate(timeout=20)

    assert process.returncode == code
    assert f"✗ {title}: stopped before the end" in said
    assert "nox -s status" in said
    assert "Traceback" not in said


def test_what_ignores_a_hang_up_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _terminable():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


HEAVY = {"google", "aiohttp", "requests", "urllib3", "pydantic", "yaml", "rich", "nox"}


def test_the_edge_imports_nothing_heavy() -> None:
    script = "import sys, pipeline.__main__; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())
