"""Tokens that outlast a long step, health that must last, and few enough readings of a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from google.auth import compute_engine

from pipeline.adapters.google import Google
from pipeline.adapters.identity import IdTokens
from pipeline.adapters.logging import Logs
from pipeline.adapters.web import Answer
from pipeline.context import Context
from pipeline.model import Outcome
from pipeline.steps.probing import AGENT, LOG_LAG, Asked, Prober
from tests.unit.in_memory import Cloud

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_token_is_made_anew_before_it_expires(cloud: Cloud, context: Context) -> None:
    made: list[str] = []
    context.id_tokens.header = lambda audience: {"token": f"{made.append(audience)}{len(made)}"}
    cloud.public = False
    prober = Prober.of(context, cloud.found())

    first = dict(prober.headers)
    context.world.sleep(200)
    assert prober.headers == first
    context.world.sleep(200)
    assert prober.headers != first
    assert made == ["https://agents"] * 2


def test_a_public_service_needs_no_token(cloud: Cloud, context: Context) -> None:
    assert Prober.of(context, cloud.found()).headers == {}


def answering(context: Context, answer: Callable[[int, Mapping[str, str]], Answer], **keys: object):
    """The context where the nth request, from 1 on, gets this answer, and its requests."""
    asked: list[tuple[str, Mapping[str, str]]] = []

    def ask(url: str, headers: Mapping[str, str], deadline: float) -> Answer:
        asked.append((url, headers))
        return answer(len(asked), headers)

    world = replace(context.world, get=ask, options=ask)
    sections = {
        section: getattr(context.config, section).model_copy(update=changes)
        for section, changes in keys.items()
    }
    config = context.config.model_copy(update=sections)
    changed = replace(context, config=config, world=world)
    changed.__dict__.update({**context.__dict__, "config": config, "world": world})
    return changed, asked


def good(seconds: float = 0.01) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, b'{"revision": "agents-1"}', seconds)


def test_health_is_asked_for_until_it_is_good_and_then_over_the_settling_time(
    context: Context,
) -> None:
    there, asked = answering(
        context, lambda at, _: good() if at > 3 else Answer(503), health={"settle": 2, "probes": 4}
    )
    began = there.world.monotonic()
    verdict, last = Prober(there).health("https://agents", 10)

    assert (verdict.outcome, verdict.sample, len(asked)) == (Outcome.PASS, 8, 8)
    assert last.trace in asked[-1][1]["traceparent"]
    assert 2 <= there.world.monotonic() - began < 5
    assert {headers["User-Agent"] for _, headers in asked} == {AGENT}


def test_health_that_does_not_last_is_none(context: Context) -> None:
    there, _ = answering(context, lambda at, _: Answer(503) if at % 3 == 0 else good())
    verdict, _ = Prober(there).health("https://agents", 10)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.evidence == "it flaps: 2 of 5 answers were bad: it answered 503"


def test_health_that_never_comes_is_told_in_time(context: Context) -> None:
    there, _ = answering(context, lambda *_: Answer(failure="connection refused"))
    verdict, _ = Prober(there).health("https://agents", 10)

    assert (verdict.outcome, verdict.evidence) == (Outcome.FAIL, "connection refused")
    assert there.world.monotonic() < 12


def test_slow_answers_do_not_take_for_ever(context: Context) -> None:
    def hang(at: int, _: Mapping[str, str]) -> Answer:
        context.world.sleep(0 if at == 1 else 10)
        return good(10) if at == 1 else Answer(failure="no complete answer within 10 s")

    there, asked = answering(context, hang, health={"probes": 100})
    verdict, _ = Prober(there).health("https://agents", 10)

    assert verdict.outcome is Outcome.FAIL
    assert len(asked) < 5
    assert there.world.monotonic() < 60


@pytest.mark.parametrize("where", ["revision", "header:X-Revision"])
def test_who_answers_is_known_at_once_where_the_service_says_so(
    context: Context, where: str
) -> None:
    there, _ = answering(context, lambda *_: good(), health={"revision": where})
    told = replace(good(), headers={"X-Revision": "agents-1"})
    there.__dict__["logs"] = SimpleNamespace()
    prober = Prober(there)

    assert prober.identity(Asked("0" * 32, told), "agents-1", NOW).outcome is Outcome.PASS
    assert prober.identity(Asked("0" * 32, told), "agents-2", NOW).outcome is Outcome.FAIL
    assert there.world.monotonic() == 0


def test_who_answers_is_asked_of_the_request_log_where_the_service_does_not_say(
    cloud: Cloud, context: Context
) -> None:
    there, _ = answering(context, lambda *_: good(), health={"revision": "header:X-Revision"})
    cloud.answered["0" * 32] = "agents-1"

    verdict = Prober(there).identity(Asked("0" * 32, good()), "agents-1", NOW)

    assert verdict.evidence == "agents-1 answered, says the request log"


ORIGINS = {"origins": ("https://app.example.com",), "path": "/api"}


def test_a_preflight_is_asked_with_a_token_and_again_where_no_answer_came(
    context: Context,
) -> None:
    allowed = Answer(204, {"Access-Control-Allow-Origin": "*"})
    there, asked = answering(
        context, lambda at, _: allowed if at > 2 else Answer(failure="reset"), cors=ORIGINS
    )
    verdict = Prober(there, "https://agents").cors("https://c-1---agents")

    assert verdict.outcome is Outcome.PASS
    assert [url for url, _ in asked] == ["https://c-1---agents/api"] * 3
    assert asked[0][1]["Origin"] == "https://app.example.com"
    assert "X-Serverless-Authorization" in asked[0][1]


def test_a_preflight_that_gets_no_answer_fails_in_the_end(context: Context) -> None:
    there, _ = answering(context, lambda *_: Answer(failure="reset"), cors=ORIGINS)

    verdict = Prober(there).cors("https://agents")

    assert verdict.outcome is Outcome.FAIL
    assert verdict.evidence == "https://app.example.com is blocked: reset"
    assert there.world.monotonic() < 10


def test_a_log_that_stays_empty_is_read_within_the_quota(cloud: Cloud, context: Context) -> None:
    read: list[str] = []
    context.__dict__["logs"] = SimpleNamespace(
        of_trace=lambda trace, since: read.append(trace) or []
    )
    verdict = Prober(context).identity(Asked("0" * 32), "agents-1", NOW)

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert context.world.monotonic() >= LOG_LAG
    assert len(read) < 20


def test_a_clock_that_is_ahead_of_googles_hides_no_entry() -> None:
    asked: list[str] = []

    def post(api: str, path: str, body: dict[str, str]) -> dict[str, object]:
        asked.append(body["filter"])
        return {}

    logs = Logs(SimpleNamespace(post=post), "p", "l", "agents")
    logs.of_revision("agents-1", NOW)
    logs.of_trace("0" * 32, NOW)

    assert all('timestamp>="2025-12-31T23:50:00+00:00"' in one for one in asked)


@pytest.mark.parametrize(
    ("credentials", "account"),
    [
        (SimpleNamespace(service_account_email="deploy@p.iam"), "deploy@p.iam"),
        (SimpleNamespace(service_account_email=None), ""),
        (SimpleNamespace(), ""),
        (compute_engine.Credentials(service_account_email="known@p.iam"), ""),
    ],
)
def test_googles_own_machines_need_no_role_for_a_token(credentials: object, account: str) -> None:
    google = Google()
    google.__dict__["credentials"] = credentials

    assert IdTokens(google, "p")._account() == account
