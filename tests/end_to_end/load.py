"""A steady load from a process of its own: so many requests a second, whoever is slow.

    python -m tests.end_to_end.load URL RATE

asks until its standard input ends, then prints each answer: when it was asked for and when it came,
by the machine's monotonic clock, the status (0 for none) and the revision that it names.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field

import aiohttp

from tests.end_to_end.conftest import ROOT

_ANSWER = 10.0  # seconds
_ENDS = 30.0  # seconds


@dataclass(frozen=True)
class Answered:
    """``sent`` and ``came`` are monotonic; ``status`` 0 is no answer, and ``who`` says why."""

    sent: float
    came: float
    status: int
    who: str


@dataclass
class Load:
    """``answers`` are there once it has ended."""

    answers: list[Answered] = field(default_factory=list)

    @property
    def failed(self) -> list[Answered]:
        return [one for one in self.answers if one.status != 200]

    def within(self, begins: float, ends: float) -> list[str]:
        """Who answered what was sent and answered in this time."""
        return [one.who for one in self.answers if begins <= one.sent and one.came <= ends]


@contextmanager
def load(url: str, rate: int) -> Iterator[Load]:
    """``rate`` requests a second until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, url, str(rate)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    asked = Load()
    try:
        yield asked
    finally:
        output, _ = process.communicate(timeout=_ENDS)
    asked.answers += [Answered(*json.loads(line)) for line in output.splitlines()]


async def _ask(client: aiohttp.ClientSession, url: str) -> Answered:
    sent = time.monotonic()
    try:
        async with client.get(url) as answer:
            await answer.read()
            who = answer.headers.get("X-Revision", "")
            return Answered(sent, time.monotonic(), answer.status, who)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Answered(sent, time.monotonic(), 0, repr(error))


async def _steadily(url: str, rate: int) -> list[Answered]:
    """A request at each moment it is due, whether or not those before were answered."""
    loop, due = asyncio.get_running_loop(), time.monotonic()
    over = loop.run_in_executor(None, sys.stdin.read)
    asked: list[asyncio.Task[Answered]] = []
    timeout = aiohttp.ClientTimeout(total=_ANSWER)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
        while not over.done():
            asked.append(loop.create_task(_ask(client, url)))
            due += 1 / rate
            await asyncio.sleep(due - time.monotonic())
        return await asyncio.gather(*asked)


def main(url: str, rate: str) -> None:
    for one in asyncio.run(_steadily(url, int(rate))):
        sys.stdout.write(f"{json.dumps(astuple(one))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
