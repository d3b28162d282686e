"""A user who asks a service all the time, and remembers every answer that was not as it must be."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

_EVERY = 0.02  # seconds
_ANSWER = 10.0  # seconds


@dataclass
class User:
    """``answers`` so far; ``wrong`` are those that failed or came of a revision not in ``good``."""

    url: str
    good: Container[str]
    answers: int = 0
    wrong: list[str] = field(default_factory=list)

    def ask(self, session: requests.Session) -> None:
        try:
            answer = session.get(self.url, timeout=_ANSWER)
        except requests.RequestException as error:
            self.wrong.append(f"no answer: {error}")
            return
        self.answers += 1
        revision = answer.headers.get("X-Revision", "nobody")
        if answer.status_code != 200:
            self.wrong.append(f"{answer.status_code} of {revision}")
        elif revision not in self.good:
            self.wrong.append(f"{revision} answered, which nobody verified")


@contextmanager
def asking(url: str, good: Container[str]) -> Iterator[User]:
    """Ask from a thread until the block ends; ``good`` may grow meanwhile."""
    user, over = User(url, good), threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not over.wait(_EVERY):
                user.ask(session)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield user
    finally:
        over.set()
        thread.join()
