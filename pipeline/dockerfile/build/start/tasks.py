"""What a start does before it serves: the launches that match, grouped by where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.values import PORT, Launch
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.shell.executed import Executed

_LONGEST = 60
_NEAR = 4
_OF_FILES = frozenset({"-d", "-e", "-f", "-s", "-x", "-L"})


@dataclass(frozen=True)
class Task:
    """One line that does such work on every start; ``words`` are its commands, to be read."""

    place: Place
    words: str
    certain: bool
    launches: tuple[Launch, ...]


def tasks(
    build: Build, matches: Callable[[Executed], bool], named: Callable[[Executed], bool]
) -> Iterator[Task]:
    """The launches that match, and those that are only called so where nothing in them matches.

    What an image exists for (its only command) is no task.
    """
    launches = build.start.launches
    found: dict[tuple[str, int], list[tuple[Launch, bool]]] = {}
    for at, launch in enumerate(launches):
        certain = launch.executed.certain
        if launch.main or not (certain or _asks_for_files(launches, at)):
            continue
        line = (launch.place.file, launch.place.line)
        sure = not launch.followed and matches(launch.executed)
        inner = list(_inside(launches, at))
        by_name = named(launch.executed) and bool(inner or not launch.followed)
        if by_name and not any(one.main or matches(one.executed) for one in inner):
            found.setdefault(line, []).append((launch, False))
        elif sure:
            found.setdefault(line, []).append((launch, certain))
    for several in found.values():
        yield Task(
            several[0][0].place,
            " and ".join(dict.fromkeys(said(launch) for launch, _ in several[:3])),
            any(sure for _, sure in several),
            tuple(launch for launch, _ in several),
        )


def _asks_for_files(launches: tuple[Launch, ...], at: int) -> bool:
    """Whether it depends on what is in the image, or on what CMD says, and on no variable."""
    for one in reversed(launches[max(at - _NEAR, 0) : at]):
        if one.executed.name in {"[", "test"} and one.place.file == launches[at].place.file:
            words = one.executed.words
            return bool(_OF_FILES & set(words)) or any("@:" in word for word in words)
        if one.executed.certain:
            return False
    return False


def _inside(launches: tuple[Launch, ...], at: int) -> Iterator[Launch]:
    """What a launch runs in turn: it stands behind it, and is reached through more files."""
    depth = len(launches[at].via)
    for one in launches[at + 1 :]:
        if len(one.via) <= depth:
            return
        yield one


def said(launch: Launch) -> str:
    """A command as a person would name it."""
    text = " ".join(launch.executed.words).replace(PORT, "$PORT")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
