"""Lists of the v1 API: by label, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from pipeline.local_cloud_run.api.calls import Call
from pipeline.local_cloud_run.api.knative import objects
from pipeline.local_cloud_run.api.knative.selectors import selector
from pipeline.local_cloud_run.api.paging import page
from pipeline.local_cloud_run.state.rpc import not_emulated
from pipeline.local_cloud_run.values import Json

T = TypeVar("T")


def listed(
    call: Call,
    api_version: str,
    kind: str,
    items: Iterable[T],
    labels: Callable[[T], Mapping[str, str]],
    show: Callable[[T], Json],
) -> Json:
    """Those items that the call selects, at most ``limit``; ``continue`` goes on with them."""
    for word in ("fieldSelector", "watch"):
        if call.query.get(word, "") not in ("", "false"):
            raise not_emulated(f"{word} in lists")
    takes = selector(call.query.get("labelSelector", ""))
    found = [each for each in items if takes(labels(each))]
    shown, token = page(found, call.number("limit"), call.query.get("continue", ""))
    return objects.listed(api_version, kind, [show(each) for each in shown], token)
