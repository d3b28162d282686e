"""Certain changes, written into the files that they are for."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.dockerfile.patches import apply, compatible
from pipeline.dockerfile.place import Patch
from pipeline.steps.linting import Change
from pipeline.steps.targets import shown


@dataclass
class Fixed:
    """What was done: a unified diff, and a sentence for each change that was not made."""

    files: int = 0
    diff: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def fix(changes: Iterable[Change]) -> Fixed:
    """Make the changes that do not overlap, file by file, each file whole or not at all."""
    roots = {os.path.abspath(one.path): one.within for one in changes}
    named = [replace(one.patch, file=os.path.abspath(one.path)) for one in changes]
    taken, left = compatible(named)
    fixed = Fixed()
    fixed.left += [f"{shown(one.file)}: a change overlaps another; fix again" for one in left]
    for file in dict.fromkeys(patch.file for patch in taken):
        patches = [patch for patch in taken if patch.file == file]
        try:
            fixed.diff += _change(Path(file), roots[file], patches)
            fixed.files += 1
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            fixed.left.append(f"{shown(file)} is left as it is: {reason}")
    return fixed


def _change(path: Path, within: Path, patches: list[Patch]) -> list[str]:
    """Change one file; the diff. Raises OSError and ValueError, and then nothing has changed."""
    real = path.resolve()
    if not real.is_relative_to(within.resolve()):
        raise ValueError(f"it is outside {within}, at {real}")
    if real.exists() and not os.access(real, os.W_OK):
        raise ValueError("it is not to be written to")
    before = real.read_bytes() if real.exists() else b""
    text = before.decode("utf-8", "surrogateescape")
    after = apply(text, patches)
    if after != text:
        _write(real, after.encode("utf-8", "surrogateescape"))
    name = shown(path)
    return list(
        difflib.unified_diff(_lines(text), _lines(after), f"a/{name}", f"b/{name}", lineterm="")
    )


def _write(path: Path, data: bytes) -> None:
    """Replace the file in one step; its mode stays."""
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o644
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]
