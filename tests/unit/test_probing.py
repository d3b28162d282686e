"""Tokens that outlast a long step, and no more readings of a log than a project is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.auth import compute_engine

from pipeline.adapters.google import Google
from pipeline.adapters.identity import IdTokens
from pipeline.adapters.logging import Logs
from pipeline.context import Context
from pipeline.model import Outcome
from pipeline.steps.probing import LOG_LAG, Prober
from tests.unit.in_memory import Cloud, a_context, serving

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cloud() -> Cloud:
    return serving()


@pytest.fixture
def context(cloud: Cloud, tmp_path: Path) -> Context:
    return a_context(cloud, tmp_path)


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


def test_a_log_that_stays_empty_is_read_within_the_quota(cloud: Cloud, context: Context) -> None:
    read: list[str] = []
    context.__dict__["logs"] = SimpleNamespace(
        of_trace=lambda trace, since: read.append(trace) or []
    )
    verdict = Prober(context).identity("0" * 32, "agents-1", NOW)

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
