"""The watch over a step: what it shows, what it compares, how soon it sees, how long it waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.adapters.logging import Entry
from pipeline.adapters.web import Answer
from pipeline.context import Context
from pipeline.errors import ApiRefused
from pipeline.model import Outcome, Target, Verdict
from pipeline.release.candidate import candidate_of
from pipeline.stages.deploy import deploy
from pipeline.stages.verify import verify
from pipeline.steps.probing import AGENT, Prober
from pipeline.steps.watching import Watch
from pipeline.watched import Answered, Watched
from tests.unit.in_memory import Cloud, run

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
OLD = {"agents-1": 100}


class Users:
    """Users of the old and of the new revision, whose requests are in the log ``lag`` later.

    ``each_second`` is how many come to the new one; ``waits`` says how long it takes to answer,
    and ``fails`` which of them it fails, by their numbers.
    """

    lag = 3.0

    def __init__(self, context: Context, new: str) -> None:
        self.context, self.new = context, new
        self.each_second = {new: 5.0, "agents-1": 20.0}
        self.waits = {new: 0.1, "agents-1": 0.1}
        self.fails: dict[str, Callable[[int], bool]] = {}
        self.read: list[tuple[str, ...]] = []

    def newest(self, name: str, since: datetime, others: Sequence[str] = ()) -> Sequence[Entry]:
        self.read.append((name, *others))
        seconds = self.context.world.monotonic() - self.lag
        asked = [one for each in (name, *others) for one in self._of(each, seconds)]
        probes = [self._entry(name, at, 200, AGENT) for at in range(0, int(seconds), 2)]
        newest = sorted((*asked, *probes), key=lambda one: one.at, reverse=True)
        return [one for one in newest if one.at >= since][:3000]

    def _of(self, name: str, seconds: float) -> list[Entry]:
        each = self.each_second.get(name, 0)
        fails = self.fails.get(name, lambda number: False)
        return [
            self._entry(name, number / each, 500 if fails(number) else 200)
            for number in range(int(seconds * each))
        ]

    def _entry(self, name: str, at: float, status: int, agent: str = "a browser") -> Entry:
        http = {"status": status, "userAgent": agent, "latency": f"{self.waits[name]}s"}
        time, unique = BEGAN + timedelta(0, at), f"{name} {at} {agent}"
        return Entry(time, "requests", "", "INFO", name, id=unique, http=http)


class Step:
    """A candidate under a share of the traffic, and a watch over it."""

    def __init__(self, cloud: Cloud, context: Context, percent: int = 20) -> None:
        run(context, deploy, verify)
        found = candidate_of(cloud.found())
        assert found is not None
        self.cloud, self.context, self.candidate = cloud, context, found
        self.users = Users(context, found.revision)
        context.__dict__["logs"] = self.users
        self.shown: list[Watched] = []
        context.report.watched = self.shown.append  # type: ignore[method-assign]
        self.ticks: list[float] = []
        self.tick: Callable[[], None] = lambda: None
        self.give(percent)
        self.watch = Watch(context, found, (50, 100), list(OLD), self._tick)
        assert self.watch.begin() is None

    def _tick(self) -> None:
        self.ticks.append(self.context.world.monotonic())
        self.tick()

    def give(self, percent: int) -> None:
        new, tag = self.candidate.revision, Target(self.candidate.revision, 0, self.candidate.tag)
        others = [Target("agents-1", 100 - percent)] if percent < 100 else []
        self.cloud.ask(Target(new, percent), *others, tag)

    def during(self, seconds: float) -> Verdict | None:
        service = self.cloud.found()
        urls = (service.uri, f"https://{self.candidate.tag}---agents")
        prober = Prober.of(self.context, service)
        return self.watch.during(prober, urls, seconds, self.cloud.split)

    def verdict(self, check: str) -> Verdict:
        return next(one for one in self.watch.verdicts if one.check == check)


@pytest.fixture
def step(cloud: Cloud, context: Context) -> Step:
    return Step(cloud, context)


def with_traffic(context: Context, **changes: object) -> None:
    traffic = context.config.traffic.model_copy(update=changes)
    config = context.config.model_copy(update={"traffic": traffic})
    object.__setattr__(context, "config", config)


def test_a_healthy_step_is_shown_while_it_is_watched(step: Step) -> None:
    new = step.candidate.revision

    assert step.during(60) is None

    assert {one.split[new] for one in step.shown} == {20}
    assert all(one.candidate == new for one in step.shown)
    left = [one.left for one in step.shown]
    assert left == sorted(left, reverse=True)
    assert left[0] == 58
    assert left[-1] == 0
    last = step.shown[-1]
    assert last.before is not None
    tenth = pytest.approx(0.1, rel=0.02)
    assert last.new == Answered(last.new.total, 0, tenth, tenth)
    assert last.before == Answered(last.before.total, 0, tenth, tenth)
    assert 280 <= last.new.total <= 320
    assert 1120 <= last.before.total <= 1280
    assert step.verdict("errors").outcome is Outcome.PASS
    assert step.verdict("slowdown").outcome is Outcome.PASS


def test_one_reading_serves_both_revisions(step: Step) -> None:
    step.during(60)

    first, *others = step.users.read
    assert first == (step.candidate.revision,)
    assert set(others) == {(step.candidate.revision, "agents-1")}
    assert len(others) <= 12


def test_each_step_has_a_window_of_its_own(step: Step) -> None:
    step.users.fails[step.candidate.revision] = lambda number: number < 30
    step.context.world.sleep(60)
    step.give(50)

    assert step.during(30) is None
    assert step.shown[-1].new.failed == 0

    step.during(20)
    assert step.shown[-1].new.total < 120


def test_errors_of_the_new_one_alone_are_found(step: Step) -> None:
    step.users.fails[step.candidate.revision] = lambda number: number % 4 == 0
    began = step.context.world.monotonic()

    failed = step.during(60)

    assert failed is not None
    assert failed.check == "errors"
    assert "more than 1 %; of the old one 0 of" in failed.evidence
    assert step.context.world.monotonic() - began < 20


def test_errors_that_both_have_are_not_the_candidates(step: Step) -> None:
    for name in (step.candidate.revision, "agents-1"):
        step.users.fails[name] = lambda number: number % 4 == 0

    assert step.during(60) is None
    assert step.verdict("errors").outcome is Outcome.INCONCLUSIVE
    assert step.verdict("errors").evidence.startswith("both fail: ")


def test_a_slower_one_is_found(step: Step) -> None:
    step.users.waits[step.candidate.revision] = 0.9

    failed = step.during(60)

    assert failed is not None
    assert failed.check == "slowdown"
    assert failed.evidence.endswith("more than 2 times as long")


def test_at_all_traffic_the_limits_alone_count(step: Step) -> None:
    step.give(100)
    step.users.waits[step.candidate.revision] = 0.9

    assert step.during(60) is None
    assert step.shown[-1].before is None
    assert step.users.read[-1] == (step.candidate.revision,)
    step.users.fails[step.candidate.revision] = lambda number: number % 4 == 0
    failed = step.during(60)
    assert failed is not None
    assert failed.check == "errors"


def test_where_few_users_came_the_own_probes_are_told(step: Step) -> None:
    step.users.each_second[step.candidate.revision] = 0.05

    assert step.during(60) is None

    told = step.verdict("errors")
    assert told.outcome is Outcome.INCONCLUSIVE
    assert told.evidence == "2 of at least 20 requests came; 30 of 30 own probes answered well"
    assert step.verdict("slowdown").outcome is Outcome.INCONCLUSIVE


def test_a_step_waits_for_users_where_it_is_told_to(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    with_traffic(context, wait_for_requests=300.0)
    step = Step(cloud, context)
    step.users.each_second[step.candidate.revision] = 0.2
    began = context.world.monotonic()

    assert step.during(10) is None

    assert 95 <= context.world.monotonic() - began <= 120
    assert step.verdict("errors").outcome is Outcome.PASS
    said = capsys.readouterr().out
    assert " of at least 20 requests came: watched for up to 300 s longer" in said


def test_it_waits_no_longer_than_that(cloud: Cloud, context: Context) -> None:
    with_traffic(context, wait_for_requests=30.0)
    step = Step(cloud, context)
    step.users.each_second[step.candidate.revision] = 0
    began = context.world.monotonic()

    assert step.during(10) is None
    assert context.world.monotonic() - began == 40
    assert step.verdict("errors").outcome is Outcome.INCONCLUSIVE


def test_the_tick_comes_each_round_and_may_stop_it(step: Step) -> None:
    step.during(20)
    assert len(step.ticks) == 10

    def taken() -> None:
        raise ApiRefused("somebody moved traffic", remedy="look")

    step.tick = taken
    with pytest.raises(ApiRefused, match="somebody moved traffic"):
        step.during(20)
    assert len(step.ticks) == 11


def test_a_sick_candidate_is_found_before_the_log_is_read_or_anything_else_asked(
    step: Step,
) -> None:
    began, read = step.context.world.monotonic(), len(step.users.read)
    step.cloud.sick.add(step.candidate.revision)
    asked, get = list[str](), step.context.world.get

    def counted(url: str, headers: Mapping[str, str], deadline: float) -> Answer:
        asked.append(url)
        return get(url, headers, deadline)

    object.__setattr__(step.context, "world", replace(step.context.world, get=counted))
    failed = step.during(2)

    assert failed is not None
    assert failed.check == "health"
    assert asked == [f"https://{step.candidate.tag}---agents/health"] * 2
    assert step.context.world.monotonic() - began == 2
    assert (len(step.users.read), step.ticks) == (read, [])


def test_one_bad_answer_is_chance_and_a_second_is_not(step: Step) -> None:
    answers = iter([503, 200, 200, 200, 200])
    get = step.context.world.get
    flaky = replace(
        step.context.world, get=lambda *asked: replace(get(*asked), status=next(answers, 200))
    )
    object.__setattr__(step.context, "world", flaky)
    assert step.during(10) is None

    answers = iter([503, 200, 200, 503])
    failed = step.during(10)
    assert failed is not None
    assert failed.evidence.startswith("it answered 503")


def test_the_candidate_is_not_compared_with_itself(step: Step) -> None:
    watch = Watch(step.context, step.candidate, (50, 100), [step.candidate.revision], lambda: None)
    service = step.cloud.found()
    watch.during(Prober.of(step.context, service), [service.uri], 10, step.cloud.split)

    assert step.shown[-1].before is None
