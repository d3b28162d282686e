"""How long a release takes, and how much of that is the pipeline's own.

    python tests/benchmarks/release.py

Runs `nox -s deploy` several times against a local Cloud Run and takes apart where the time went:
the engine (build, container start and stop), Cloud Run (waiting for a change to settle), waiting
(sleeps and requests), and what is left, which is ours. Beside it, in the same run, `nox -l` and a
bare `docker run` of the same image, for scale.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
ANNOUNCED = "export CLOUD_RUN_EMULATOR_HOST="


def child() -> None:
    """`nox -s deploy` in this process, every effect timed."""
    sys.path.insert(0, str(ROOT))
    import nox.__main__

    import pipeline.__main__ as entry
    from pipeline.adapters import cloud_run

    spent: Counter[str] = Counter()

    def timed(kind: str, effect: Callable) -> Callable:
        def call(*arguments, **more):
            began = time.monotonic()
            try:
                return effect(*arguments, **more)
            finally:
                spent[kind] += time.monotonic() - began

        return call

    world = entry.real_world()
    kinds = {"run": "engine", "stream": "engine", "sleep": "waiting", "get": "waiting",
             "listens": "waiting"}  # fmt: skip
    wrapped = {name: timed(kind, getattr(world, name)) for name, kind in kinds.items()}
    entry.real_world = lambda: replace(world, **wrapped)
    cloud_run.settle = timed("cloud run", cloud_run.settle)
    stages: list[tuple[str, float]] = []
    call = entry._call

    def stage(arguments, *rest):
        began = time.monotonic()
        call(arguments, *rest)
        stages.append((arguments.stage, time.monotonic() - began))

    entry._call = stage
    sys.argv = ["nox", "--noxfile", str(ROOT / "noxfile.py"), "-s", "deploy"]
    try:
        nox.__main__.main()
    finally:
        for name, seconds in [*stages, *spent.items()]:
            print(f"@{name}@{seconds}")


def measured(address: str) -> dict[str, float]:
    """Seconds of one deploy, by stage and by kind, with the whole and what is ours."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, "child"], capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "CLOUD_RUN_EMULATOR_HOST": address, "PIPELINE_TRAFFIC_STEP_TIME": "1s"},
    )  # fmt: skip
    wall = time.monotonic() - began
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    rows = [line.split("@")[1:] for line in done.stdout.splitlines() if line.startswith("@")]
    figures = {name: float(seconds) for name, seconds in rows}
    others = sum(figures.get(kind, 0.0) for kind in ("engine", "cloud run", "waiting"))
    return {**figures, "whole": wall, "own": wall - others}


def seconds(*command: str) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def main() -> None:
    local = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "local", "--port", "0"], stdout=subprocess.PIPE,
        text=True, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        address = next(line for line in local.stdout if line.startswith(ANNOUNCED))
        address = address.removeprefix(ANNOUNCED).strip()
        measured(address)  # builds the image, and is the first release
        runs = [measured(address) for _ in range(RUNS)]
        listing = [seconds(sys.executable, "-m", "nox", "-l") for _ in range(RUNS)]
        bare = [seconds("docker", "run", "--rm", "python:3.11-slim", "true") for _ in range(RUNS)]
    finally:
        local.terminate()
        local.wait(30)
    print(f"seconds, median of {RUNS} (least to most)")
    for name in runs[0]:
        show(name, [run.get(name, 0.0) for run in runs])
    show("nox -l", listing)
    show("docker run", bare)
    show("own / docker run", [a["own"] / b for a, b in zip(runs, bare, strict=True)])


def show(name: str, values: list[float]) -> None:
    print(f"{name:18} {statistics.median(values):6.2f}  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else main()
