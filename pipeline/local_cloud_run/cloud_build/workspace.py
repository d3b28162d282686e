"""A build's folder: the source, brought from storage and unpacked.

The archive is not trusted: nothing of it lands outside the folder.
"""

from __future__ import annotations

import asyncio
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import quote

import aiohttp

from pipeline.local_cloud_run.values import Json

_LARGEST = 2_000_000_000  # bytes, packed or unpacked
_CHUNK = 1 << 20


class NotFetchedError(Exception):
    """Why there is no source."""


def storage_url(environ: Mapping[str, str]) -> str:
    """Of the emulator of Cloud Storage that builds get their source from, or nothing."""
    host = environ.get("STORAGE_EMULATOR_HOST", "").strip().rstrip("/")
    return host if not host or "://" in host else f"http://{host}"


async def fetch(storage: str, source: Json, archive: IO[bytes]) -> None:
    """Bring an object. ``storage`` is the URL of Cloud Storage's API, or empty without one."""
    if not storage:
        raise NotFetchedError("the local Cloud Run was started without STORAGE_EMULATOR_HOST")
    bucket, name = source.get("bucket", ""), source.get("object", "")
    url = f"{storage}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
    wanted = {"alt": "media", "generation": source.get("generation", "")}
    query = {key: value for key, value in wanted.items() if value}
    try:
        async with aiohttp.ClientSession() as session, session.get(url, params=query) as answer:
            if answer.status != 200:
                raise NotFetchedError(f"gs://{bucket}/{name}: HTTP {answer.status}")
            async for chunk in answer.content.iter_chunked(_CHUNK):
                archive.write(chunk)
                if archive.tell() > _LARGEST:
                    raise NotFetchedError(f"gs://{bucket}/{name} is too large")
    except aiohttp.ClientError as error:
        raise NotFetchedError(f"gs://{bucket}/{name}: {error}") from error
    archive.seek(0)


async def unpack(archive: IO[bytes], folder: Path) -> None:
    try:
        await asyncio.to_thread(_unpack, archive, folder)
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError) as error:
        raise NotFetchedError(f"the source cannot be unpacked: {error}") from error


def _unpack(archive: IO[bytes], folder: Path) -> None:
    links, size = [], 0
    with tarfile.open(fileobj=archive, mode="r:gz") as packed:
        for member in packed:
            path = folder / _inside(member.name)
            size += member.size
            if size > _LARGEST:
                raise NotFetchedError("the source is too large")
            content = packed.extractfile(member) if member.isreg() else None
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as file:
                    while chunk := content.read(_CHUNK):
                        file.write(chunk)
                path.chmod(0o755 if member.mode & 0o111 else 0o644)
            elif member.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif member.issym():
                links.append((path, member.linkname))
            else:
                raise NotFetchedError(f"{member.name} is neither a file nor a link")
    for path, target in links:  # last, so that nothing was written through one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise NotFetchedError(f"{name} leads out of the source")
    return path


def inside(folder: Path, name: str) -> Path:
    """A path of the workspace, links followed. Raises NotFetchedError for one outside."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise NotFetchedError(f"{name} leads out of the workspace")
    return path
