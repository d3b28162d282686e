"""A real local Cloud Run in a thread, with a real engine, and Google's own clients for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import pytest
import requests
from google.api_core.client_options import ClientOptions
from google.api_core.future import polling
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

from pipeline.local_cloud_run.server import Options, serve
from pipeline.local_cloud_run.values import Addresses
from tests.local_cloud_run.gcloud import Gcloud
from tests.local_cloud_run.images import engine

POLLING = polling.DEFAULT_POLLING.with_delay(initial=0.02, maximum=0.1, multiplier=1.2)
PARENT = "projects/p/locations/us-central1"
Json = dict[str, object]


EACH_TRANSPORT = pytest.mark.parametrize("transport", ["rest", "grpc"])


@contextmanager
def running(options: Options) -> Iterator[str]:
    """A server in a thread with its own loop; the address of its REST API, HOST:PORT."""
    with listening(options) as addresses:
        yield addresses.rest


@contextmanager
def listening(options: Options) -> Iterator[Addresses]:
    """The same, with all its addresses."""
    up, failures, address = threading.Event(), [], []
    control: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def body() -> None:
        stop = asyncio.Event()
        control.append((asyncio.get_running_loop(), stop))
        await serve(options, ready=lambda where: (address.append(where), up.set()), stop=stop)

    def thread() -> None:
        try:
            asyncio.run(body())
        except Exception as error:  # noqa: BLE001 - the test is told below
            failures.append(error)
        finally:
            up.set()

    server = threading.Thread(target=thread)
    server.start()
    try:
        assert up.wait(30)
        if address:
            yield address[0]
    finally:
        loop, stop = control[0]
        if server.is_alive():
            loop.call_soon_threadsafe(stop.set)
        server.join(60)
    if failures:
        raise failures[0]


@dataclass
class CloudRun:
    """The official clients, over gRPC if they are given a channel; plain HTTP for the rest."""

    address: str
    channel: grpc.Channel | None = None

    def __post_init__(self) -> None:
        self.services = self._client(run_v2.ServicesClient)
        self.revisions = self._client(run_v2.RevisionsClient)
        self.jobs = self._client(run_v2.JobsClient)
        self.executions = self._client(run_v2.ExecutionsClient)
        self.tasks = self._client(run_v2.TasksClient)

    def _client(self, kind: Callable[..., object]) -> object:
        if self.channel:
            return kind(transport=kind.get_transport_class("grpc")(channel=self.channel))
        options = ClientOptions(api_endpoint=f"http://{self.address}")
        return kind(credentials=AnonymousCredentials(), transport="rest", client_options=options)

    def create(self, name: str, image: str, **fields: object) -> run_v2.Service:
        template = run_v2.RevisionTemplate(containers=[run_v2.Container(image=image)])
        service = run_v2.Service(**{"template": template, "invoker_iam_disabled": True, **fields})
        asked = self.services.create_service(parent=PARENT, service=service, service_id=name)
        return asked.result(polling=POLLING, timeout=60)

    def update(self, service: run_v2.Service, *paths: str) -> run_v2.Service:
        mask = {"paths": list(paths)} if paths else None
        asked = self.services.update_service(service=service, update_mask=mask)
        return asked.result(polling=POLLING, timeout=60)

    def get(self, name: str) -> run_v2.Service:
        return self.services.get_service(name=f"{PARENT}/services/{name}")

    def call(self, method: str, path: str, **more: object) -> requests.Response:
        return requests.request(method, f"http://{self.address}{path}", timeout=30, **more)

    def entries(self, wanted: str) -> list[Json]:
        body = {"resourceNames": ["projects/p"], "filter": wanted}
        return self.call("POST", "/v2/entries:list", json=body).json()["entries"]


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    options = Options(engine=engine(), startup_limit=4.0, secrets={"password": "open sesame"})
    with listening(options) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def gcloud(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Gcloud:
    """The real one, for tests that are marked as needing it."""
    return Gcloud(addresses.rest, tmp_path_factory.mktemp("gcloud"))


@pytest.fixture(scope="session")
def over_rest(addresses: Addresses) -> CloudRun:
    return CloudRun(addresses.rest)


@pytest.fixture(scope="session")
def over_grpc(addresses: Addresses) -> Iterator[CloudRun]:
    with grpc.insecure_channel(addresses.grpc) as channel:
        yield CloudRun(addresses.rest, channel)


@pytest.fixture
def transport() -> str:
    """Of Google's clients; EACH_TRANSPORT runs a test with each."""
    return "rest"


@pytest.fixture
def cloud_run(transport: str, request: pytest.FixtureRequest) -> CloudRun:
    """The same server, whatever the transport."""
    clients: CloudRun = request.getfixturevalue(f"over_{transport}")
    return clients


@pytest.fixture
def name(request: pytest.FixtureRequest, transport: str) -> str:
    """A service name of the test's own."""
    words = request.node.originalname.removeprefix("test_").replace("_", "-")
    return (words if transport == "rest" else f"{transport}-{words}")[:40].strip("-")
