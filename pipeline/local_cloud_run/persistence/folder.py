"""The folder where a state is kept: one server's at a time, and whole at every moment."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import StateTaken, StateUnusable
from pipeline.local_cloud_run.persistence.document import Kept, NotOursError, Writer, read

FILE = "state.jsonl"
_LOCK = "lock"
_MINE = 0o600  # the variables of a template may be nobody else's business


@dataclass(frozen=True)
class Folder:
    """``before`` is what an earlier server kept there."""

    path: Path
    before: Kept = field(default_factory=Kept)
    _writer: Writer = field(default_factory=Writer)

    def write(self, kept: Kept) -> None:
        """Replace what is kept: whoever reads sees the old state or the new one.

        Raises StateUnusable.
        """
        fresh = self.path / f"{FILE}.new"
        try:
            fresh.unlink(missing_ok=True)
            with open(fresh, "xb", opener=_private) as file:  # follows no link that waits there
                file.write(self._writer.content(kept))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path / FILE)
            _sync(self.path)
        except OSError as error:
            raise _unusable(self.path, error) from error


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """The folder, made if need be, and nobody else's until it is left.

    Raises StateTaken and StateUnusable.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(path / _LOCK, "ab", opener=_private)  # noqa: SIM115 -- held until we leave
    except OSError as error:
        raise _unusable(path, error) from error
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # no child has this one
        except (BlockingIOError, PermissionError) as error:
            raise StateTaken(
                "another local Cloud Run keeps its state there",
                where=str(path),
                remedy="end that one first, or name another folder with --state",
            ) from error
        except OSError as error:
            raise _unusable(path, error) from error
        yield Folder(path, _read(path / FILE))


def _read(file: Path) -> Kept:
    """What was kept; nothing in a new folder. Raises StateUnusable."""
    try:
        return read(_content(file)) if file.exists() else Kept()
    except OSError as error:
        raise _unusable(file.parent, error) from error
    except NotOursError as error:
        raise StateUnusable(
            f"{file.name} {error}; nothing was changed",
            where=str(file),
            remedy="move it away to begin anew, or name another folder with --state",
        ) from error


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise NotOursError("is no file")
    return file.read_bytes()


def _unusable(path: Path, error: OSError) -> StateUnusable:
    return StateUnusable(
        f"the state cannot be kept there: {error.strerror or error}",
        where=str(error.filename or path),
        remedy="make room or give access there, or name another folder with --state",
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, _MINE)


def _sync(folder: Path) -> None:
    """Make sure that the new name is on the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
