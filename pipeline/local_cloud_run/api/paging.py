"""Pages of a list, with an opaque token for the next one: a place in the list, in plain text."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.local_cloud_run.state.rpc import invalid

T = TypeVar("T")
Place = tuple[str, str]


def page(items: Sequence[T], size: int, token: str, default: int = 100) -> tuple[list[T], str]:
    """At most ``size`` items (0: the default; 1000 at most), and the token of the rest or "".

    Raises INVALID_ARGUMENT for a negative size or a token that is none of ours.
    """
    start = int(_read(token, r"\d{1,9}")[0]) if token else 0
    end = start + _limit(size, default)
    return list(items[start:end]), _token(end) if end < len(items) else ""


def page_after(
    items: Sequence[T], place: Callable[[T], Place], size: int, token: str, *, reverse: bool = False
) -> tuple[list[T], str]:
    """At most ``size`` items (0: 50; 1000 at most) in the order of ``place``, and a token.

    The token names the last item shown, so what arrives or goes between two pages shifts nothing.
    Raises as ``page`` does.
    """
    limit = _limit(size, 50)
    if token:
        last = tuple(_read(token, r"\S{1,40} \S{1,40}"))
        items = [each for each in items if (place(each) < last if reverse else place(each) > last)]
    shown = sorted(items, key=place, reverse=reverse)[:limit]
    return shown, _token(*place(shown[-1])) if len(items) > limit else ""


def _limit(size: int, default: int) -> int:
    if size < 0:
        raise invalid("The page size must not be negative.")
    return min(size or default, 1000)


def _token(*place: object) -> str:
    return base64.urlsafe_b64encode(f"from {' '.join(map(str, place))}".encode()).decode()


def _read(token: str, shape: str) -> list[str]:
    try:
        match = re.fullmatch(f"from ({shape})", base64.urlsafe_b64decode(token).decode("ascii"))
    except ValueError:
        match = None
    if match is None:
        raise invalid("The page token is not valid.")
    return match[1].split()
