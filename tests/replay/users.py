"""Users of a service while something else goes on, and what they met."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.adapters.logging import Entry
from pipeline.adapters.visitors import VISITOR, visiting
from pipeline.adapters.web import Answer
from pipeline.adapters.world import World

_USERS = 3
_EVERY = 0.12  # seconds between two requests of a user
_LAST = 3  # answers in the end that show how the service is left
_TO_ANSWER = 20.0  # seconds for those


@dataclass(frozen=True)
class Met:
    """What users met.

    ``failed_elsewhere`` are failures that the bad revision is not to blame for. ``share`` is the
    percentage of requests that the bad one had, over the ``seconds`` that it had any.
    """

    requests: int
    failed: int
    by_bad: int
    failed_elsewhere: int
    share: float
    seconds: float


@dataclass
class Users:
    """Every answer as it came, with its time. A service names its revision in a header."""

    world: World
    seen: list[tuple[datetime, Answer]] = field(default_factory=list)

    def ask(self, url: str, headers: Mapping[str, str], seconds: float) -> Answer:
        answer = self.world.get(url, headers, seconds)
        self.seen.append((self.world.now(), answer))
        return answer

    def last(self) -> Sequence[Answer]:
        """The next answers from now on."""
        already, deadline = len(self.seen), self.world.monotonic() + _TO_ANSWER
        while len(self.seen) < already + _LAST + _USERS and self.world.monotonic() < deadline:
            self.world.sleep(0.02)
        # Each user may have been waiting for an answer from before.
        return [answer for _, answer in self.seen[already + _USERS :]]


@contextmanager
def users(world: World, url: str) -> Iterator[Users]:
    """Steady requests to ``url``, some at the same time, until the block ends."""
    seen = Users(world)
    with ExitStack() as stack:
        for _ in range(_USERS):
            stack.enter_context(visiting(seen.ask, url, _EVERY))
        yield seen


def is_well(answer: Answer) -> bool:
    return 200 <= answer.status < 300 and not answer.failure


def revision_of(answer: Answer) -> str:
    """Empty where the answer is not the service's own."""
    return answer.headers.get("X-Revision", "")


def met(
    seen: Sequence[tuple[datetime, Answer]], log: Sequence[Entry], good: Collection[str]
) -> Met:
    """Judge by the header and by the request log; whichever says worse counts."""
    logged = [one for one in log if one.http.get("userAgent") == VISITOR]
    bad = [one for one in logged if one.revision not in good]
    by_word = [at for at, one in seen if revision_of(one) and revision_of(one) not in good]
    failed = sum(not is_well(one) for _, one in seen)
    its_own = sum(not 200 <= int(one.http.get("status", 0)) < 300 for one in bad)
    times = sorted([*by_word, *(one.at for one in bad)])
    within = _between(times, len(by_word), seen)
    return Met(
        requests=len(seen),
        failed=failed,
        by_bad=max(len(bad), len(by_word)),
        failed_elsewhere=max(failed - its_own, 0),
        share=100 * max(len(bad), len(by_word)) / within if within else 0.0,
        seconds=(times[-1] - times[0]).total_seconds() if times else 0.0,
    )


def _between(times: Sequence[datetime], least: int, seen: Sequence[tuple[datetime, Answer]]) -> int:
    """How many requests there were while the bad revision had some."""
    if not times:
        return 0
    return max(sum(times[0] <= at <= times[-1] for at, _ in seen), least)
