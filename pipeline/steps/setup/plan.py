"""What writing the files would do to a repository, and doing it."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.errors import SourceMissing
from pipeline.steps.setup.templates import File
from pipeline.steps.setup.wheel import same_wheel

_BINARY = ".whl"


class State(StrEnum):
    NEW = "new"
    SAME = "as it should be"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Planned:
    """A file, what stands in its place now, and the difference as a unified diff."""

    file: File
    state: State
    diff: tuple[str, ...] = ()


def plan(root: Path, files: Iterable[File]) -> list[Planned]:
    """Compare each with what is there. Raises SourceMissing for what cannot be read."""
    return [_planned(root / file.path, file) for file in files]


def write(root: Path, files: Iterable[Planned]) -> None:
    """Write what is new or different, each file whole or not at all."""
    for one in files:
        if one.state is not State.SAME:
            path = root / one.file.path
            try:
                _write(path, one.file)
            except OSError as error:
                raise SourceMissing(
                    f"{one.file.path} cannot be written: {error.strerror}",
                    where=str(path),
                    remedy="mend that, and run this again: what is written stays",
                ) from error


def older_wheels(root: Path, pattern: str, wheel: str) -> list[Path]:
    """The wheels of other versions, which the one that is written takes the place of."""
    return [path for path in sorted(root.glob(pattern)) if path != root / wheel]


def _planned(path: Path, file: File) -> Planned:
    try:
        now = path.read_bytes() if path.exists() or path.is_symlink() else None
    except OSError as error:
        raise SourceMissing(
            f"what is there cannot be read: {error.strerror}",
            where=str(path),
            remedy="move it away, or make it readable",
        ) from error
    if now is None:
        return Planned(file, State.NEW, _diff(file.path, b"", file.content))
    is_same = same_wheel(now, file.content) if _is_wheel(file) else now == file.content
    if is_same:
        return Planned(file, State.SAME)
    return Planned(file, State.DIFFERENT, _diff(file.path, now, file.content))


def _is_wheel(file: File) -> bool:
    return file.path.endswith(_BINARY)


def _diff(name: str, before: bytes, after: bytes) -> tuple[str, ...]:
    if name.endswith(_BINARY):
        return (f"+++ b/{name}: the pipeline itself, {len(after) >> 10} KiB",)
    source = f"a/{name}" if before else "/dev/null"
    return tuple(
        difflib.unified_diff(_lines(before), _lines(after), source, f"b/{name}", lineterm="")
    )


def _lines(raw: bytes) -> Sequence[str]:
    return raw.decode("utf-8", "replace").splitlines()


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(file.content)
            os.fchmod(out.fileno(), file.mode)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
