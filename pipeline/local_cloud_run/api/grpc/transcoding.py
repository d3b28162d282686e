"""Requests as the REST calls they stand for, and REST's answers as messages, by way of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from pipeline.local_cloud_run.api.grpc.rules import Rule
from pipeline.local_cloud_run.api.grpc.types import message_class
from pipeline.local_cloud_run.api.logs import LONGEST_TEXT
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

_FIELD = re.compile(r"\{([\w.]+)=([^}]+)\}")
_DEEPEST = 64  # messages in messages; clients read a hundred, and count a map's entries too
_UNFIT = (json_format.ParseError, ValueError, OverflowError)
_SAID = ("jsonPayload", "textPayload", "httpRequest")
_LONGEST_WAIT = 60.0  # seconds; REST has the same bound
_TO_ANSWER = 0.2  # seconds before the deadline of a call that waits


@dataclass(frozen=True)
class HttpCall:
    """``path`` is decoded; ``body`` is JSON."""

    verb: str
    path: str
    query: Mapping[str, str]
    body: Any


def fields(raw: bytes, kind: type[Message]) -> Json:
    """The fields of a request that are set, by their JSON names. Raises INVALID_ARGUMENT."""
    try:
        asked = kind.FromString(raw)
    except DecodeError as error:
        raise invalid(f"The request is not a {kind.DESCRIPTOR.full_name}.") from error
    try:
        return dict(json_format.MessageToDict(asked))
    except (ValueError, json_format.Error) as error:  # such as a mask that is not in snake_case
        raise invalid(f"Invalid value in the request: {error}") from error


def http_call(rule: Rule, asked: Json, remaining: float | None = None) -> HttpCall | None:
    """The REST call that ``asked`` stands for; None where its fields do not fit the path.

    ``remaining`` is seconds to the deadline, if there is one.
    """
    named = dict(_FIELD.findall(rule.path))
    values = {name: _value(asked, name) for name in named}
    if not all(_shape(named[name]).fullmatch(value) for name, value in values.items()):
        return None
    path = _FIELD.sub(lambda place: values[place[1]], rule.path)
    left = {name: value for name, value in asked.items() if name not in named}
    if rule.waits and remaining is not None:
        left["timeout"] = _in_time(left.get("timeout"), remaining)
    if rule.body == "*":
        return HttpCall(rule.verb, path, {}, left)
    body = left.pop(rule.body, {})
    return HttpCall(rule.verb, path, {name: _text(value) for name, value in left.items()}, body)


def message(answer: Json, kind: type[Message]) -> Message:
    """An answer of REST as a message.

    Of a log entry, a container says what it likes. What no message can hold is told as text.
    """
    try:
        return _parsed(answer, kind)
    except _UNFIT:
        if "entries" not in answer:
            raise
        entries = [_fitting(each) for each in answer["entries"]]
        return _parsed({**answer, "entries": entries}, kind)


def _fitting(entry: Json) -> Json:
    try:
        _parsed(entry, message_class("google.logging.v2.LogEntry"))
    except _UNFIT:
        said = {name: entry[name] for name in _SAID if name in entry}
        kept = {name: value for name, value in entry.items() if name not in said}
        return {**kept, "textPayload": json.dumps(said)[:LONGEST_TEXT]}
    return entry


def _parsed(answer: Json, kind: type[Message]) -> Message:
    return json_format.ParseDict(answer, kind(), max_recursion_depth=_DEEPEST)


def _value(asked: Json, name: str) -> str:
    """A field by its dotted name, or nothing. Those of paths are texts."""
    found: Any = asked
    for part in name.split("."):
        found = found.get(part, {})
    return found or ""


@cache
def _shape(pattern: str) -> re.Pattern[str]:
    """``*`` is one part of a path. A colon would begin a verb; a project's name may have one."""
    text = re.escape(pattern).replace(r"projects/\*", "projects/[^/]+")
    return re.compile(text.replace(r"\*", "[^/:]+"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _in_time(timeout: str | None, remaining: float) -> str:
    """The shorter of what was asked and the deadline, so that there is time to answer."""
    asked = float(timeout.rstrip("s")) if timeout else _LONGEST_WAIT
    return f"{min(asked, max(remaining - _TO_ANSWER, 0.0)):.3f}s"
