"""What every workflow keeps to, whoever changes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.act import ROOT

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WITHOUT_CREDENTIALS = "pull-request.yml"

pytestmark = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(file.read_text())["jobs"]


def test_an_action_is_pinned_at_one_commit(file: Path) -> None:
    pins: dict[str, set[str]] = {}
    for text in (one.read_text() for one in FILES):
        for name, commit in re.findall(r"uses: (\S+)@(\S+)", text):
            pins.setdefault(name, set()).add(commit)

    assert all(len(commits) == 1 for commits in pins.values()), pins


def test_nothing_is_permitted_but_what_a_job_says(file: Path) -> None:
    assert yaml.safe_load(file.read_text())["permissions"] == {}
    allowed = {"contents": "read"}
    if file.name != WITHOUT_CREDENTIALS:
        allowed["id-token"] = "write"
    assert all(job["permissions"] == allowed for job in jobs(file).values())


def test_no_expression_stands_in_a_script(file: Path) -> None:
    for job in jobs(file).values():
        assert not [one["run"] for one in job.get("steps", ()) if "${{" in one.get("run", "")]


def test_every_job_that_runs_has_an_end(file: Path) -> None:
    assert all("timeout-minutes" in job or "uses" in job for job in jobs(file).values())


def test_no_release_is_cancelled(file: Path) -> None:
    settings = yaml.safe_load(file.read_text()).get("concurrency", {})

    assert settings.get("cancel-in-progress", False) is (file.name == WITHOUT_CREDENTIALS)


def test_no_job_with_credentials_restores_a_cache(file: Path) -> None:
    for job in jobs(file).values():
        used = " ".join(one.get("uses", "") for one in job.get("steps", ()))
        assert not ("/auth@" in used and "/cache@" in used)


def test_only_what_changes_traffic_asks_for_approval(file: Path) -> None:
    asking = {name for name, job in jobs(file).items() if "environment" in job}

    assert asking <= {"shift", "rollback"}
    assert all("/auth@" in str(jobs(file)[name]) for name in asking)
