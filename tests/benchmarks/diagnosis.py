"""How long after its first output a bad container is diagnosed on screen.

    python tests/benchmarks/diagnosis.py

The container writes the time, and ends at an import. In turns: smoke, from that moment to the
line with the id of the known failure; and `docker run` alone, from that moment to its end. Smoke
starts a crashing image three times before it says so. Beside it, the time of recognising alone, by
size of the log. Medians in milliseconds.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.catalogue import of_log, own_entries, recognise  # noqa: E402 - after the path

RUNS = 7
FIRST = re.compile(r"first output at (\d+\.\d+)")
DIAGNOSED = re.compile(r"^  (K02|S18|S19) ")
SERVER = "import time\nprint('first output at', time.time(), flush=True)\nimport billing_rules\n"
DOCKERFILE = 'FROM python:3.11-slim\nCOPY server.py /\nCMD ["python", "/server.py"]\n'
CONFIG = (
    "service: bad\nproject: my-project\nregion: us-central1\nimage: us-docker.pkg.dev/p/s/bad\n"
)


def after_first_output(command: list[str], until: re.Pattern[str] | None, folder: str) -> float:
    """Milliseconds from the container's first output to a line, or to the end of the command."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    began = ended = 0.0
    for line in process.stdout:
        if (first := FIRST.search(line)) and not began:
            began = float(first[1])
        if until and until.search(line) and not ended:
            ended = time.time()
    process.wait()
    return 1000 * ((ended or time.time()) - began)


def recognising(lines: int) -> float:
    """Milliseconds to recognise a failure at the end of so many lines, entries included."""
    log = [f"INFO: 10.0.0.{n % 255} GET /items/{n} 200 in {n % 90} ms" for n in range(lines)]
    began = time.perf_counter()
    recognise(own_entries(), of_log([*log, "ModuleNotFoundError: No module named 'redis'"]))
    return 1000 * (time.perf_counter() - began)


def show(name: str, values: list[float]) -> float:
    median = statistics.median(values)
    print(f"{name:42} {median:8.0f} ms  ({min(values):.0f} to {max(values):.0f})")
    return median


def main() -> None:
    pipeline = [sys.executable, "-m", "pipeline"]
    smoke, alone = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"server.py": SERVER, "Dockerfile": DOCKERFILE,
                           "pipeline.yaml": CONFIG}.items():  # fmt: skip
            Path(folder, name).write_text(text)
        built = subprocess.run([*pipeline, "build"], cwd=folder, capture_output=True, text=True,
                               env={**os.environ, "CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:1",
                                    "PYTHONPATH": str(ROOT)})  # fmt: skip
        image = re.search(r"us-docker\.pkg\.dev/p/s/bad:\S+", built.stdout)
        if image is None:
            sys.exit(built.stdout + built.stderr)
        for _ in range(RUNS):
            smoke.append(after_first_output([*pipeline, "smoke"], DIAGNOSED, folder))
            docker = ["docker", "run", "--rm", "--pull", "never", image[0]]
            alone.append(after_first_output(docker, None, folder))
    ours = show("smoke: first output to diagnosis", smoke)
    theirs = show("docker run: first output to its end", alone)
    print(f"{'ratio':42} {ours / theirs:8.1f}")
    for lines in (20, 1_000, 20_000):
        show(f"recognising alone, {lines} lines", [recognising(lines) for _ in range(RUNS)])


if __name__ == "__main__":
    main()
