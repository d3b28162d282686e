"""The pipeline on a bad day of Cloud Run: no user is hurt, and the words are clear."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import requests

from pipeline.local_cloud_run.faults.plan import Fault, Plan
from tests.end_to_end.conftest import Project, a_local_cloud_run
from tests.end_to_end.load import load


@pytest.fixture(scope="module")
def local_cloud_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("state")
    options = ("--grpc-port", "0", "--state", str(folder), "--seed", "7")
    with a_local_cloud_run(*options, "--fault", "start-delay=0.5") as address:
        yield address
    assert (folder / "state.jsonl").stat().st_size > 1000


def begin(project: Project, seed: int, **faults: float) -> None:
    url = f"http://{project.environ['CLOUD_RUN_EMULATOR_HOST']}/local/faults"
    values = {name.replace("_", "-"): value for name, value in faults.items()}
    requests.put(url, json={"seed": seed, "faults": values}, timeout=10).raise_for_status()


def struck(project: Project) -> dict[str, int]:
    url = f"http://{project.environ['CLOUD_RUN_EMULATOR_HOST']}/local/faults"
    return requests.get(url, timeout=10).json()["struck"]


@pytest.fixture(autouse=True)
def a_good_day(project: Project) -> None:
    begin(project, 0)


def released(project: Project) -> str:
    project.passes("build", "deploy", "verify", "shift")
    (name,) = project.split()
    return name


def a_seed(share: float, among: int, **wanted: set[int]) -> int:
    """One by which faults of a share strike at just those of their first chances."""
    faults = {Fault(name.replace("_", "-")): numbers for name, numbers in wanted.items()}
    for seed in count():
        plan = Plan(seed, dict.fromkeys(faults, share))
        if all(
            plan.strikes(fault, number) is (number in numbers)
            for fault, numbers in faults.items()
            for number in range(1, among + 1)
        ):
            return seed
    raise AssertionError


def test_much_goes_wrong_at_once_and_nobody_notices(project: Project) -> None:
    first = released(project)
    seed = a_seed(0.2, 8, quota={3}, conflict={2}, lost_reply={2})
    waits = {"slow": 0.3, "log_lag": 0.5, "start_delay": 1}
    begin(project, seed, quota=0.2, conflict=0.2, lost_reply=0.2, **waits)
    with load(f"{project.url()}/health", 20) as users:
        project.passes("deploy", "verify", "shift")

    assert first not in project.split()
    assert struck(project) == {"quota": 1, "conflict": 1, "lost-reply": 1}
    assert not users.failed


def test_a_traffic_update_fails_and_so_does_the_first_try_to_undo_it(project: Project) -> None:
    first = released(project)
    begin(project, a_seed(0.5, 4, traffic={1, 2}), traffic=0.5)
    ran = project.run("deploy")

    assert ran.code == 16, ran.output
    assert "did not start" not in ran.output  # it is ready
    assert "somebody else" not in ran.output
    assert f"traffic is as before the release: {first} 100 %" in ran.output

    begin(project, 0)
    project.passes("deploy", "verify")
    begin(project, a_seed(0.5, 4, traffic={2, 3}), traffic=0.5)
    with load(f"{project.url()}/health", 20) as users:
        ran = project.run("shift")

    assert ran.code == 16, ran.output
    assert "at 50 %" in ran.output
    assert "Resource readiness deadline exceeded." in ran.output
    assert "at      projects/" in ran.output
    assert f"traffic is as before the release: {first} 100 %" in ran.output
    assert project.split() == {first: 100}
    assert not users.failed
