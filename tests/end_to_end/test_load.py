"""Two hundred requests a second, through a shift of three steps and a rollback."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import accumulate

import pytest

from tests.end_to_end import warm
from tests.end_to_end.conftest import Project
from tests.end_to_end.counting import Counting, counting
from tests.end_to_end.load import load

_RATE = 200  # requests a second
_LEVEL = 0.001  # two-sided
_LEAST = 200  # requests that say something of a split
_STEP_TIME = 6  # seconds


@dataclass(frozen=True)
class Stood:
    """A split that was served from ``since`` until at least ``until``, by the monotonic clock."""

    split: dict[str, int]
    since: float
    until: float


def watched(project: Project, proxy: Counting, run: warm.Run) -> list[Stood]:
    """What is served while stages run, each from when it was seen to the next write."""
    seen: list[tuple[dict[str, int], float]] = []
    over = False
    while not over:
        over = not run.process.is_alive()
        split = project.split()
        if not seen or seen[-1][0] != split:
            seen.append((split, time.monotonic()))
        run.process.join(0.05)
    ends = time.monotonic()
    return [Stood(split, since, _next_write(proxy, since, ends)) for split, since in seen]


def _next_write(proxy: Counting, since: float, ends: float) -> float:
    return min((call.at for call in proxy.writes if call.at > since), default=ends)


def interval(total: int, share: float) -> tuple[int, int]:
    """The exact binomial interval: outside it, on each side, is at most half of the level."""
    chances = [math.exp(_log_chance(got, total, share)) for got in range(total + 1)]
    below, above = accumulate(chances), accumulate(reversed(chances))
    least = next(got for got, chance in enumerate(below) if chance > _LEVEL / 2)
    most = next(total - rest for rest, chance in enumerate(above) if chance > _LEVEL / 2)
    return least, most


def _log_chance(got: int, total: int, share: float) -> float:
    ways = math.lgamma(total + 1) - math.lgamma(got + 1) - math.lgamma(total - got + 1)
    return ways + got * math.log(share) + (total - got) * math.log1p(-share)


@pytest.mark.parametrize(
    ("total", "share", "expected"), [(10, 0.5, (0, 10)), (100, 0.5, (34, 66)), (20, 0.1, (0, 7))]
)
def test_the_interval_is_the_exact_one(total, share, expected):
    assert interval(total, share) == expected


@pytest.mark.timeout(120)
def test_no_request_fails_and_the_split_is_what_was_asked(project, local_cloud_run):
    project.source, project.environ = "steady", warm.on_its_own(project.environ)
    project.passes("build", "deploy", "verify", "shift")
    (first,) = project.split()
    with counting(local_cloud_run) as proxy, load(f"{project.url()}/", _RATE) as asked:
        project.more = {
            "CLOUD_RUN_EMULATOR_HOST": proxy.address,
            "PIPELINE_TRAFFIC_STEPS": "[10, 50, 100]",
            "PIPELINE_TRAFFIC_STEP_TIME": f"{_STEP_TIME}s",
            "PIPELINE_TRAFFIC_WATCH": "3s",
        }
        release = warm.start(project, *warm.RELEASE)
        stood = watched(project, proxy, release)
        assert release.ended().code == 0, release.output
        (second,) = project.split()
        back = warm.start(project, "rollback")
        stood += watched(project, proxy, back)
        assert back.ended().code == 0, back.output

    assert asked.failed == []
    assert len(asked.answers) > 0.95 * _RATE * (asked.answers[-1].sent - asked.answers[0].sent)
    served = [one.split.get(second, 0) for one in stood]
    assert served == [0, 10, 50, 100, 100, 0]
    for one in stood:
        answers = asked.within(one.since, one.until)
        share = one.split.get(second, 0)
        got, total = answers.count(second), len(answers)
        assert got + answers.count(first) == total
        if share in (0, 100):
            assert got == total * share / 100
        else:
            assert total >= _LEAST
            least, most = interval(total, share / 100)
            assert least <= got <= most, f"{got} of {total} at {share} %"
