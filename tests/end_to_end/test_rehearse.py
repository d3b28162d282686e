"""The README's first command."""

from __future__ import annotations

import subprocess
import sys

from tests.end_to_end.conftest import ROOT
from tests.local_cloud_run.images import engine


def test_the_rehearsal_passes_and_leaves_nothing_behind():
    before = _containers()

    done = subprocess.run(
        [sys.executable, "-m", "nox", "-s", "rehearse"], cwd=ROOT, text=True, timeout=170,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "0 failed, 0 by an unverified one" in done.stdout
    assert "stopped, as it must be" in done.stdout
    assert _containers() <= before


def _containers() -> set[str]:
    listed = subprocess.run(
        [engine().path, "ps", "--all", "--format", "{{.Names}}", "--filter", "name=agents-api"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(listed.stdout.split())
