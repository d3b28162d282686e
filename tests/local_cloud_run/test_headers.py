"""What the front end does to paths and headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from pipeline.local_cloud_run.front_end.headers import (
    Trace,
    end_to_end,
    is_reserved,
    to_instance,
    trace_headers,
    trace_of,
)

FRESH = Trace("f" * 32, "e" * 16)
ID, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

hexadecimal = st.sampled_from("0123456789abcdef")
traces = st.builds(
    Trace,
    st.text(hexadecimal, min_size=32, max_size=32).filter(lambda text: int(text, 16)),
    st.text(hexadecimal, min_size=16, max_size=16).filter(lambda text: int(text, 16)),
    st.booleans(),
)


def read(**headers: str) -> Trace:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return trace_of(CIMultiDict(named), FRESH)


@pytest.mark.parametrize("path", ["/healthz", "/eventlog", "/_ah/warmup", "/_ah/"])
def test_reserved(path: str) -> None:
    assert is_reserved(path)


@pytest.mark.parametrize("path", ["/", "/health", "/quiz", "/api/healthz", "/_ahead", "/eventlogs"])
def test_not_reserved(path: str) -> None:
    assert not is_reserved(path)


def test_traceparent_wins_over_the_older_header() -> None:
    older = f"{'1' * 32}/7;o=1"
    assert read(traceparent=f"00-{ID}-{SPAN}-01", X_Cloud_Trace_Context=older) == Trace(
        ID, SPAN, sampled=True
    )
    assert read(X_Cloud_Trace_Context=older) == Trace("1" * 32, f"{7:016x}", sampled=True)
    assert read(X_Cloud_Trace_Context="A" * 32) == Trace("a" * 32, FRESH.span)


@pytest.mark.parametrize(
    "parent",
    ["", "00", f"00-{ID}-{SPAN}", f"00-{'0' * 32}-{SPAN}-01", f"00-{ID}-{'0' * 16}-01",
     f"00-{ID.upper()}-{SPAN}-01", f"00-{ID}-{SPAN}-01\r\nX: y"],
)  # fmt: skip
def test_a_malformed_trace_counts_as_absent(parent: str) -> None:
    assert read(traceparent=parent) == FRESH


@given(traces)
def test_either_header_alone_carries_the_whole_trace(trace: Trace) -> None:
    for name, value in trace_headers(trace).items():
        assert trace_of(CIMultiDict({name: value}), FRESH) == trace


@given(st.text(), st.text())
def test_any_header_gives_a_well_formed_trace(parent: str, cloud: str) -> None:
    trace = read(traceparent=parent, X_Cloud_Trace_Context=cloud)
    assert (len(trace.id), len(trace.span)) == (32, 16)
    assert int(trace.id, 16)
    assert int(trace.span, 16)


def test_headers_for_one_hop_are_dropped_and_the_rest_keep_their_order() -> None:
    sent = [("Set-Cookie", "a"), ("Connection", "close, X-Hop"), ("x-hop", "1"), ("TE", "trailers"),
            ("Transfer-Encoding", "chunked"), ("Set-Cookie", "b"), ("Upgrade", "h2c")]  # fmt: skip
    assert end_to_end(sent) == [("Set-Cookie", "a"), ("Set-Cookie", "b")]


def test_the_connection_header_cannot_drop_what_frames_the_request() -> None:
    sent = [("Connection", "Host, Content-Length"), ("Host", "h"), ("Content-Length", "3")]
    assert end_to_end(sent) == sent[1:]


tokens = st.text("abcdefgh-", min_size=1, max_size=8)


@given(st.lists(st.tuples(tokens, tokens)))
def test_dropping_is_idempotent_and_only_drops(pairs: list[tuple[str, str]]) -> None:
    kept = end_to_end(pairs)
    assert end_to_end(kept) == kept
    assert [pair for pair in pairs if pair in kept] == kept


def test_the_container_sees_where_a_request_came_from() -> None:
    sent = [("Host", "h"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "ftp"),
            ("Expect", "100-continue"), ("traceparent", "forged")]  # fmt: skip
    trace = Trace(ID, SPAN, sampled=True)
    assert to_instance(sent, "127.0.0.1", trace) == [
        ("Host", "h"),
        ("X-Forwarded-For", "1.2.3.4, 127.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("traceparent", f"00-{ID}-{SPAN}-01"),
        ("X-Cloud-Trace-Context", f"{ID}/{int(SPAN, 16)};o=1"),
    ]
