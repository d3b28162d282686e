"""The noxfile reads like a table of contents, and stops at the first failure."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from nox import registry

ROOT = Path(__file__).parents[2]
CHAIN = ["lint", "build", "smoke", "deploy"]
SESSIONS = [
    *CHAIN, "jobs", "verify", "shift", "rollback", "status", "diagnose", "rehearse", "local",
    "tests", "replay", "simulate", "check",
]  # fmt: skip


@dataclass
class Session:
    """What a session asks of nox."""

    posargs: list[str]
    invoked_from: str = "/typed/here"
    notified: list[str] = field(default_factory=list)

    def notify(self, name: str) -> None:
        self.notified.append(name)

    def log(self, text: str) -> None: ...

    def error(self, text: str) -> None:
        raise AssertionError(text)


@pytest.fixture
def noxfile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The noxfile as nox reads it; its registry is put back afterwards."""
    known = registry.get()
    registry._REGISTRY.clear()
    spec = importlib.util.spec_from_file_location("noxfile_under_test", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    registry._REGISTRY.clear()
    registry._REGISTRY.update(known)


def nox(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), *words)
    environ = {**os.environ, "NO_COLOR": "1"}
    environ.pop("FORCE_COLOR", None)
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True)


def test_the_list_names_the_stages_in_their_order() -> None:
    lines = nox("-l").stdout.splitlines()
    listed = [line[2:].split(" -> ") for line in lines if " -> " in line]

    assert [name for name, _ in listed] == SESSIONS
    assert all(what.strip().endswith(".") for _, what in listed)


def test_each_stage_requires_the_one_before_it_as_in_make(noxfile: Any) -> None:
    requires = {name: list(session.requires) for name, session in registry.get().items()}

    assert requires == {
        **{name: [] for name in SESSIONS},
        **{later: [earlier] for earlier, later in pairwise(CHAIN)},
    }


def test_each_session_has_a_docstring_of_one_line(noxfile: Any) -> None:
    for session in registry.get().values():
        assert len((session.func.__doc__ or "").splitlines()) == 1


@pytest.mark.parametrize(
    ("posargs", "notified"),
    [
        ([], ["jobs", "verify", "shift"]),
        (["--config", "a.yaml"], ["jobs", "verify", "shift"]),
        (["--hold"], ["jobs", "verify"]),
        (["--config", "a.yaml", "--hold"], ["jobs", "verify"]),
        (["--force", "a known flake", "--to", "25"], ["jobs", "verify", "shift"]),
    ],
)
def test_deploy_queues_jobs_verify_and_shift_unless_held(
    noxfile: Any, posargs: list[str], notified: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("pipeline.__main__.main", lambda argv: called.append(argv) or 0)
    session = Session(posargs)
    noxfile.deploy.func(session)

    assert session.notified == notified
    assert called == [
        ["deploy", *(word.replace("a.yaml", "/typed/here/a.yaml") for word in posargs)]
    ]


@pytest.mark.parametrize(
    ("posargs", "words"),
    [
        (["--config", "a.yaml", "--to", "r"], ["--config", "/typed/here/a.yaml", "--to", "r"]),
        (["--config=../a.yaml"], ["--config=/typed/here/../a.yaml"]),
        (["--config", "/b/a.yaml"], ["--config", "/b/a.yaml"]),
        (["--config"], ["--config"]),
        (["--secrets", "s.env"], ["--secrets", "/typed/here/s.env"]),
        (["--secrets=s.env"], ["--secrets=/typed/here/s.env"]),
        (["api", "/b/Dockerfile"], ["/typed/here/api", "/b/Dockerfile"]),
        (["--format", "json", "--fix", "api"], ["--format", "json", "--fix", "/typed/here/api"]),
        (["--explain", "S02"], ["--explain", "S02"]),
        (["--to", "25"], ["--to", "25"]),
        (["--pause"], ["--pause"]),
        (["--force", "a known flake"], ["--force", "a known flake"]),
        (["--force=../why"], ["--force=../why"]),
        (["--port", "0"], ["--port", "0"]),
        (["a.log"], ["/typed/here/a.log"]),
        (["-"], ["-"]),
        (["--revision", "r", "--build", "b"], ["--revision", "r", "--build", "b"]),
    ],
)
def test_a_path_is_seen_from_where_it_was_typed(
    noxfile: Any, posargs: list[str], words: list[str]
) -> None:
    assert noxfile.where_it_was_typed(Session(posargs)) == words


def test_a_deploy_that_fails_queues_nothing(noxfile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.__main__.main", lambda argv: 19)
    session = Session([])

    with pytest.raises(AssertionError, match="exit code 19"):
        noxfile.deploy.func(session)
    assert not session.notified


def test_the_first_failure_stops_the_run(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.yaml")
    done = nox("-s", "deploy", "--", "--config", missing)
    said = done.stdout + done.stderr

    assert done.returncode != 0
    assert f"python -m pipeline lint --config {missing}" in said
    assert "pipeline build" not in said
    assert "Traceback" not in said
