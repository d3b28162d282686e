"""Cloud Storage over HTTP: what each answer becomes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from pipeline.adapters.google import Google
from pipeline.adapters.storage import Storage, Stored
from pipeline.context import Context
from pipeline.errors import ApiUnreachable, PermissionMissing, SourceRefused
from pipeline.model import Source
from pipeline.steps.building import _own_bucket, _uploaded
from tests.unit.in_memory import Cloud, a_context

STORED = {"bucket": "b", "name": "n", "generation": "7", "md5Hash": "abc="}


class Session:
    """Answers, one after the other; ``sent`` has the bodies of uploads."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []
        self.urls: list[str] = []

    def get(self, url: str, **_: object) -> requests.Response:
        return self._next(url)

    def post(self, url: str, data: io.BytesIO, **_: object) -> requests.Response:
        self.sent.append(data.read())
        return self._next(url)

    def _next(self, url: str) -> requests.Response:
        self.urls.append(url)
        status, body = self.answers.pop(0)
        answer = requests.Response()
        answer.status_code, answer._content = status, json.dumps(body).encode()
        answer.request = requests.Request("GET", url).prepare()
        return answer


def storage(session: Session) -> Storage:
    google = Google()
    google.__dict__["session"] = session
    return Storage.of(google, {})


def test_an_upload_is_begun_anew_from_its_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    session = Session((503, {}), (429, {}), (200, STORED))

    stored = storage(session).upload("b", "n", io.BytesIO(b"bytes"))
    assert session.sent == [b"bytes"] * 3
    assert (stored.generation, stored.md5) == (7, "abc=")


def test_a_name_cannot_leave_its_place_in_the_url() -> None:
    session = Session((404, {}))

    assert storage(session).find("b/../c", "a/b?x") is None
    assert session.urls == ["https://storage.googleapis.com/storage/v1/b/b%2F..%2Fc/o/a%2Fb%3Fx"]


@pytest.mark.parametrize(("items", "ours"), [([], False), (["b"], True), (["b-2"], False)])
def test_a_bucket_is_ours_if_the_project_has_it(items: list[str], ours: bool) -> None:
    session = Session((200, {"items": [{"name": one} for one in items]}))

    assert storage(session).is_in("my-project", "b") is ours


def test_a_refusal_names_the_role_and_no_bucket_how_to_make_it() -> None:
    denied = (403, {"error": {"message": "storage.objects.create denied"}})
    with pytest.raises(PermissionMissing) as refused:
        storage(Session(denied)).upload("b", "n", io.BytesIO())
    assert "roles/storage.objectUser" in refused.value.remedy
    with pytest.raises(SourceRefused) as absent:
        storage(Session((404, {}))).upload("b", "n", io.BytesIO())
    assert "gcloud storage buckets create gs://b" in absent.value.remedy


@pytest.mark.parametrize("body", [[], None, "x", 5])
def test_what_is_not_google_is_no_answer(body: Any) -> None:
    for ask in (
        lambda to: to.find("b", "n"),
        lambda to: to.is_in("p", "b"),
        lambda to: to.upload("b", "n", io.BytesIO()),
    ):
        with pytest.raises(ApiUnreachable, match="not Google's API"):
            ask(storage(Session((200, body))))


def test_an_object_without_what_it_should_have_is_not_what_was_sent() -> None:
    stored = storage(Session((200, {"generation": "x"}))).upload("b", "n", io.BytesIO())

    assert stored == Stored("b", "n", 0, "")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return a_context(Cloud(), tmp_path)


def test_the_default_bucket_is_one_of_the_project(context: Context) -> None:
    held = (200, {"items": [{"name": "my-project_cloudbuild"}]})
    context.__dict__["storage"] = storage(Session(held, (200, {}), (403, {})))

    assert _own_bucket(context) == "my-project_cloudbuild"
    with pytest.raises(SourceRefused, match="there is no bucket my-project_cloudbuild"):
        _own_bucket(context)
    with pytest.raises(PermissionMissing) as denied:
        _own_bucket(context)
    assert "name a bucket of yours in build.bucket" in denied.value.remedy


def test_a_source_that_changed_while_it_was_packed_is_not_uploaded(context: Context) -> None:
    context.config.source_path.mkdir(exist_ok=True)
    context.config.dockerfile_path.write_text("FROM scratch\n")
    session = Session((200, {"items": [{"name": "my-project_cloudbuild"}]}))
    context.__dict__["storage"] = storage(session)

    with pytest.raises(SourceRefused, match="it changed while it was packed"):
        _uploaded(context, Source("the digest from before", "", False, ""))
    assert not session.sent
