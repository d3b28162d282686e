"""What is kept, as the bytes of a file: a line about the content, and the content. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pipeline.local_cloud_run.persistence.codec import coder
from pipeline.local_cloud_run.state.job_resources import Job
from pipeline.local_cloud_run.state.resources import Operation, Service, State
from pipeline.local_cloud_run.values import Site

FORMAT = "the state of a local Cloud Run"
SCHEMA = 1
"""Another number wherever a type of the state changes."""

_LISTS: Mapping[str, Any] = {"services": Service, "jobs": Job, "operations": Operation}


class NotOursError(ValueError):
    """Bytes that cannot be taken for a state; the text says why, as the end of a sentence."""


@dataclass(frozen=True)
class Kept:
    """``ports`` are those of the sites, on loopback."""

    state: State = field(default_factory=State)
    ports: Mapping[Site, int] = field(default_factory=dict)


class Writer:
    """Writes one state after another; only what has changed in between is made into text anew."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, object], tuple[object, str]] = {}

    def content(self, kept: Kept) -> bytes:
        """The bytes of a file."""
        texts: dict[tuple[str, object], tuple[object, str]] = {}
        for name in _LISTS:
            for key, value in getattr(kept.state, name).items():
                known = self._texts.get((name, key))
                is_same = known is not None and known[0] is value
                texts[name, key] = known if known and is_same else (value, _text(name, value))
        self._texts = texts
        lists = (_list(name, texts) for name in _LISTS)
        body = f'{{{",".join(lists)},"sites":{json.dumps(_sites(kept.ports))}}}'.encode()
        about = {
            "format": FORMAT,
            "schema": SCHEMA,
            "bytes": len(body),
            "sha256": sha256(body).hexdigest(),
        }
        return json.dumps(about).encode() + b"\n" + body


def read(raw: bytes) -> Kept:
    """What was kept. Raises NotOursError."""
    head, _, body = raw.partition(b"\n")
    about = _about(head)
    if about.get("schema") != SCHEMA:
        raise NotOursError(f"was written by another version: it has not the schema {SCHEMA}")
    if (about.get("bytes"), about.get("sha256")) != (len(body), sha256(body).hexdigest()):
        raise NotOursError("is damaged: its content is not what was written")
    return _kept_of(body)


def _about(head: bytes) -> dict[str, Any]:
    try:
        about = json.loads(head)
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise NotOursError(f"is not {FORMAT}")
    return about


def _kept_of(body: bytes) -> Kept:
    try:
        return _kept(json.loads(body))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NotOursError(f"is not understood: {error}") from error


def _kept(content: Any) -> Kept:
    services, jobs, operations = (
        [coder(kind).decode(one) for one in content[name]] for name, kind in _LISTS.items()
    )
    state = State(
        {one.key: one for one in services},
        {one.key: one for one in jobs},
        {one.name: one for one in operations},
    )
    ports = {coder(Site).decode(site): _port(port) for site, port in content["sites"]}
    return Kept(state, ports)


def _port(raw: Any) -> int:
    port: int = coder(int).decode(raw)
    if not 0 < port < 1 << 16:
        raise NotOursError(f"{port} is no port")
    return port


def _text(name: str, value: object) -> str:
    return json.dumps(coder(_LISTS[name]).encode(value), separators=(",", ":"))


def _list(name: str, texts: Mapping[tuple[str, object], tuple[object, str]]) -> str:
    mine: Iterable[str] = (text for (kind, _), (_, text) in texts.items() if kind == name)
    return f'"{name}":[{",".join(mine)}]'


def _sites(ports: Mapping[Site, int]) -> list[Any]:
    return [[coder(Site).encode(site), port] for site, port in ports.items()]
