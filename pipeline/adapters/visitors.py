"""Steady requests to a URL, as users would send them, while something else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.adapters.web import Answer

VISITOR = "rehearsal-visitor"
"""The user agent by which the request log tells these requests from ours."""

_DEADLINE = 10.0  # seconds for one answer


@dataclass
class Visitors:
    """What became of the requests; a failure is anything but a 2xx."""

    served: int = 0
    failures: list[str] = field(default_factory=list)

    def count(self, answer: Answer) -> None:
        if 200 <= answer.status < 300 and not answer.failure:
            self.served += 1
        else:
            self.failures.append(answer.failure or f"{answer.status}")


@contextmanager
def visiting(
    get: Callable[[str, dict[str, str], float], Answer], url: str, every: float
) -> Iterator[Visitors]:
    """Ask ``url`` every ``every`` seconds, from a thread, until the block ends."""
    visitors, over = Visitors(), threading.Event()

    def visit() -> None:
        while not over.wait(every):
            visitors.count(get(url, {"User-Agent": VISITOR}, _DEADLINE))

    thread = threading.Thread(target=visit, daemon=True)
    thread.start()
    try:
        yield visitors
    finally:
        over.set()
        thread.join(_DEADLINE)
