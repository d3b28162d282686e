"""What the replay makes of answers and of the request log: it can tell bad from good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.adapters.logging import Entry
from pipeline.adapters.visitors import VISITOR
from pipeline.adapters.web import Answer
from tests.replay.cases import BY_VERIFY, BY_WATCH, merged
from tests.replay.running import Released, of_release
from tests.replay.users import met

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
GOOD, BAD = "hello-1", "hello-2"


def seen(*answers: Answer) -> list[tuple[datetime, Answer]]:
    return [(BEGAN + timedelta(seconds=n), answer) for n, answer in enumerate(answers)]


def answered(revision: str, status: int = 200) -> Answer:
    return Answer(status, {"X-Revision": revision} if revision else {})


def logged(second: int, revision: str, status: int = 200, agent: str = VISITOR) -> Entry:
    at = BEGAN + timedelta(seconds=second)
    return Entry(at, "requests", "", "", revision, http={"userAgent": agent, "status": status})


def test_all_is_well_where_the_good_one_answers() -> None:
    found = met(seen(answered(GOOD), answered(GOOD)), [logged(0, GOOD), logged(1, GOOD)], {GOOD})

    assert (found.requests, found.failed, found.by_bad, found.share) == (2, 0, 0, 0)


def test_an_answer_of_the_bad_one_counts_by_its_word_or_by_the_log() -> None:
    assert met(seen(answered(GOOD), answered(BAD)), [], {GOOD}).by_bad == 1
    assert met(seen(answered(GOOD)), [logged(0, BAD)], {GOOD}).by_bad == 1


def test_probes_of_the_pipeline_are_no_users() -> None:
    assert (
        met(seen(answered(GOOD)), [logged(0, BAD, agent="cloud-run-pipeline")], {GOOD}).by_bad == 0
    )


def test_a_failure_of_the_front_end_is_told_from_one_of_the_bad_revision_by_the_log() -> None:
    answers = seen(answered(GOOD), answered("", 503), answered("", 503))

    assert met(answers, [logged(1, BAD, 503), logged(2, BAD, 503)], {GOOD}).failed_elsewhere == 0
    assert met(answers, [logged(1, BAD, 503), logged(2, GOOD, 503)], {GOOD}).failed_elsewhere == 1


def test_the_share_is_of_the_time_in_which_the_bad_one_served() -> None:
    answers = seen(*[answered(name) for name in (GOOD, GOOD, BAD, GOOD, GOOD, BAD, GOOD)])

    found = met(answers, [], {GOOD})

    assert (found.share, found.seconds) == (50.0, 3.0)


def test_a_release_that_went_on_or_was_called_something_else_is_wrong() -> None:
    case = next(case for case in BY_VERIFY if case.name == "V03-database_elsewhere")
    named, other = "✗ it failed\n  V03     Healthy\n", "✗ it failed\n  V04     A line\n"

    assert not list(of_release(Released(case, "verify", named, 1.0, {})))
    assert not list(of_release(Released(case, "smoke", named, 1.0, {})))
    assert list(of_release(Released(case, "verify", other, 1.0, {}))) == ["V03 was not named"]
    assert list(of_release(Released(case, "shift", named, 1.0, {})))
    assert list(of_release(Released(case, "", named, 1.0, {})))


def test_every_watched_failure_leaves_the_first_step_as_it_is() -> None:
    assert all("steps" not in case.settings.get("traffic", {}) for case in BY_WATCH)


def test_sections_are_merged_and_values_replaced() -> None:
    assert merged({"run": {"a": 1, "b": 2}, "x": [1]}, {"run": {"b": 3}, "x": [2]}) == {
        "run": {"a": 1, "b": 3}, "x": [2],
    }  # fmt: skip
