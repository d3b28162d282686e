"""What the front end does to paths and headers: pure rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_HOP_BY_HOP = frozenset((
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
))  # fmt: skip
_OURS = frozenset((
    "expect", "traceparent", "x-cloud-trace-context", "x-forwarded-for", "x-forwarded-proto",
))  # fmt: skip

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_CLOUD_TRACE = re.compile(r"([0-9a-fA-F]{32})(?:/(\d{1,20}))?(?:;o=(\d))?")
_RESERVED = frozenset((
    "/eventlog", "/healthz", "/livez", "/readyz", "/statusz", "/varz",
))  # fmt: skip


class Trace(NamedTuple):
    """A request's place in a trace: 32 and 16 hexadecimal digits, as in W3C Trace Context."""

    id: str
    span: str
    sampled: bool = False


def is_reserved(path: str) -> bool:
    """Whether the front end keeps a path for itself (API facts §4.4).

    Google reserves "some paths ending in z" and names only ``/healthz``. The others here are the
    usual names of that kind; a path like ``/quiz`` reaches the container.
    """
    return path in _RESERVED or path.startswith("/_ah/")


def trace_of(headers: Mapping[str, str], fresh: Trace) -> Trace:
    """The trace a request belongs to: ``traceparent``, else ``X-Cloud-Trace-Context``, else fresh.

    A header that is not well formed counts as absent. ``headers`` ignores case.
    """
    parent = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    if parent and int(parent[1], 16) and int(parent[2], 16):
        return Trace(parent[1], parent[2], sampled=bool(int(parent[3], 16) & 1))
    cloud = _CLOUD_TRACE.fullmatch(headers.get("X-Cloud-Trace-Context", ""))
    if cloud and int(cloud[1], 16):
        span = int(cloud[2] or 0) % 2**64
        return Trace(
            cloud[1].lower(), f"{span:016x}" if span else fresh.span, sampled=cloud[3] == "1"
        )
    return fresh


def trace_headers(trace: Trace) -> dict[str, str]:
    """Both spellings of a trace, for the container."""
    return {
        "traceparent": f"00-{trace.id}-{trace.span}-{int(trace.sampled):02x}",
        "X-Cloud-Trace-Context": f"{trace.id}/{int(trace.span, 16)};o={int(trace.sampled)}",
    }


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that are not for this hop alone (RFC 9110 §7.6.1), in order."""
    pairs = list(headers)
    named = {
        name.strip().lower()
        for header, value in pairs
        if header.lower() == "connection"
        for name in value.split(",")
    }
    drop = _HOP_BY_HOP | (named - {"content-length", "host"})
    return [(name, value) for name, value in pairs if name.lower() not in drop]


def to_instance(
    headers: Iterable[tuple[str, str]], remote: str, trace: Trace
) -> list[tuple[str, str]]:
    """A request's headers as the container sees them. TLS ended in front, so the scheme is https.

    ``remote`` is the client's address.
    """
    pairs = list(headers)
    hops = [value for name, value in pairs if name.lower() == "x-forwarded-for"]
    kept = [(name, value) for name, value in end_to_end(pairs) if name.lower() not in _OURS]
    return [
        *kept,
        ("X-Forwarded-For", ", ".join([*hops, remote])),
        ("X-Forwarded-Proto", "https"),
        *trace_headers(trace).items(),
    ]
