"""The pipeline's own client through a proxy that loses replies: each write is applied once."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from pipeline.adapters.cloud_run import Change
from pipeline.adapters.cloud_run import CloudRun as Adapter
from pipeline.adapters.google import Google
from pipeline.adapters.template import Settings
from pipeline.config import load_config
from pipeline.errors import ChangedMeanwhile, RevisionFailed
from pipeline.model import Service, Target, live_split
from tests.local_cloud_run.conftest import CloudRun
from tests.local_cloud_run.images import image
from tests.local_cloud_run.services import ALL_ROUND, CRASHES

WRITES = {"PATCH", "POST"}
NUMBERS = count(1)
RESET = 0  # no answer: the connection ends


class Proxy(ThreadingHTTPServer):
    """Hands requests on. What a write is answered instead: ``before`` it is handed on, or after.

    ``polls`` is what questions for an operation are answered instead.
    """

    def __init__(self, backend: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.backend = backend
        self.before: list[int] = []
        self.after: list[int] = []
        self.polls: list[int] = []
        self.handed_on: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Proxy

    def _answer(self) -> None:
        server, body = self.server, self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_write, is_poll = self.command in WRITES, "/operations/" in self.path
        before = server.before if is_write else server.polls if is_poll else []
        if before:
            self._instead(before.pop(0))
            return
        upstream = http.client.HTTPConnection(server.backend, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        found = answer.read()
        upstream.close()
        if is_write:
            server.handed_on.append(self.command)
            if server.after:
                self._instead(server.after.pop(0))
                return
        self._say(answer.status, found)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 -- the server's names

    def _instead(self, status: int) -> None:
        if status == RESET:
            self.close_connection = True
        else:
            self._say(status, b'{"error": {"message": "lost on the way"}}')

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def proxy(cloud_run: CloudRun) -> Iterator[Proxy]:
    server = Proxy(cloud_run.address)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def adapter(proxy: Proxy, name: str) -> Adapter:
    """Its pauses are short: nobody else is asked for anything here."""

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, 0.2))

    return Adapter(Google(proxy.address), "p", "us-central1", name, sleep)


@pytest.fixture
def name() -> str:
    """A service of the test's own; revisions have its name in front."""
    return f"lost-{next(NUMBERS)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.yaml").write_text(
        "service: agents\nproject: my-project\nregion: us-central1\nimage: a/b/c/d\n"
    )
    return tmp_path


def settings(folder: Path, revision: str, reference: str = "") -> Settings:
    reference = reference or image("all-round", ALL_ROUND)
    return Settings(revision, reference, load_config(folder / "pipeline.yaml", {}), {})


def made(adapter: Adapter, folder: Path) -> Service:
    return adapter.create(settings(folder, f"{adapter.service}-1"), {"theirs": "1"})


@pytest.mark.parametrize("status", [503, 504, 500, RESET])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_release_whose_every_write_loses_its_answer(
    status: int, when: str, proxy: Proxy, adapter: Adapter, folder: Path, name: str
) -> None:
    def strike() -> None:
        setattr(proxy, when, [status])

    strike()
    service = made(adapter, folder)
    assert live_split(service) == {f"{name}-1": 100}
    dark = (Target(f"{name}-1", 100), Target(f"{name}-2", 0, "c-2"))
    strike()
    service = adapter.update(service, Change(settings(folder, f"{name}-2"), dark, {"a": "1"}))
    strike()
    service = adapter.update(service, Change(traffic=[Target(f"{name}-2", 100)], notes={"a": "2"}))

    assert proxy.handed_on == ["POST", "PATCH", "PATCH"]
    assert live_split(service) == {f"{name}-2": 100}
    assert service.annotations == {"theirs": "1", "a": "2"}
    assert [one.name for one in adapter.revisions()] == [f"{name}-2", f"{name}-1"]


def test_a_revision_that_fails_while_nobody_can_ask_for_it(
    proxy: Proxy, adapter: Adapter, folder: Path, name: str
) -> None:
    service = made(adapter, folder)
    proxy.after = [504]
    broken = settings(folder, f"{name}-2", image("crashes", CRASHES))
    with pytest.raises(RevisionFailed, match="failed to start and listen on the port"):
        adapter.update(service, Change(broken))

    assert live_split(adapter.get()) == {f"{name}-1": 100}


def test_an_operation_that_is_out_of_reach(
    proxy: Proxy, adapter: Adapter, folder: Path, name: str
) -> None:
    service = made(adapter, folder)
    proxy.polls = [RESET] * 9
    service = adapter.update(service, Change(settings(folder, f"{name}-2")))

    assert service.latest_ready == f"{name}-2"
    assert proxy.handed_on == ["POST", "PATCH"]


def test_the_quota_is_waited_for(proxy: Proxy, adapter: Adapter, folder: Path, name: str) -> None:
    service = made(adapter, folder)
    proxy.before = [429, 429]
    service = adapter.update(service, Change(notes={"a": "1"}))

    assert service.annotations["a"] == "1"


def test_somebody_else_between_a_lost_write_and_the_next(
    proxy: Proxy, adapter: Adapter, folder: Path, name: str, cloud_run: CloudRun
) -> None:
    service = made(adapter, folder)
    proxy.before = [503]
    theirs = cloud_run.get(name)
    theirs.annotations = {"theirs": "2"}
    theirs.template.revision = ""
    cloud_run.update(theirs, "annotations")
    with pytest.raises(ChangedMeanwhile):
        adapter.update(service, Change(traffic=[Target(f"{name}-1", 100)]))

    assert adapter.get().annotations == {"theirs": "2"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_may_call_it(when: str, proxy: Proxy, adapter: Adapter, folder: Path) -> None:
    service = made(adapter, folder)
    setattr(proxy, when, [503])
    adapter.make_public()
    assert adapter.is_public(service)
    setattr(proxy, when, [RESET])
    adapter.make_private()
    assert not adapter.is_public(service)


def test_a_revision_that_nobody_needs_is_deleted(adapter: Adapter, folder: Path, name: str) -> None:
    service = made(adapter, folder)
    adapter.update(service, Change(settings(folder, f"{name}-2")))
    adapter.delete_revision(f"{name}-1")
    adapter.delete_revision(f"{name}-1")

    assert [one.name for one in adapter.revisions()] == [f"{name}-2"]


def test_in_a_hurry(adapter: Adapter, folder: Path, name: str, proxy: Proxy) -> None:
    service = made(adapter, folder)
    proxy.polls = [500]
    done = adapter.hurried().update(service, Change(traffic=[Target(f"{name}-1", 100)]))

    assert done.traffic == (Target(f"{name}-1", 100),)
    assert proxy.polls  # an operation's answer may take too long
