"""How soon traffic is back: by itself when a revision turns bad, and when a person asks for it.

    python tests/benchmarks/rollback.py

Against a local Cloud Run, with a proxy before its API that counts the calls. In turns:

- from a candidate's first 503 to the split from before, at 10 % and at 100 % of the traffic;
- `nox -s rollback`, from its start to its write, to the split, and to its end; beside it `nox -l`,
  the import of Google's client alone, and the same write sent by hand;
- a release of one step and one of three: calls of the API, and the time beyond what was asked to
  be watched. The container's start is in it.

Medians in seconds, with the least and the most. Ratios are of medians of the same run.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import requests  # noqa: E402 - after the path

from tests.end_to_end import warm  # noqa: E402
from tests.end_to_end.conftest import a_local_cloud_run, until  # noqa: E402
from tests.end_to_end.lane import Lane, a_lane  # noqa: E402

RUNS = 5
WATCHED = 4.0  # seconds of each step
FORCED = ("deploy --force benchmark", *warm.RELEASE[1:])  # the image failed under traffic before
NOX = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py")]


def settings(lane: Lane, steps: Sequence[int], step_time: str, watch: str) -> None:
    lane.project.more |= {
        "PIPELINE_TRAFFIC_STEPS": str(list(steps)),
        "PIPELINE_TRAFFIC_STEP_TIME": step_time,
        "PIPELINE_TRAFFIC_WATCH": watch,
    }


def after_the_first_503(lane: Lane) -> float:
    """Seconds until the split from before is back, of a candidate that has the first step."""
    project, before = lane.project, lane.project.split()
    run = warm.start(project, *FORCED)
    until(lambda: project.split() != before, 60)
    (new,) = project.split().keys() - before.keys()
    time.sleep(2.5)  # it is watched by now
    url = next(one["uri"] for one in project.observed()["trafficStatuses"] if one.get("tag"))
    assert requests.get(f"{url}/turn-bad/{new}", timeout=5).status_code == 503
    began = time.monotonic()
    until(lambda: project.split() == before, 60)
    took = time.monotonic() - began
    assert run.ended().code == 24, run.output
    return took


def by_nox(lane: Lane, revision: str) -> dict[str, float]:
    """Seconds from the start of `nox -s rollback` to its write, to the split, and to its end."""
    lane.proxy.forget()
    began = time.monotonic()
    process = subprocess.Popen(
        [*NOX, "-s", "rollback", "--", "--to", revision, "--config", str(lane.project.write())],
        env={**lane.project.environ, **lane.project.more}, cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: lane.project.split() == {revision: 100}, 60)
    served = time.monotonic() - began
    assert process.wait(60) == 0
    (write,) = lane.proxy.writes
    return {
        "nox -s rollback: its write": write.at - began,
        "traffic is back": served,
        "it has ended": time.monotonic() - began,
    }


def by_hand(lane: Lane, revision: str) -> float:
    """Seconds of the write alone, until it is served."""
    target = {"type": 2, "revision": revision, "percent": 100}
    address = f"{lane.project.api}/services/{lane.project.service}?updateMask=traffic"
    began = time.monotonic()
    requests.patch(address, json={"traffic": [target]}, timeout=10)
    until(lambda: lane.project.split() == {revision: 100}, 60)
    return time.monotonic() - began


def command(*words: str) -> float:
    began = time.monotonic()
    subprocess.run(words, check=True, cwd=ROOT, capture_output=True)
    return time.monotonic() - began


def rollbacks(lane: Lane) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    (old,) = lane.project.split()
    lane.release()
    (new,) = lane.project.split()
    for _ in range(RUNS):
        figures = by_nox(lane, old)
        figures["the write by hand"] = by_hand(lane, new)
        figures["nox -l"] = command(*NOX, "-l")
        figures["import google.cloud.run_v2"] = command(
            sys.executable, "-c", "import google.cloud.run_v2"
        )
        for name, seconds in figures.items():
            found.setdefault(name, []).append(seconds)
    return found


def release(lane: Lane, steps: Sequence[int]) -> tuple[float, int, int]:
    """Seconds beyond what is watched, and how many reads and writes."""
    settings(lane, steps, f"{WATCHED:g}s", f"{WATCHED:g}s")
    began = time.monotonic()
    lane.release()
    took = time.monotonic() - began - WATCHED * len(steps)
    writes = len(lane.proxy.writes)
    return took, len(lane.proxy.calls) - writes, writes


def show(name: str, seconds: Sequence[float]) -> None:
    median, least, most = statistics.median(seconds), min(seconds), max(seconds)
    print(f"{name:32} {median:6.2f}  ({least:.2f} to {most:.2f})", flush=True)


def main() -> None:
    print(f"seconds, median of {RUNS} (least to most); load {os.getloadavg()[0]:.1f}")
    with (
        a_local_cloud_run() as address,
        tempfile.TemporaryDirectory() as folder,
        a_lane(address, Path(folder), "benchmark") as lane,
    ):
        lane.release()
        for steps, name in (([10, 100], "10 %"), ([100], "100 %")):
            settings(lane, steps, "1h", "1h")
            tried = [after_the_first_503(lane) for _ in range(RUNS)]
            show(f"first 503 to restored, at {name}", tried)
        settings(lane, [100], "0s", "1s")
        lane.run(*FORCED)  # what has served well is rejected no more
        for steps in ([100], [10, 50, 100]):
            runs = [release(lane, steps) for _ in range(RUNS)]
            show(f"release of {len(steps)}, beyond its watch", [took for took, *_ in runs])
            reads, writes = ([counts[at] for counts in runs] for at in (1, 2))
            print(f"{'  reads, writes':32} {statistics.median(reads):6g}, "
                  f"{statistics.median(writes):g}")  # fmt: skip
        found = rollbacks(lane)
    for name, seconds in found.items():
        show(name, seconds)
    middle = {name: statistics.median(seconds) for name, seconds in found.items()}
    whole, write = middle["it has ended"], middle["nox -s rollback: its write"]
    print(f"{'to its write / importing':32} {write / middle['import google.cloud.run_v2']:6.2f}")
    print(f"{'in all / nox -l':32} {whole / middle['nox -l']:6.2f}")


if __name__ == "__main__":
    main()
