"""How long each workflow takes, and how much of that is in the stages.

    python tests/benchmarks/workflows.py

Runs them with act against a local Cloud Run, with a small service whose release hardly waits.
What is not in the stages is checkouts, the start of nox and of Python, and act itself. Setting up
.venv, which takes a minute of a real run, is left out: here it is there already.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ci.act import OURS, ROOT, Repositories, pipeline_files
from tests.ci.conftest import Service, settings
from tests.end_to_end.conftest import SERVICES, a_local_cloud_run

RUNS = (
    ("push", "deploy.yml"),
    ("push", "deploy.yml"),
    ("workflow_dispatch", "rollback.yml"),
    ("pull_request", "pull-request.yml", "--job", "stages"),
    ("pull_request", "pull-request.yml", "--job", "rehearse"),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, a_local_cloud_run() as address:
        repositories = Repositories(Path(folder), address)
        sample = "tests/services/agents_api/Dockerfile"
        repositories.add(OURS, {
            **pipeline_files(), "app": SERVICES / "hello", sample: ROOT / sample,
            "pipeline.yaml": settings(Service(address, "timed")),
        })  # fmt: skip
        print(f"{'workflow':32} {'whole':>8} {'stages':>8} {'rest':>8}")
        for event, workflow, *more in RUNS:
            began = time.monotonic()
            ran = repositories.act(OURS, event, workflow, *more)
            whole = time.monotonic() - began
            if ran.code:
                sys.exit(ran.log)
            stages = sum(map(float, re.findall(r"^\| ✓ \w+ \| (\d+\.\d) s", ran.summary, re.M)))
            name = " ".join((workflow, *more[1:]))
            print(f"{name:32} {whole:6.1f} s {stages:6.1f} s {whole - stages:6.1f} s")


if __name__ == "__main__":
    main()
