"""The README's first command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.conftest import ROOT, SERVICES
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


def test_a_private_service_of_another_folder_rehearses_with_the_four_keys_and_secrets(
    tmp_path: Path,
):
    shutil.copytree(SERVICES / "hello", tmp_path / "hello")
    (tmp_path / "hello" / "pipeline.yaml").write_text(
        "service: hello\nproject: my-project\nregion: us-central1\n"
        "image: us-central1-docker.pkg.dev/my-project/services/test\n"
        "run: {secrets: {TOKEN: 'a-token:3', OTHER: other}}\n"
        "smoke: {env: {TOKEN: for-here}}\n"
        "jobs: [{name: migrate, command: [python3, -c, 'import os; os.environ[\"TOKEN\"]']}]\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--noxfile", ROOT / "noxfile.py", "-s", "rehearse", "--",
         "--config", "hello/pipeline.yaml"],
        cwd=tmp_path, text=True, timeout=170, env={**os.environ, "GITHUB_ACTIONS": "true"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "0 failed, 0 by an unverified one" in done.stdout
    assert "OTHER: not set, for nothing in smoke.env stands in" in done.stdout
    assert "migrate succeeded" in done.stdout
    assert "The new revision did not start" in done.stdout
    assert "::error" not in done.stdout, "the bad release is no error of this run"


def _containers() -> set[str]:
    listed = subprocess.run(
        [engine().path, "ps", "--all", "--format", "{{.Names}}", "--filter", "name=agents-api"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(listed.stdout.split())
