"""The line of the Dockerfile at which a build ended, and those of a wrong configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BuildFailed, ConfigError, SmokeFailed
from pipeline.model import Mark
from pipeline.steps.placing import failing_line, marks

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.11
FROM python:${VERSION}-slim AS base
WORKDIR /app

COPY --from=base /a /b
RUN apt-get update && \\
    # a comment
    apt-get install -y gcc
RUN pip install -r requirements.txt
"""
CLASSIC = ["Step 4/6 : COPY --from=base /a /b", "Step 6/6 : RUN pip install -r requirements.txt",
           " ---> Running in 0f8b", "ERROR: no", "returned a non-zero code: 1"]  # fmt: skip
NAMED = [" > [4/5] RUN apt-get update:", "Dockerfile:7", "--------------------",
         "   7 | >>> RUN apt-get update && \\", "ERROR: failed to solve: process"]  # fmt: skip
STAGED = ["#8 [base 5/5] RUN pip install -r requirements.txt", "#8 0.3 no", "------",
          " > [base 5/5] RUN pip install -r requirements.txt:", "#8 0.3 no", "------",
          "executor failed running [/bin/sh -c pip install]: exit code: 1"]  # fmt: skip


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (CLASSIC, 10),
        (CLASSIC[:1], 6),
        (NAMED, 7),
        (STAGED, 10),
        ([" > [3/5] COPY --from=base /a /b:"], 6),
        ([" > [4/5] RUN apt-get update &&     apt-get install -y gcc:"], 7),
        (["Step 3/6 : RUN another file"], 0),
        (["Step 99/99 : RUN x"], 0),
        (["nothing of the kind"], 0),
        ([], 0),
    ],
)
def test_the_line_of_the_step_that_failed(output: list[str], line: int) -> None:
    assert failing_line(output, DOCKERFILE) == line


@given(st.lists(st.text(max_size=60), max_size=9), st.text(max_size=200))
def test_no_output_makes_it_fail(output: list[str], dockerfile: str) -> None:
    assert failing_line(output, dockerfile) >= 0


def test_a_build_is_marked_in_the_dockerfile(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(DOCKERFILE)
    error = BuildFailed("it ended", where=str(path), lines=CLASSIC)

    assert marks(error) == (Mark(str(path), 10),)


def test_each_fault_of_the_configuration_is_marked_at_its_line() -> None:
    lines = ["pipeline.yaml:5:1: heatlh: there is no such key. Remove it.", "PIPELINE_X: no: y"]

    assert marks(ConfigError("2 mistakes", lines=lines)) == (
        Mark("pipeline.yaml", 5, "heatlh: there is no such key. Remove it."),
    )


def test_other_failures_have_no_line() -> None:
    assert marks(SmokeFailed("x", where="http://127.0.0.1:8080", lines=["a:1:1: b"])) == ()
