"""What writing the files would do to a repository, and doing it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.errors import NotWritten
from pipeline.steps.setup.templates import File
from pipeline.steps.setup.wheel import PATTERN, same_wheel

_BINARY = ".whl"


class State(StrEnum):
    NEW = "new"
    SAME = "as it should be"
    ADDED = "lines added"
    DIFFERENT = "different"
    REMOVED = "removed, for another version takes its place"


@dataclass(frozen=True)
class Planned:
    """A file, what becomes of it, and the difference as a unified diff."""

    path: str
    state: State
    diff: tuple[str, ...] = ()
    file: File | None = None


def plan(root: Path, files: Iterable[File]) -> list[Planned]:
    """Compare each with what is there. Raises NotWritten for what has no place."""
    wanted = list(files)
    return [*(_planned(root, file) for file in wanted), *_older_wheels(root, wanted)]


def write(root: Path, planned: Iterable[Planned]) -> None:
    """Do it, each file whole or not at all."""
    for one in planned:
        try:
            if one.state is State.REMOVED:
                (root / one.path).unlink()
            elif one.file is not None and one.state is not State.SAME:
                _write(root / one.path, one.file)
        except OSError as error:
            remedy = "mend that, and run this again: what is written stays"
            raise _refused(root / one.path, error.strerror or str(error), remedy) from error


def _planned(root: Path, file: File) -> Planned:
    path = root / file.path
    now = _content(root, path)
    if now is None:
        return Planned(file.path, State.NEW, tuple(_diff(file, b"")), file)
    may_run = not file.mode & 0o111 or os.access(path, os.X_OK)
    if _same(now, file) and may_run:
        return Planned(file.path, State.SAME)
    state = State.ADDED if file.only_adds else State.DIFFERENT
    return Planned(file.path, state, tuple(_diff(file, now)), file)


def _same(now: bytes, file: File) -> bool:
    is_wheel = file.path.endswith(_BINARY)
    return same_wheel(now, file.content) if is_wheel else now == file.content


def _content(root: Path, path: Path) -> bytes | None:
    """What stands there now; None where nothing does. Raises NotWritten."""
    for folder in list(path.relative_to(root).parents)[-2::-1]:
        if os.path.lexists(root / folder) and not (root / folder).is_dir():
            raise _refused(root / folder, "it is there, and is no folder")
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise _refused(path.parent, "it leads out of the repository")
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        raise _refused(path, "it is there, and is no file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refused(path, f"what is there cannot be read: {error.strerror}") from error


def _refused(path: Path, why: str, remedy: str = "") -> NotWritten:
    remedy = remedy or "move it away; nothing was written"
    return NotWritten(why, where=str(path), remedy=remedy)


def _older_wheels(root: Path, files: Iterable[File]) -> Iterator[Planned]:
    """The wheels of other versions, which the one that is written takes the place of."""
    kept = {file.path for file in files}
    for path in sorted(root.glob(PATTERN)):
        name = path.relative_to(root).as_posix()
        if name not in kept:
            yield Planned(name, State.REMOVED, (f"--- a/{name}: another version",))


def _diff(file: File, before: bytes) -> Iterator[str]:
    name = file.path
    if name.endswith(_BINARY):
        yield f"+++ b/{name}: the pipeline itself, {len(file.content) >> 10} KiB"
        return
    source = f"a/{name}" if before else "/dev/null"
    lines = list(
        difflib.unified_diff(_lines(before), _lines(file.content), source, f"b/{name}", lineterm="")
    )
    same = "may be run" if before == file.content else "the same, with other ends of lines"
    yield from lines or (f"+++ b/{name}: {same}",)


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8", "replace").splitlines()


def _write(path: Path, file: File) -> None:
    """One name for what is half written: whatever ends this, the next run takes it away."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.unlink(missing_ok=True)
        with part.open("xb") as out:
            out.write(file.content)
            os.fchmod(out.fileno(), file.mode)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
