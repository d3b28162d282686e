"""The front end before real containers: what reaches them, what comes back, what is logged."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from pipeline.local_cloud_run.values import InstanceSpec, Refusal, RevisionKey
from tests.local_cloud_run.plane import SITE, Plane, on_loop, plane, spec, until
from tests.local_cloud_run.services import ALL_ROUND

TRACE = "0af7651916cd43dd8448eb211c80319c"


@asynccontextmanager
async def served(**changes: object) -> AsyncIterator[tuple[Plane, str, aiohttp.ClientSession]]:
    """The all-round service behind its address, and a client."""
    async with plane() as it:
        uri = await it.serve(all_round(**changes))
        async with aiohttp.ClientSession() as client:
            yield it, uri, client


def as_is(uri: str) -> URL:
    """A URL whose percent escapes the client leaves alone."""
    return URL(uri, encoded=True)


def all_round(**changes: object) -> InstanceSpec:
    return spec("all-round", ALL_ROUND, **changes)


@on_loop
async def test_a_request_reaches_the_container_as_it_was_sent() -> None:
    async with served() as (_, uri, client):
        sent = {"X-Forwarded-For": "203.0.113.7", "TE": "trailers", "Cookie": "a=1", "X-Own": "é"}
        async with client.delete(as_is(f"{uri}/a%2Fb/%7E?q=1&q=%20"), headers=sent) as answer:
            seen = await answer.json()
    assert (seen["method"], seen["path"]) == ("DELETE", "/a%2Fb/%7E?q=1&q=%20")
    headers = seen["headers"]
    assert headers["host"] == uri.removeprefix("http://")
    assert headers["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["cookie"] == "a=1"
    assert "te" not in headers


@on_loop
async def test_the_answer_comes_back_as_it_was_given() -> None:
    async with served() as (_, uri, client):
        async with client.get(f"{uri}/status?418") as answer:
            assert (answer.status, await answer.read()) == (418, b"as asked")
            assert answer.headers["X-Public"] == "for all"
            assert "X-Private" not in answer.headers
        async with client.head(f"{uri}/status?200") as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, "8")
            assert await answer.read() == b""


@on_loop
async def test_each_request_is_logged_once_with_its_trace_and_revision() -> None:
    async with served() as (it, uri, client):
        parent = f"00-{TRACE}-b7ad6b7169203331-01"
        async with client.get(f"{uri}/x?y", headers={"traceparent": parent}) as answer:
            seen = (await answer.json())["headers"]
            size = str(len(await answer.read()))
        assert seen["traceparent"] == parent
        assert seen["x-cloud-trace-context"] == f"{TRACE}/{int('b7ad6b7169203331', 16)};o=1"
        (entry,) = it.requests()
        assert entry.trace == f"projects/p/traces/{TRACE}"
        assert (entry.key, entry.severity) == (it.target, "INFO")
        logged = dict(entry.http_request or {})
        latency = logged.pop("latency")
        assert latency.endswith("s")
        assert 0 < float(latency[:-1]) < 5
        assert logged == {
            "requestMethod": "GET",
            "requestUrl": f"{uri}/x?y",
            "status": 200,
            "responseSize": size,
            "userAgent": aiohttp.http.SERVER_SOFTWARE,
            "remoteIp": "127.0.0.1",
            "protocol": "HTTP/1.1",
        }
        for status, severity in ((404, "WARNING"), (500, "ERROR")):
            async with client.get(f"{uri}/status?{status}") as answer:
                await answer.read()
            assert it.requests()[-1].severity == severity


@on_loop
async def test_a_request_without_a_trace_gets_one() -> None:
    async with served() as (it, uri, client):
        async with client.get(uri) as answer:
            given = (await answer.json())["headers"]["traceparent"].split("-")[1]
        assert it.requests()[0].trace == f"projects/p/traces/{given}"


@pytest.mark.parametrize("path", ["/healthz", "/_ah/start", "/eventlog", "/%68ealthz?x=1"])
@on_loop
async def test_reserved_paths_stay_at_the_front_end(path: str) -> None:
    async with plane() as it, aiohttp.ClientSession() as client:
        async with client.get(as_is(it.sites.uri(SITE) + path)) as answer:
            assert answer.status == 404
        assert it.entries == []


@on_loop
async def test_a_refusal_is_the_answer_and_is_logged_unless_it_says_not() -> None:
    async with plane() as it, aiohttp.ClientSession() as client:
        it.target = Refusal(404, "No such revision.", logged=False)
        uri = it.sites.uri(SITE)
        async with client.get(uri) as answer:
            assert (answer.status, await answer.text()) == (404, "No such revision.\n")
        assert it.entries == []
        it.refusal = Refusal(403, "The request was not authorized to invoke this service")
        async with client.get(uri) as answer:
            assert answer.status == 403
        (entry,) = it.entries
        assert (entry.key, entry.severity) == (RevisionKey(*SITE.key, ""), "WARNING")


@on_loop
async def test_big_bodies_stream_both_ways() -> None:
    size = 64 * 1024**2

    async def body() -> AsyncIterator[bytes]:
        for _ in range(size // 65536):
            yield bytes(65536)

    async with served(memory=48 * 1024**2) as (it, uri, client):
        async with client.post(uri, data=body()) as answer:
            told = await answer.json(content_type=None)
        assert told == {"size": size, "sha256": hashlib.sha256(bytes(size)).hexdigest()}
        async with client.post(uri, data=bytes(2**20)) as answer:
            assert (await answer.json(content_type=None))["size"] == 2**20
        got = 0
        async with client.get(f"{uri}/big?{size}") as answer:
            async for chunk in answer.content.iter_any():
                got += len(chunk)
        assert got == size
        assert (it.requests()[-1].http_request or {})["responseSize"] == str(size)


@on_loop
async def test_a_compressed_body_stays_compressed() -> None:
    body = gzip.compress(b"x" * 10_000)
    headers = {"Content-Encoding": "gzip"}
    async with served() as (_, uri, client), client.post(uri, data=body, headers=headers) as answer:
        told = await answer.json(content_type=None)
    assert told == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


@on_loop
async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked() -> None:
    async with served() as (_, uri, client), asyncio.timeout(5):
        answer = await client.post(uri, data=b"body", expect100=True)
        assert (await answer.json(content_type=None))["size"] == 4


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket", "Connection": "upgrade"}])
@on_loop
async def test_a_switch_of_protocols_that_nobody_asked_for_is_503(headers: dict[str, str]) -> None:
    async with served() as (_, uri, client):
        answer = await client.get(f"{uri}/status?101", headers=headers)
        assert answer.status == 503


@on_loop
async def test_server_sent_events_arrive_as_they_are_written_and_end_with_the_client() -> None:
    async with served() as (it, uri, client):
        async with client.get(f"{uri}/events") as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            began = time.monotonic()
            assert [await answer.content.readline() for _ in range(3)][2] == b"data: 1\n"
            assert time.monotonic() - began < 5  # all of them take 50 s
        await until(lambda: len(it.requests()) == 1)
        assert "Container called" not in " ".join(it.texts("varlog/system"))


@on_loop
async def test_a_client_that_leaves_before_the_answer_is_logged_quietly() -> None:
    async with served() as (it, uri, client):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.get(f"{uri}/sleep?30")
        await until(lambda: len(it.requests()) == 1)
        assert (it.requests()[0].http_request or {})["status"] == 499


@on_loop
async def test_web_sockets_are_relayed() -> None:
    async with served() as (it, uri, client):
        async with client.ws_connect(f"{uri}/ws", protocols=("one", "two")) as socket:
            assert socket.protocol == "two"
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
            await socket.send_bytes(bytes(range(200)))
            assert await socket.receive_bytes() == bytes(range(200))
            await socket.close(code=4001)
            assert socket.close_code == 4001
        await until(lambda: "closed with 4001" in it.texts("stdout"))
        await until(lambda: len(it.requests()) == 1)
        assert (it.requests()[0].http_request or {})["status"] == 101


@on_loop
async def test_a_web_socket_ends_with_its_instance_and_a_refused_one_says_why() -> None:
    async with served() as (it, uri, client):
        async with client.ws_connect(f"{uri}/ws") as socket:
            await socket.send_str("die")
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 1011
        await until(lambda: "Container called exit(4)." in it.texts("varlog/system"))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{uri}/status?403")
        assert refused.value.status == 403


@on_loop
async def test_a_request_that_kills_its_instance_is_503_and_sent_once() -> None:
    async with served() as (it, uri, client):
        async with client.get(f"{uri}/exit?7") as answer:
            assert answer.status == 503
            assert "connection to the instance had an error" in await answer.text()
        await until(lambda: "Container called exit(7)." in it.texts("varlog/system"))
        assert it.requests()[0].severity == "ERROR"
        async with client.get(uri) as answer:
            assert answer.status == 200
        assert it.texts("stdout").count("listening") == 2


@on_loop
async def test_an_answer_that_breaks_off_does_not_look_complete() -> None:
    async with served() as (it, uri, client):
        with pytest.raises(aiohttp.ClientError):
            async with client.get(f"{uri}/half") as answer:
                await answer.read()
        await until(lambda: len(it.requests()) == 1)
        assert (it.requests()[0].http_request or {})["status"] == 503


@on_loop
async def test_the_request_timeout_is_504() -> None:
    async with served(request_timeout=0.5) as (it, uri, client):
        async with client.get(f"{uri}/sleep?20") as answer:
            assert (answer.status, await answer.text()) == (504, "upstream request timeout\n")
        assert it.requests()[0].severity == "ERROR"


@on_loop
async def test_requests_scale_out_and_finish_where_they_began() -> None:
    async with served(concurrency=1, max_instances=2) as (it, uri, client):

        async def visit() -> str:
            async with client.get(f"{uri}/sleep?2") as answer:
                assert answer.status == 200
                return await answer.text()

        both = [asyncio.create_task(visit()) for _ in range(2)]
        await until(lambda: it.texts("stdout").count("listening") == 2)
        it.target = Refusal(404, "moved")
        assert len({await one for one in both}) == 2


@on_loop
async def test_a_request_waits_ten_seconds_for_room_then_it_is_429() -> None:
    async with served(concurrency=1, max_instances=1) as (it, uri, client):
        slow = asyncio.create_task(client.get(f"{uri}/sleep?12"))
        await until(lambda: "asleep" in it.texts("stdout"))
        began = time.monotonic()
        async with client.get(uri) as answer:
            assert answer.status == 429
            assert 9.5 < time.monotonic() - began < 12
            text = "The request was aborted because there was no available instance.\n"
            assert await answer.text() == text
        (await slow).release()


@on_loop
async def test_output_becomes_log_entries() -> None:
    line = {"severity": "warning", "message": "look", "logging.googleapis.com/trace": "t", "n": 1}
    async with served() as (it, uri, client):
        said = base64.b64encode(json.dumps(line).encode()).decode()
        async with client.get(f"{uri}/say?{said}") as answer:
            await answer.read()
        await until(lambda: "and on stderr" in it.texts("stderr"))
        await until(lambda: it.texts("stdout")[-1:] == [""])
        entry = [entry for entry in it.entries if entry.log == "stdout"][-1]
        assert entry.payload == {"message": "look", "n": 1}
        assert (entry.severity, entry.trace) == ("WARNING", "t")


@on_loop
async def test_a_flood_of_output_neither_blocks_the_container_nor_fills_the_log() -> None:
    async with served() as (it, uri, client):
        began = time.monotonic()
        async with client.get(f"{uri}/flood?500000") as answer:
            assert await answer.text() == "flooded"
        took = time.monotonic() - began
        assert len(it.texts("stdout")) < 2100 * (took + 2)
    assert any("lines dropped: more than 2000 in a second" in text for text in it.texts("stdout"))


@on_loop
async def test_an_address_is_stable_until_it_is_dropped() -> None:
    async with served() as (it, uri, client):
        assert it.sites.uri(SITE) == uri
        async with client.get(uri) as answer:
            assert answer.status == 200
        await it.sites.drop(SITE)
        with pytest.raises(aiohttp.ClientError):
            await client.get(uri)
