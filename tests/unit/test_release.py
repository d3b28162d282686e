"""Notes on the service: what is written is read again; a rollback never goes to a bad revision."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.model import Outcome, Service, Target, pinned, step
from pipeline.release.candidate import (
    CANDIDATE,
    Candidate,
    candidate_of,
    note_candidate,
    note_job,
    note_verdict,
)
from pipeline.release.history import (
    KEPT,
    RELEASES,
    Release,
    not_restored,
    note_released,
    releases_of,
    rollback_targets,
)
from pipeline.release.jobs import JobRun
from pipeline.release.variables import note_variables, variables_of

SERVICE = Service(
    name="agents", uri="", etag="", reconciling=False, ready=True, message="",
    latest_created="", latest_ready="", image="", traffic=(), serving=(), annotations={},
)  # fmt: skip
FIRST = Candidate("agents-1", "c-1", "image@sha256:1", "2026-01-01T00:00:00+00:00", {})

texts = st.text(max_size=20)
times = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
job_runs = st.builds(JobRun, texts, texts, st.booleans(), times)
candidates = st.builds(
    Candidate, texts, texts, texts, times, st.dictionaries(texts, st.integers(0, 100), max_size=3),
    texts, st.sampled_from(["", *Outcome]), texts, st.lists(job_runs, max_size=3).map(tuple),
)  # fmt: skip
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)

NOW = "2026-01-02T03:04:05+00:00"


@given(candidates)
def test_a_candidate_is_read_as_it_was_written(candidate: Candidate) -> None:
    assert candidate_of(replace(SERVICE, annotations=note_candidate(candidate))) == candidate


@given(candidates, st.sampled_from(Outcome))
def test_a_verdict_is_kept_with_its_time(candidate: Candidate, outcome: Outcome) -> None:
    read = candidate_of(replace(SERVICE, annotations=note_verdict(candidate, outcome, "today")))

    assert read is not None
    assert (read.verdict, read.verified) == (outcome, "today")
    assert read.is_verified == (outcome is Outcome.PASS)


def test_a_released_candidate_is_the_newest_release_and_no_candidate() -> None:
    service = SERVICE
    for number in range(KEPT + 2):
        before = {f"agents-{number - 1}": 100} if number else {}
        candidate = replace(FIRST, revision=f"agents-{number}", before=before)
        service = replace(service, annotations=note_released(service, candidate, NOW))

    assert candidate_of(service) is None
    assert [one.revision for one in releases_of(service)] == [
        f"agents-{number}" for number in reversed(range(2, KEPT + 2))
    ]


@given(candidates, job_runs)
def test_a_job_that_ran_is_kept_and_makes_the_verdict_void(
    candidate: Candidate, job: JobRun
) -> None:
    read = candidate_of(replace(SERVICE, annotations=note_job(candidate, job)))

    assert read is not None
    assert read.jobs == (*candidate.jobs, job)
    assert not read.is_verified


@given(candidates)
def test_a_release_keeps_the_jobs_of_its_candidate(candidate: Candidate) -> None:
    service = replace(SERVICE, annotations=note_released(SERVICE, candidate, NOW))

    assert releases_of(service)[0].jobs == candidate.jobs


def test_notes_from_before_there_were_jobs_are_read() -> None:
    note = {name: value for name, value in asdict(FIRST).items() if name != "jobs"}
    release = {"revision": "a", "image": "i", "verified": NOW, "since": NOW, "commit": ""}
    annotations = {
        CANDIDATE: json.dumps({"v": 1, "note": note}),
        RELEASES: json.dumps({"v": 1, "note": [release]}),
    }

    assert candidate_of(replace(SERVICE, annotations=annotations)) == FIRST
    assert releases_of(replace(SERVICE, annotations=annotations)) == (Release(**release),)


def test_a_rollback_does_not_restore_what_others_did_since() -> None:
    def ran(name: str, day: int, *, reversible: bool = False) -> JobRun:
        return JobRun(name, f"{name}-x", reversible, f"2026-01-0{day}T00:00:00+00:00")

    service = SERVICE
    for number, jobs in enumerate([[ran("a", 1)], [ran("b", 2)], [ran("c", 3, reversible=True)]]):
        candidate = replace(FIRST, revision=f"agents-{number}", jobs=tuple(jobs))
        service = replace(service, annotations=note_released(service, candidate, NOW))
    under_way = replace(FIRST, revision="agents-3", jobs=(ran("d", 4),))
    service = replace(service, annotations=service.annotations | note_candidate(under_way))

    def left(revision: str, day: int) -> list[str]:
        made = datetime(2026, 1, day, tzinfo=UTC)
        return [job.name for job in not_restored(service, revision, made)]

    assert left("agents-2", 3) == ["d"]
    assert left("agents-1", 2) == ["d"]
    assert left("agents-0", 1) == ["d", "b"]
    assert left("of another tool", 3) == ["d"]
    assert left("agents-3", 4) == []


@given(st.sets(texts))
def test_the_names_of_variables_are_read_as_they_were_written(names: set[str]) -> None:
    assert variables_of(replace(SERVICE, annotations=note_variables(names))) == names


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", "7", '"text"', "[" * 100_000, "{}", '{"v":1}',
        '{"v":1,"note":null}', '{"v":1,"note":{}}', '{"v":1,"note":["text"]}',
        '{"v":1,"note":{"revision":"a","unheard":"of"}}', '{"v":1,"note":[{"revision":"a"}]}',
        '{"v":2,"note":{"revision":"a","tag":"b","image":"c","created":"d","before":{}}}',
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_unreadable_and_future_notes_are_absent(text: str) -> None:
    service = replace(SERVICE, annotations={CANDIDATE: text, RELEASES: text})

    assert candidate_of(service) is None
    assert releases_of(service) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"revision": 7}, {"tag": None}, {"commit": ["a"]}, {"verdict": {}},
        {"before": "agents-1"}, {"before": ["agents-1"]}, {"before": {"agents-1": "100"}},
        {"before": {"agents-1": True}}, {"created": "yesterday"},
        {"created": "2026-01-01T00:00:00"}, {"jobs": None}, {"jobs": "migrate"}, {"jobs": [7]},
        {"jobs": [{"name": "migrate"}]},
        {"jobs": [{"name": "m", "execution": "e", "reversible": "no", "ended": NOW}]},
        {"jobs": [{"name": "m", "execution": "e", "reversible": False, "ended": "today"}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_candidate_with_a_value_of_another_kind_is_absent(wrong: dict[str, object]) -> None:
    note = json.dumps({"v": 1, "note": {**asdict(FIRST), **wrong}})

    assert candidate_of(replace(SERVICE, annotations={CANDIDATE: note})) is None


@pytest.mark.parametrize(
    "wrong", [{"revision": 7}, {"since": None}, {"commit": []}, {"jobs": [None]}], ids=str
)
def test_releases_with_a_value_of_another_kind_are_absent(wrong: dict[str, object]) -> None:
    note = json.dumps({"v": 1, "note": [{**asdict(releases("a")[0]), **wrong}]})

    assert releases_of(replace(SERVICE, annotations={RELEASES: note})) == ()


@given(documents)
def test_no_document_in_a_note_raises(document: object) -> None:
    text = json.dumps({"v": 1, "note": document})
    service = replace(SERVICE, annotations={CANDIDATE: text, RELEASES: text})

    candidate_of(service)
    releases_of(service)


@dataclass
class History:
    """What a service went through: its notes, its split, and who was rolled away from."""

    service: Service = field(default=SERVICE)
    made: int = 0
    bad: set[str] = field(default_factory=set)

    def serve(self, split: dict[str, int]) -> None:
        self.service = replace(self.service, serving=pinned(split))

    def note(self, notes: dict[str, str]) -> None:
        self.service = replace(self.service, annotations={**self.service.annotations, **notes})

    @property
    def split(self) -> dict[str, int]:
        return {str(one.revision): one.percent for one in self.service.serving}


class Histories(RuleBasedStateMachine):
    """Releases, half-finished shifts and rollbacks, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History()

    @property
    def target(self) -> Release | None:
        found = rollback_targets(self.history.service, releases_of(self.history.service))
        return next(iter(found), None)

    @property
    def candidate(self) -> Candidate | None:
        return candidate_of(self.history.service)

    @precondition(lambda self: self.candidate is None)
    @rule()
    def deploy(self) -> None:
        history = self.history
        history.made += 1
        name = f"agents-{history.made}"
        history.note(note_candidate(replace(FIRST, revision=name, before=history.split)))
        if not history.split:
            history.serve({name: 100})

    @precondition(lambda self: self.candidate is not None)
    @rule(percent=st.integers(1, 99))
    def climb(self, percent: int) -> None:
        assert self.candidate is not None
        self.history.serve(step(self.history.split, self.candidate.revision, percent))

    @precondition(lambda self: self.candidate is not None)
    @rule(crash=st.booleans())
    def finish(self, crash: bool) -> None:
        """At the top; ``crash`` leaves it there before the notes say so."""
        assert self.candidate is not None
        self.history.serve({self.candidate.revision: 100})
        if not crash:
            self.history.note(note_released(self.history.service, self.candidate, NOW))

    @precondition(lambda self: self.target is not None)
    @rule()
    def roll_back(self) -> None:
        assert self.target is not None
        left, to = set(self.history.split), self.target.revision
        self.history.bad |= left - {to}
        self.history.serve({to: 100})
        self.history.note({CANDIDATE: ""})

    @invariant()
    def the_target_is_neither_serving_alone_nor_rolled_away_from(self) -> None:
        if self.target is not None:
            assert self.target.revision not in self.history.bad
            assert self.history.split != {self.target.revision: 100}

    @invariant()
    def a_candidate_with_traffic_goes_back_to_the_newest_that_served_before(self) -> None:
        candidate = self.candidate
        if candidate is not None and candidate.revision in self.history.split and candidate.before:
            assert self.target is not None
            assert self.target.revision in candidate.before


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def releases(*names: str) -> list[Release]:
    return [Release(name, "image", "today", "today") for name in names]


@pytest.mark.parametrize(
    ("serving", "known", "target"),
    [
        ({"c": 100}, "cba", "b"),
        ({"b": 100}, "cba", "a"),
        ({"a": 100}, "cba", None),
        ({"c": 50, "b": 50}, "cba", "b"),
        ({"by-hand": 100}, "cba", "c"),
        ({"c": 100}, "", None),
        ({}, "ba", "b"),
    ],
)
def test_without_a_candidate_it_is_the_one_before(
    serving: dict[str, int], known: str, target: str | None
) -> None:
    service = replace(SERVICE, serving=tuple(Target(*one) for one in serving.items()))
    found = rollback_targets(service, releases(*known))

    assert (found[0].revision if found else None) == target


@pytest.mark.parametrize(
    ("asked", "noted", "target"),
    [("x", False, "b"), ("x", True, "b"), ("b", False, "a"), ("b", True, "a")],
    ids=["by hand", "half a shift", "settled", "a candidate in the dark"],
)
def test_what_serves_is_gone_back_to_where_something_else_was_asked_for(
    asked: str, noted: bool, target: str
) -> None:
    candidate = replace(FIRST, revision="x", before={"b": 100})
    service = replace(
        SERVICE, serving=(Target("b", 100),), traffic=(Target(asked, 100),),
        annotations=note_candidate(candidate) if noted else {},
    )  # fmt: skip

    assert rollback_targets(service, releases("b", "a"))[0].revision == target
