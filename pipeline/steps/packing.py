"""The source as one archive to upload: the same bytes wherever the same source is packed."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.checks.secret_files import LOOKED_AT, secret_in
from pipeline.commands import CLOUD_BUILD
from pipeline.config import Config
from pipeline.errors import SourceMissing, SourceRefused
from pipeline.steps.source import GCLOUDIGNORE, build_files, find_dockerfile

LARGEST = 1_000_000_000
"""Bytes of a source, before they are packed."""

DOCKERFILE, CONTEXT = "Dockerfile", "context"
"""Where the two are in the archive."""

_TIME = 315_619_200  # 2 January 1980: a zip file that a build makes can hold nothing older
_LEVEL = 6
_NAMED = 5  # largest files that are named
_SHOWN = 20  # files that are refused


@dataclass(frozen=True)
class Packed:
    """A ``.tar.gz``. ``digest`` is sha256 in hexadecimal, ``md5`` as Cloud Storage spells it."""

    file: IO[bytes]
    size: int
    digest: str
    md5: str


@contextmanager
def packed(config: Config) -> Iterator[Packed]:
    """The archive, until it is left. Raises SourceRefused for what must not be uploaded."""
    with tempfile.TemporaryFile() as file:
        _pack(config, file)
        yield _measured(file)


def _pack(config: Config, file: IO[bytes]) -> None:
    dockerfile = find_dockerfile(config)
    try:
        files = [one for one in build_files(config, CLOUD_BUILD) if _is_kept(one[1])]
        _must_be_small(files)
        refused = _write(file, dockerfile, files, os.path.realpath(config.source_path))
    except (OSError, tarfile.TarError) as error:
        name = getattr(error, "filename", None) or "the source"
        raise SourceMissing(
            f"{name} cannot be packed: {getattr(error, 'strerror', None) or error}",
            where=str(config.source_path),
            remedy="did it change meanwhile? Run it again, or mend its permissions",
        ) from error
    if refused:
        raise _refusal(refused, config.source_path)


def _is_kept(path: Path) -> bool:
    """Files and links; a pipe, a socket or a device cannot be packed."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _must_be_small(files: Sequence[tuple[str, Path]]) -> None:
    sizes = sorted(((path.lstat().st_size, name) for name, path in files), reverse=True)
    total = sum(size for size, _ in sizes)
    if total > LARGEST:
        raise SourceRefused(
            f"the source has {_mb(total)}, and {_mb(LARGEST)} is the most",
            where=sizes[0][1],
            remedy=f"leave out what the build does not need: name it in {GCLOUDIGNORE}",
            lines=[f"{_mb(size)}  {name}" for size, name in sizes[:_NAMED]],
        )


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _write(
    file: IO[bytes], dockerfile: Path, files: Sequence[tuple[str, Path]], root: str
) -> dict[str, str]:
    """Write the archive; the files that must not be in it, and why."""
    found: dict[str, str] = {}
    with (
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        found[dockerfile.name] = _add(archive, DOCKERFILE, dockerfile)
        # Its rules have been gone by here: next to the Dockerfile, an empty file says so.
        archive.addfile(_entry(f"{DOCKERFILE}.dockerignore"))
        for name, path in files:
            try:
                found[name] = _leaves(path, root) or _add(archive, f"{CONTEXT}/{name}", path)
            except OSError as error:
                error.filename = error.filename or str(path)  # tarfile does not say
                raise
    return {name: why for name, why in found.items() if why}


def _refusal(refused: Mapping[str, str], folder: Path) -> SourceRefused:
    first = next(iter(refused))
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    shown = list(refused.items())[:_SHOWN]
    return SourceRefused(
        f"{first}{more} must not be uploaded",
        where=str(folder),
        remedy=f"add to {GCLOUDIGNORE} or .dockerignore: {', '.join(name for name, _ in shown)}",
        lines=[f"{name}: {why}" for name, why in shown],
    )


def _leaves(path: Path, root: str) -> str:
    """Why a link is refused, or nothing."""
    if not path.is_symlink():
        return ""
    target = os.readlink(path)
    end = os.path.realpath(path)
    inside = end == root or end.startswith(f"{root}{os.sep}")
    return "" if inside and not os.path.isabs(target) else f"a link out of the source: {target}"


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Pack a file or a link; why it must not be, if it is a credential."""
    if path.is_symlink() and name != DOCKERFILE:
        entry = _entry(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(path)
        archive.addfile(entry)
        return ""
    with path.open("rb") as content:
        status = os.fstat(content.fileno())
        entry = _entry(name)
        entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
        if entry.size > LOOKED_AT:
            archive.addfile(entry, content)
            return ""
        data = content.read(entry.size)
        archive.addfile(entry, io.BytesIO(data))
        return secret_in(name, data)


def _entry(name: str) -> tarfile.TarInfo:
    """Of nobody, and of no time."""
    entry = tarfile.TarInfo(name)
    entry.mtime = _TIME
    return entry


def _measured(file: IO[bytes]) -> Packed:
    size = file.tell()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))  # type: ignore[arg-type]
    file.seek(0)
    return Packed(file, size, digest, b64encode(md5.digest()).decode())
