"""The build's input: which files, and the digest that names them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pipeline.adapters.world import World
from pipeline.commands import CLOUD_BUILD, Command, Engine
from pipeline.config import Config
from pipeline.dockerfile.gcloudignore import GcloudIgnore
from pipeline.dockerfile.ignore import Ignore
from pipeline.errors import SourceMissing, SourceRefused
from pipeline.model import Source

GCLOUDIGNORE = ".gcloudignore"


def read_source(config: Config, world: World, engine: Engine) -> Source:
    """Digest everything that decides what the build makes: files, modes, arguments, platform.

    The engine decides which of several ignore files counts.
    """
    digest = hashlib.sha256()
    build = {"args": dict(config.build.args), "target": config.build.target}
    digest.update(json.dumps([build, config.platform], sort_keys=True).encode())
    try:
        _add(digest, "Dockerfile", find_dockerfile(config))
        for name, path in build_files(config, engine):
            _add(digest, name, path)
    except OSError as error:
        raise SourceMissing(
            f"{error.filename} cannot be read: {error.strerror}",
            where=str(config.source_path),
            remedy="mend its permissions, or name it in .dockerignore",
        ) from error
    return Source(digest.hexdigest(), *_commit(config.source_path, world))


def build_files(config: Config, engine: Engine) -> Iterator[tuple[str, Path]]:
    """What the build gets to see, by relative name, sorted.

    What is uploaded for Cloud Build goes by ``.gcloudignore`` too, and has no ``.git``.
    """
    files = context_files(config.source_path, ignore_file(config, engine))
    if engine != CLOUD_BUILD:
        return files
    rules = _upload_rules(config.source_path)
    return ((name, path) for name, path in files if not rules.excludes(name))


def _upload_rules(folder: Path) -> GcloudIgnore:
    def included(name: str) -> str:
        if "/" in name or not (folder / name).is_file():
            raise SourceRefused(
                f"{GCLOUDIGNORE} includes {name}, and there is no such file beside it",
                where=str(folder / GCLOUDIGNORE),
                remedy="correct the name, or remove the line: what it leaves out is not known",
            )
        return _text(folder / name)

    return GcloudIgnore.parse(f"{_text(folder / GCLOUDIGNORE)}\n.git\n", included)


def _text(rules: Path) -> str:
    return rules.read_text("utf-8", "replace") if rules.is_file() else ""


def find_dockerfile(config: Config) -> Path:
    if not config.source_path.is_dir():
        raise SourceMissing(
            f"the source folder {config.source} does not exist",
            where=str(config.source_path),
            remedy=f"set source in {config.file.name} to the folder with the Dockerfile",
        )
    if not config.dockerfile_path.is_file():
        raise SourceMissing(
            f"there is no Dockerfile at {config.dockerfile_path}",
            where=str(config.source_path),
            remedy=f"write one, or set dockerfile in {config.file.name}",
        )
    return config.dockerfile_path


def ignore_file(config: Config, engine: Engine) -> Path:
    """``.dockerignore``, or what the engine prefers to it; it need not exist."""
    dockerfile, folder = find_dockerfile(config), config.source_path
    preferred: list[Path] = []
    if engine.buildkit:
        preferred = [dockerfile.with_name(f"{dockerfile.name}.dockerignore")]
    elif engine.name == "podman":
        preferred = [folder / ".containerignore"]
    return next((one for one in preferred if one.is_file()), folder / ".dockerignore")


def context_files(folder: Path, rules: Path) -> Iterator[tuple[str, Path]]:
    """The context's files by relative name, sorted, an ignore file's ``rules`` applied."""
    ignore = Ignore.parse(_text(rules))
    waiting = _entries(folder, "")
    while waiting:
        name, entry = waiting.pop()
        excluded = ignore.excludes(name)
        if not entry.is_dir(follow_symlinks=False):
            if not excluded:
                yield name, Path(entry.path)
        elif not excluded or ignore.has_exceptions:
            waiting += _entries(Path(entry.path), f"{name}/")


def _entries(folder: Path, prefix: str) -> list[tuple[str, os.DirEntry[str]]]:
    """What is in a folder, the last first."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda one: one.name, reverse=True)
    return [(f"{prefix}{one.name}", one) for one in entries]


def _add(digest: hashlib._Hash, name: str, path: Path) -> None:
    mode = path.lstat().st_mode
    digest.update(f"\0{name}\0{mode & 0o111:o}\0".encode("utf-8", "surrogateescape"))
    if stat.S_ISLNK(mode):
        digest.update(os.readlink(path).encode("utf-8", "surrogateescape"))
    elif stat.S_ISREG(mode):
        with path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())


def _commit(folder: Path, world: World) -> tuple[str, bool, str]:
    """Git's name for the source, whether it differs from it, and where it is kept.

    Empty outside a checkout.
    """

    def git(*words: str) -> str:
        return world.run(Command(("git", "-C", str(folder), *words))).output.strip()

    head = git("rev-parse", "--verify", "--quiet", "HEAD")
    if not head:
        return "", False, ""
    dirty = bool(git("status", "--porcelain", "--", "."))
    return head, dirty, _without_credentials(git("remote", "get-url", "origin"))


def _without_credentials(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else url
