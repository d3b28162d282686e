"""A repository that was never seen: init, then the whole way on a local Cloud Run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.init.repositories import NAMES, a_repository, environ, git, run


@pytest.mark.parametrize("name", NAMES)
def test_it_rehearses_as_it_is(name: str, tmp_path: Path) -> None:
    if name == "board" and shutil.which("node") is None:
        pytest.skip("there is no Node here to put into its image")
    root = a_repository(name, tmp_path)
    ran = run(root, "init")
    assert ran.code == 0, ran.output
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "With the pipeline")

    done = subprocess.run(
        [sys.executable, "-P", "-m", "nox", "-s", "rehearse"], cwd=root, text=True, timeout=170,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env=environ(),
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "0 failed, 0 by an unverified one" in done.stdout
    assert "stopped, as it must be" in done.stdout
    assert not git(root, "status", "--porcelain")
