"""Pages of a list, with an opaque token for the next one."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from pipeline.local_cloud_run.state.rpc import invalid

T = TypeVar("T")


def page(items: Sequence[T], size: int, token: str, default: int = 100) -> tuple[list[T], str]:
    """At most ``size`` items (0: the default; 1000 at most), and the token of the rest or "".

    Raises INVALID_ARGUMENT for a negative size or a token that is none of ours.
    """
    if size < 0:
        raise invalid("The page size must not be negative.")
    start = _offset(token) if token else 0
    end = start + min(size or default, 1000)
    return list(items[start:end]), _token(end) if end < len(items) else ""


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _offset(token: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode("ascii").partition(" ")
    except ValueError:
        word = number = ""
    if word != "from" or not number.isdigit():
        raise invalid("The page token is not valid.")
    return int(number)
