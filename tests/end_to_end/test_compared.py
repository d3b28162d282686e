"""The new revision beside the old one, under real users: only what is worse is stopped."""

from __future__ import annotations

import re

import pytest

from pipeline import errors
from tests.end_to_end.conftest import Project, Ran
from tests.end_to_end.load import load

_RATE = 20  # requests a second


@pytest.fixture
def project(project: Project) -> Project:
    project.source = "as_told"
    return project


def shifted(project: Project, old: str, new: str) -> Ran:
    """A shift over one step, from a revision with some variables to one with others."""
    project.more = {"PIPELINE_RUN_ENV": f"{{{old}}}", "PIPELINE_TRAFFIC_WATCH": "0s"}
    project.passes("build", "deploy", "verify", "shift")
    project.more |= {
        "PIPELINE_RUN_ENV": f"{{{new}}}", "PIPELINE_TRAFFIC_STEP_TIME": "20s",
        "PIPELINE_STARTUP_LISTEN_WITHIN": "3s",
    }  # fmt: skip
    project.passes("deploy", "verify")
    with load(project.url(), _RATE):
        return project.run("shift")


def test_what_is_slower_than_before_is_stopped(project: Project) -> None:
    ran = shifted(project, "", "DELAY: '0.4'")

    assert ran.code == errors.ShiftFailed.exit_code, ran.output
    assert "stopped and undone: slowdown: median " in ran.output
    assert "more than 2 times as long" in ran.output


def test_what_fails_more_often_than_before_is_stopped(project: Project) -> None:
    ran = shifted(project, "FAILS: '10'", "FAILS: '2'")

    assert ran.code == errors.ShiftFailed.exit_code, ran.output
    assert re.search(r"requests failed \([\d.]+ %\), more than 1 %; of the old one ", ran.output)


def test_what_was_as_bad_before_is_not_the_candidates_fault(project: Project) -> None:
    ran = shifted(project, "FAILS: '3', DELAY: '0.2'", "FAILS: '3', DELAY: '0.3'")

    assert ran.code == 0, ran.output
    assert "? errors: both fail: " in ran.output
    assert "✓ slowdown: median " in ran.output
