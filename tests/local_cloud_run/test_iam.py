"""Who may call a service (API facts §4.4, §5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.local_cloud_run.api.iam import Tokens, authorise
from pipeline.local_cloud_run.state import events
from pipeline.local_cloud_run.values import Refusal
from tests.local_cloud_run.model import KEY, Model

URI = "http://127.0.0.1:1234"
TOKENS = Tokens(b"k" * 32)
REFUSED = (
    "The request was not authenticated. Either allow public access or set the proper "
    "Authorization header."
)


def ask(model: Model, **headers: str) -> Refusal | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return authorise(model.service, URI, named, TOKENS, model.now)


def token(model: Model, audience: str = URI) -> str:
    return TOKENS.issue(audience, "a@b", model.now, include_email=True)


def test_a_new_service_is_private() -> None:
    assert ask(Model().serving()) == Refusal(403, REFUSED)


@pytest.mark.parametrize("role", ["roles/run.invoker", "roles/run.servicesInvoker"])
def test_all_users_make_it_public(role: str) -> None:
    model = Model().serving()
    model.send(events.SetPolicy(KEY, ({"role": role, "members": ["allUsers"]},)))
    assert ask(model) is None


def test_other_bindings_do_not() -> None:
    model = Model().serving()
    for binding in ({"role": "roles/run.invoker", "members": ["user:a@b"]},
                    {"role": "roles/viewer", "members": ["allUsers"]}):  # fmt: skip
        model.send(events.SetPolicy(KEY, (binding,)))
        assert ask(model) is not None


def test_the_check_can_be_switched_off() -> None:
    model = Model().serving()
    model.update({"invokerIamDisabled": True}, "invokerIamDisabled")
    assert ask(model) is None


def test_an_id_token_for_this_service_opens_it() -> None:
    model = Model().serving()
    assert ask(model, Authorization=f"Bearer {token(model)}") is None
    assert ask(model, authorization=f"bearer {token(model)}") is None


def test_the_serverless_header_wins() -> None:
    model = Model().serving()
    good, bad = f"Bearer {token(model)}", "Bearer the-app's-own"
    assert ask(model, X_Serverless_Authorization=good, Authorization=bad) is None
    assert ask(model, X_Serverless_Authorization=bad, Authorization=good) == Refusal(401, REFUSED)


def test_a_custom_audience() -> None:
    model = Model().serving()
    mine = f"Bearer {token(model, 'https://mine')}"
    assert ask(model, Authorization=mine) == Refusal(401, REFUSED)
    model.update({"customAudiences": ["https://mine"]}, "customAudiences")
    assert ask(model, Authorization=mine) is None


def test_an_expired_token() -> None:
    model = Model().serving()
    old = token(model)
    model.now += timedelta(hours=1, seconds=1)
    assert ask(model, Authorization=f"Bearer {old}") == Refusal(401, REFUSED)


def test_a_token_of_another_server() -> None:
    model = Model().serving()
    foreign = Tokens(b"x" * 32).issue(URI, "a@b", model.now, include_email=False)
    assert ask(model, Authorization=f"Bearer {foreign}") == Refusal(401, REFUSED)


@pytest.mark.parametrize("token", ["caf\udce9", "a.b.caf\udce9", "a.b.é"])
def test_a_token_that_is_no_ascii_is_refused(token: str) -> None:
    assert ask(Model().serving(), Authorization=f"Bearer {token}") == Refusal(401, REFUSED)


@given(st.text(min_size=1))
def test_nonsense_is_refused(text: str) -> None:
    assert TOKENS.claims(text, Model().now) is None


@given(st.integers(0, 200), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_token_is_refused(place: int, letter: str) -> None:
    model = Model()
    good = token(model)
    place %= len(good)
    changed = good[:place] + letter + good[place + 1 :]
    assert changed == good or TOKENS.claims(changed, model.now) is None
