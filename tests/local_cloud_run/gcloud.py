"""The real gcloud, told of a local Cloud Run by the variables that a person is told of."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.steps import gcloud

INSTALLED = pytest.mark.skipif(
    shutil.which("gcloud") is None, reason="gcloud is not installed on this machine"
)
PROJECT, REGION = "p", "us-central1"
_BOLD = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 100  # seconds; a call takes two


@dataclass(frozen=True)
class Said:
    code: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


@dataclass(frozen=True)
class Gcloud:
    """``home`` keeps its settings apart from the user's own; ``address`` is HOST:PORT."""

    address: str
    home: Path

    def __call__(self, *words: str) -> Said:
        env = {
            **os.environ,
            **gcloud.variables(self.address, PROJECT, REGION),
            "CLOUDSDK_CONFIG": str(self.home),
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        }
        done = subprocess.run(
            ["gcloud", *words], env=env, capture_output=True, text=True, timeout=_LONGEST,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Said(done.returncode, _BOLD.sub("", done.stdout), _BOLD.sub("", done.stderr))

    def ok(self, *words: str) -> Said:
        said = self(*words)
        assert said.code == 0, said.errors
        return said
