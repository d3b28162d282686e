"""A candidate beside the old one: the tests are exact, and seldom wrong however often one looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.logging import Entry
from pipeline.checks.chance import binomial_tail, fisher_tail
from pipeline.checks.comparison import LEVEL, Comparison, Limits, level_of
from pipeline.checks.errors import Requests, judge_errors
from pipeline.checks.slowdown import FLOOR, Latencies, judge_slowdown
from pipeline.model import Outcome
from pipeline.watched import Answered

PASS, FAIL, UNSURE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = (60.0, 60.0, 300.0)
"""Seconds that the steps of pipeline.yaml's defaults are watched."""
LEVEL_HERE = level_of(STEPS, 5.0)


def close(found: float, exact: Fraction) -> bool:
    return found == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


@given(st.integers(0, 60), st.integers(-1, 62), st.fractions(0, 1, max_denominator=1000))
def test_the_binomial_tail_is_exact(things: int, hits: int, share: Fraction) -> None:
    exact = sum(
        (comb(things, at) * share**at * (1 - share) ** (things - at)
         for at in range(max(hits, 0), things + 1)),
        Fraction(0),
    )  # fmt: skip

    assert close(binomial_tail(hits, things, float(share)), exact)


two_samples = st.tuples(st.integers(1, 60), st.integers(0, 60)).flatmap(
    lambda sizes: st.tuples(
        st.integers(0, sizes[0]), st.just(sizes[0]), st.integers(0, sizes[1]), st.just(sizes[1])
    )
)


@given(two_samples)
def test_fishers_tail_is_exact(counts: tuple[int, int, int, int]) -> None:
    hits, things, other_hits, others = counts
    all_hits = hits + other_hits
    ways = [comb(things, at) * comb(others, all_hits - at) for at in range(all_hits + 1)]

    assert close(fisher_tail(*counts), Fraction(sum(ways[hits:]), comb(things + others, all_hits)))


def test_known_values() -> None:
    assert binomial_tail(5, 10, 0.5) == pytest.approx(0.623046875)
    assert fisher_tail(3, 4, 1, 4) == pytest.approx(17 / 70)  # the lady who tasted tea


@pytest.mark.parametrize("things", [3_000, 1_000_000])
def test_many_are_no_trouble(things: int) -> None:
    half = things // 2

    assert 0.5 < binomial_tail(half, things, 0.5) < 0.52
    assert 0.5 < fisher_tail(half, things, half, things) < 0.52
    assert binomial_tail(things, things, 0.01) == 0.0
    assert fisher_tail(things, things, 0, things) == 0.0
    assert binomial_tail(1, things, 0.99) == 1.0


@given(st.integers(1, 10**6), st.data())
def test_more_hits_are_never_likelier(things: int, data: st.DataObject) -> None:
    hits, share = data.draw(st.integers(0, things - 1)), data.draw(st.floats(0, 1))
    others = data.draw(st.integers(1, 10**6))
    theirs = data.draw(st.integers(0, others))

    for tail in (
        lambda at: binomial_tail(at, things, share),
        lambda at: fisher_tail(at, things, theirs, others),
    ):
        assert 0 <= tail(hits + 1) <= tail(hits) + 1e-9
        assert tail(hits) <= 1


CLEAN = Requests(900, 0)


@pytest.mark.parametrize(
    ("new", "old", "outcome", "evidence"),
    [
        (Requests(), CLEAN, UNSURE, "0 of at least 20 requests came"),
        (Requests(19, 19), CLEAN, UNSURE, "19 of at least 20 requests came, 19 of them failed"),
        (Requests(3, own=30), CLEAN, UNSURE,
         "3 of at least 20 requests came; 30 of 30 own probes answered well"),
        (Requests(20), None, PASS, "0 of 20 requests failed (0 %)"),
        (Requests(100, 1), Requests(90, 2), PASS,
         "1 of 100 requests failed (1 %); of the old one 2 of 90 requests failed (2.22 %)"),
        (Requests(100, 2), CLEAN, UNSURE,
         "2 of 100 requests failed (2 %): above 1 %, but it may be chance; "
         "of the old one 0 of 900 requests failed (0 %)"),
        (Requests(100, 20), CLEAN, FAIL,
         "20 of 100 requests failed (20 %), more than 1 %; "
         "of the old one 0 of 900 requests failed (0 %)"),
        (Requests(100, 20), None, FAIL, "20 of 100 requests failed (20 %), more than 1 %"),
        (Requests(100, 20), Requests(19, 19), FAIL,
         "20 of 100 requests failed (20 %), more than 1 %"),
        (Requests(100, 20), Requests(900, 200), UNSURE,
         "both fail: 20 of 100 requests failed (20 %); "
         "of the old one 200 of 900 requests failed (22.2 %); what they share is down"),
        (Requests(1000, 40), Requests(100, 1), UNSURE,
         "40 of 1000 requests failed (4 %): above 1 %, but not surely above the old one; "
         "of the old one 1 of 100 requests failed (1 %)"),
        (Requests(100, 90), Requests(900, 200), FAIL,
         "90 of 100 requests failed (90 %), more than 1 %; "
         "of the old one 200 of 900 requests failed (22.2 %)"),
    ],
)  # fmt: skip
def test_errors_are_judged_by_limit_and_by_the_old_one(
    new: Requests, old: Requests | None, outcome: Outcome, evidence: str
) -> None:
    verdict = judge_errors(new, old, 0.01, least=20, level=LEVEL_HERE)

    assert (verdict.outcome, verdict.evidence) == (outcome, evidence)
    assert verdict.sample == new.total


def test_where_no_error_is_borne_one_is_enough() -> None:
    assert judge_errors(Requests(20, 1), None, 0.0, least=1, level=LEVEL_HERE).outcome is FAIL


counts = st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)).map(
    lambda pair: Requests(max(pair), min(pair))
)


@given(counts, counts | st.none(), st.floats(0, 1), st.integers(1, 1000))
def test_errors_fail_only_when_enough_and_above_both(
    new: Requests, old: Requests | None, rate: float, least: int
) -> None:
    verdict = judge_errors(new, old, rate, least=least, level=LEVEL_HERE)

    if verdict.outcome is FAIL:
        assert new.total >= least
        assert new.share > rate
        assert old is None or old.total < least or new.share > old.share


def test_looking_often_makes_each_look_stricter() -> None:
    assert level_of([], 5) == LEVEL / 3
    assert level_of([10], 5) == LEVEL / 9
    assert level_of([10, 0, 11], 5) == LEVEL / 21
    assert level_of([86_400.0] * 9, 5) > 0


def alarms(releases: int, new: float, old: float, share: float = 0.5, each: int = 20) -> int:
    """How many of so many releases are stopped, with the requests' true rates of errors.

    Every step of the defaults is watched, with ``each`` requests between two looks.
    """
    chance, stopped = Random(5), 0
    for _ in range(releases):
        stopped += any(_fails_at(chance, step, new, old, share, each) for step in STEPS)
    return stopped


def _fails_at(
    chance: Random, seconds: float, new: float, old: float, share: float, each: int
) -> bool:
    is_last, looks = seconds == STEPS[-1], int(seconds // 5) + 1
    count = each if is_last else round(each * share)
    ours = _failed(chance, count, new, looks)
    theirs = _failed(chance, each - count, old, looks)
    for look, (mine, other) in enumerate(zip(ours, theirs, strict=True), 1):
        before = None if is_last else Requests((each - count) * look, other)
        requests = Requests(count * look, mine)
        if judge_errors(requests, before, 0.01, least=20, level=LEVEL_HERE).outcome is FAIL:
            return True
    return False


def _failed(chance: Random, count: int, rate: float, looks: int) -> Iterator[int]:
    return accumulate(sum(chance.random() < rate for _ in range(count)) for _ in range(looks))


@pytest.mark.parametrize(
    ("new", "old"), [(0.001, 0.001), (0.01, 0.01), (0.01, 0.0)], ids=["well", "limit", "old better"]
)
def test_healthy_releases_are_seldom_stopped(new: float, old: float) -> None:
    releases = 1500

    assert alarms(releases, new, old) <= 0.01 * releases


def test_what_the_old_one_fails_too_stops_no_step() -> None:
    chance = Random(5)
    steps = range(500)

    assert sum(_fails_at(chance, 60.0, 0.3, 0.3, 0.5, 20) for _ in steps) <= 0.01 * len(steps)


def found_after(rate: float, share: float, chance: Random) -> int:
    """How many requests a candidate gets until its errors are found; the old one has none."""
    new = failed = old = 0
    while True:
        for _ in range(10):
            if chance.random() < share:
                new, failed = new + 1, failed + (chance.random() < rate)
            else:
                old += 1
        verdict = judge_errors(
            Requests(new, failed), Requests(old), 0.01, least=20, level=LEVEL_HERE
        )
        if verdict.outcome is FAIL:
            return new


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize(("rate", "most"), [(1.0, 35), (0.2, 120), (0.05, 600)])
def test_a_sick_candidate_is_found_soon(rate: float, most: int, share: float) -> None:
    chance = Random(7)
    took = sorted(found_after(rate, share, chance) for _ in range(50))

    assert took[44] <= most  # nine in ten


seconds = st.floats(0.0011, 3600)


@given(st.lists(seconds, min_size=1), st.sampled_from([50, 95]))
def test_percentiles_are_within_two_percent(took: list[float], percent: int) -> None:
    latencies = Latencies().and_seconds(took)
    rank = -(-percent * len(took) // 100)
    true = sorted(took)[rank - 1]
    bound, rest = latencies.bound(percent)

    assert latencies.percentile(percent) == pytest.approx(true, rel=0.02)
    assert true <= bound * (1 + 1e-9)
    assert rest == len(took) - rank
    assert latencies.above(true * 0.97) >= len(took) - rank
    assert latencies.above(true * 1.001) <= sum(one > true for one in took)


def test_no_latency_is_too_many() -> None:
    latencies = Latencies().and_seconds(1.001**at * 1e-9 for at in range(60_000))

    assert latencies.total == 60_000
    assert len(latencies.counts) <= 1000
    assert Latencies().percentile(50) is None


def request(
    status: object = 200, latency: object = "0.100000s", agent: str = "a browser", at: float = 0,
    revision: str = "new",
) -> Entry:  # fmt: skip
    http = {"status": status, "latency": latency, "userAgent": agent}
    return Entry(BEGAN + timedelta(0, at), "requests", "", "INFO", revision, http=http)


@pytest.mark.parametrize(
    ("entry", "took"),
    [
        (request(latency="0.123s"), 0.123),
        (request(latency="3s"), 3.0),
        (request(latency="0.000000s"), 0.001),
        (request(404), 0.1),
        (request(latency="999999999s"), 86_400.0),
        (request(503), None),
        (request("500"), None),
        (request(101), None),
        (request(agent="ours"), None),
        (request(latency="-1s"), None),
        (request(latency="1e9s"), None),
        (request(latency="٣s"), None),
        (request(latency="9" * 10_000), None),
        (request(latency=None), None),
        (request(latency={"seconds": 1}), None),
        (request(latency=["1s"]), None),
    ],
)
def test_what_counts_as_a_latency(entry: Entry, took: float | None) -> None:
    found = Latencies().and_of([entry], "ours").percentile(50)

    assert found == (pytest.approx(took, rel=0.02) if took else None)


def around(median: float, count: int, chance: Random) -> Latencies:
    """Latencies as they often are: log-normal, the 95th percentile at three times the median."""
    return Latencies().and_seconds(median * chance.lognormvariate(0, 0.67) for _ in range(count))


def slowdown(new: Latencies, old: Latencies, most: float = 2.0) -> tuple[Outcome, str]:
    verdict = judge_slowdown(new, old, most, least=20, level=LEVEL_HERE)
    return verdict.outcome, verdict.evidence


def of(*took: float) -> Latencies:
    return Latencies().and_seconds(took)


def test_a_slow_candidate_is_told_by_how_much() -> None:
    quick, slow = of(*[0.1] * 100), of(*[0.5] * 100)
    tail = of(*[0.1] * 70, *[4.0] * 30)

    assert slowdown(of(*[0.12] * 100), quick) == (
        PASS, "median 119 ms, of the old one 100 ms, 95th percentile 119 ms, of the old one 100 ms",
    )  # fmt: skip
    outcome, evidence = slowdown(slow, quick)
    assert outcome is FAIL
    assert evidence == (
        "median 497 ms, of the old one 100 ms, 95th percentile 497 ms, of the old one 100 ms: "
        "more than 2 times as long"
    )
    assert slowdown(tail, quick) == (
        FAIL, "95th percentile 3973 ms, of the old one 100 ms: more than 2 times as long",
    )  # fmt: skip
    assert slowdown(quick, slow)[0] is PASS
    assert slowdown(of(*[0.5] * 19), quick) == (
        UNSURE, "19 answers, 100 of the old one: fewer than 20 say nothing",
    )  # fmt: skip
    assert slowdown(slow, of(*[0.1] * 19))[0] is UNSURE


def test_what_is_within_the_floor_is_not_slow() -> None:
    assert slowdown(of(*[0.002 + FLOOR] * 500), of(*[0.002] * 500))[0] is PASS


@pytest.mark.parametrize("old", [20, 200])
def test_as_quick_as_the_old_one_is_seldom_too_slow(old: int) -> None:
    """With no slack but the floor, and the old percentile known from few answers only."""
    chance, looks, releases = Random(3), 13, 300
    stopped = 0
    for _ in range(releases):
        before = around(1.0, old, chance)
        news = accumulate((around(1.0, 40, chance).counts for _ in range(looks)), _merged)
        outcomes = {slowdown(Latencies(new), before, 1.0)[0] for new in news}
        stopped += FAIL in outcomes
    assert stopped <= 0.01 * releases


def _merged(one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
    return {at: one.get(at, 0) + other.get(at, 0) for at in one | other}


def test_five_times_as_slow_is_found_at_once() -> None:
    chance = Random(3)
    outcomes = [slowdown(around(1.0, 100, chance), around(0.2, 100, chance))[0] for _ in range(200)]

    assert outcomes.count(FAIL) > 190


LIMITS = Limits(max_rate=0.01, max_slowdown=2, least=20, level=LEVEL_HERE)


def compared(*entries: Entry, others: str = "old", warm: float = 0) -> Comparison:
    began = Comparison(frozenset({others} if others else ()))
    return began.and_of(entries, BEGAN, BEGAN + timedelta(0, warm), "ours")


def test_both_are_seen_over_the_same_time() -> None:
    entries = [
        *(request(at=-1) for _ in range(30)),
        *(request(500, at=-1, revision="old") for _ in range(30)),
        *(request(at=at) for at in range(40)),
        *(request(500, at=at) for at in range(40)),
        *(request(latency="0.2s", at=at, revision="old") for at in range(30)),
        *(request(agent="ours", at=at) for at in range(7)),
        Entry(BEGAN, "stdout", "a line", "INFO", "new"),
    ]
    found = compared(*entries)

    assert found.new.requests.own == 7
    assert (found.new.summary().total, found.new.summary().failed) == (80, 40)
    assert found.old.summary() == Answered(
        30, 0, pytest.approx(0.2, rel=0.02), pytest.approx(0.2, rel=0.02)
    )
    assert [(one.check, one.outcome) for one in found.judge(LIMITS)] == [
        ("errors", FAIL), ("slowdown", PASS),
    ]  # fmt: skip


def test_where_nothing_else_serves_the_limits_alone_count() -> None:
    found = compared(*(request(500) for _ in range(30)), others="")

    assert [(one.check, one.outcome) for one in found.judge(LIMITS)] == [("errors", FAIL)]


def test_what_was_slow_while_instances_started_is_not_compared() -> None:
    cold = [request(latency="8s", at=at / 10) for at in range(60)]
    warm = [request(at=10 + at / 10) for at in range(60)]
    old = [request(at=at / 10, revision="old") for at in range(160)]

    def judge(one: Comparison) -> Outcome:
        return [*one.judge(LIMITS)][1].outcome

    assert judge(compared(*cold, *warm, *old)) is FAIL
    assert judge(compared(*cold, *warm, *old, warm=10)) is PASS
    assert compared(*cold, warm=10).new.summary() == Answered(60, 0, None, None)
