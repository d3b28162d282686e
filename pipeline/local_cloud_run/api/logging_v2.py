"""Logging v2 REST over the log store: ``entries:list`` and ``logs`` (API facts §8)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from pipeline.local_cloud_run.api.log_filter import compile_filter
from pipeline.local_cloud_run.api.log_match import Predicate
from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.api.paging import page, page_after
from pipeline.local_cloud_run.state.rpc import ApiError, Code, invalid, not_emulated
from pipeline.local_cloud_run.values import Json

_FIELDS = ("resourceNames", "filter", "orderBy", "pageSize", "pageToken", "projectIds")
_ORDERS = {"": False, "timestamp": False, "timestamp asc": False, "timestamp desc": True}
_LOGS = re.compile(r"/v2/(?P<parent>projects/[^/]+)/logs")
_LONGEST_SEARCH = 60.0  # seconds
_AT_A_TIME = 0.01  # seconds that a search may keep others waiting


def is_path(path: str) -> bool:
    return path.startswith("/v2/entries:") or bool(_LOGS.fullmatch(path))


async def answer(
    store: LogStore, method: str, path: str, query: Mapping[str, str], body: Any
) -> Json:
    """Answer one call. Raises ApiError."""
    if (method, path) == ("POST", "/v2/entries:list"):
        return await list_entries(store, body)
    logs = _LOGS.fullmatch(path)
    if logs and method == "GET":
        return _list_logs(store, logs["parent"], query.get("pageToken", ""))
    raise not_emulated(f"{method} {path}")


def _list_logs(store: LogStore, parent: str, token: str) -> Json:
    names = {entry["logName"] for entry in store.entries()}
    shown, more = page(sorted(name for name in names if name.startswith(f"{parent}/")), 0, token)
    return {"logNames": shown, "nextPageToken": more}


async def list_entries(store: LogStore, body: Any) -> Json:
    """Entries of the named projects that the filter takes, oldest first unless asked otherwise.

    Raises INVALID_ARGUMENT for a body, a filter, an order or a page that cannot be understood, and
    DEADLINE_EXCEEDED for a search that takes too long.
    """
    if not isinstance(body, dict):
        raise invalid("Invalid value, expected a JSON object.")
    for name in body:
        if name not in _FIELDS:
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            )
    names, order = _resource_names(body), _text(body, "orderBy")
    if order not in _ORDERS:
        raise invalid("orderBy must be 'timestamp asc' or 'timestamp desc'.")
    wanted = compile_filter(_text(body, "filter"))
    prefixes = tuple(f"{name}/logs/" for name in names)
    try:
        async with asyncio.timeout(_LONGEST_SEARCH):
            found = await _taken(store, prefixes, wanted)
    except TimeoutError as error:
        raise ApiError(Code.DEADLINE_EXCEEDED, "The search takes too long.") from error
    shown, token = page_after(
        found, _place, _size(body), _text(body, "pageToken"), reverse=_ORDERS[order]
    )
    return {"entries": shown, "nextPageToken": token}


async def _taken(store: LogStore, prefixes: tuple[str, ...], wanted: Predicate) -> list[Json]:
    """What the filter takes of these logs; a slow one lets everything else go on meanwhile."""
    now = asyncio.get_running_loop().time
    found, pause = [], now() + _AT_A_TIME
    for entry in store.entries():
        if entry["logName"].startswith(prefixes) and wanted(entry):
            found.append(entry)
        if now() > pause:
            await asyncio.sleep(0)
            pause = now() + _AT_A_TIME
    return found


def _place(entry: Json) -> tuple[str, str]:
    return entry["timestamp"], entry["insertId"]


def _resource_names(body: Json) -> list[str]:
    projects = body.get("projectIds") or []
    names = body.get("resourceNames") or []
    if not isinstance(names, list) or not isinstance(projects, list) or not names + projects:
        raise invalid("resourceNames must name at least one resource, such as projects/PROJECT.")
    return [str(name) for name in names] + [f"projects/{project}" for project in projects]


def _text(body: Json, name: str) -> str:
    value = body.get(name) or ""
    if not isinstance(value, str):
        raise invalid(f"Invalid value at '{name}', expected a string.")
    return value


def _size(body: Json) -> int:
    value = body.get("pageSize") or 0
    if not isinstance(value, int):
        raise invalid("Invalid value at 'pageSize', expected a number.")
    return value
