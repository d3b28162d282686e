"""Logging v2 REST: ``POST /v2/entries:list`` over the log store (API facts §8)."""

from __future__ import annotations

from typing import Any

from pipeline.local_cloud_run.api.log_filter import compile_filter
from pipeline.local_cloud_run.api.logs import LogStore
from pipeline.local_cloud_run.api.paging import page_after
from pipeline.local_cloud_run.state.rpc import invalid
from pipeline.local_cloud_run.values import Json

_FIELDS = ("resourceNames", "filter", "orderBy", "pageSize", "pageToken", "projectIds")
_ORDERS = {"": False, "timestamp": False, "timestamp asc": False, "timestamp desc": True}


def list_entries(store: LogStore, body: Any) -> Json:
    """Entries of the named projects that the filter takes, oldest first unless asked otherwise.

    Raises INVALID_ARGUMENT for a body, a filter, an order or a page that cannot be understood.
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
    found = [
        entry
        for entry in store.entries()
        if entry["logName"].startswith(prefixes) and wanted(entry)
    ]
    shown, token = page_after(
        found, _place, _size(body), _text(body, "pageToken"), reverse=_ORDERS[order]
    )
    return {"entries": shown, "nextPageToken": token}


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
