"""What there is to lint: Dockerfiles, and the build context of each."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.dockerfile.lint import Settings, named_sources
from pipeline.dockerfile.syntax.nodes import Dockerfile

if TYPE_CHECKING:
    from pipeline.config import Config

_LARGEST = 64 << 20  # bytes


@dataclass(frozen=True)
class Target:
    """A Dockerfile. ``context`` None: nobody said which folder it is built from."""

    path: Path
    context: Path | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def file(self) -> str:
        return shown(self.path)


@dataclass(frozen=True)
class Gap:
    """What was asked for and cannot be linted, and why."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def shown(path: Path | str) -> str:
    """A path as a person is shown it: from here where it is below, else absolute."""
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith("..") else relative


def find_targets(paths: Sequence[Path], config: Config | None) -> tuple[list[Target], list[Gap]]:
    """The Dockerfiles that ``paths`` name, each once; without paths the configured one."""
    if config and not paths:
        from pipeline.steps.source import find_dockerfile  # it takes its time to import

        find_dockerfile(config)
        found = [_configured(config)]
    else:
        found = [_named(path, config) for path in paths]
    targets = {os.path.abspath(target.path): target for target in found}
    gaps = {name: why for name, target in targets.items() if (why := _unreadable(target))}
    readable = [target for name, target in targets.items() if name not in gaps]
    return readable, [Gap(targets[name].file, why) for name, why in gaps.items()]


def _configured(config: Config) -> Target:
    settings = Settings(config.build.target, config.build.args, config.run.port)
    return Target(config.dockerfile_path, config.source_path, settings)


def _named(path: Path, config: Config | None) -> Target:
    in_folder = os.path.isdir(path)
    dockerfile = path / "Dockerfile" if in_folder else path
    if config and (_same(dockerfile, config.dockerfile_path) or _same(path, config.source_path)):
        return _configured(config)
    return Target(dockerfile, path if in_folder else None)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _unreadable(target: Target) -> str:
    try:
        status = target.path.stat()
    except FileNotFoundError:
        return "there is no such file"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if not stat.S_ISREG(status.st_mode):
        return "it is not a file"
    if status.st_size > _LARGEST:
        return f"it is larger than {_LARGEST >> 20} MiB"
    return "" if os.access(target.path, os.R_OK) else "it cannot be read: Permission denied"


def find_context(target: Target, dockerfile: Dockerfile) -> tuple[Path | None, str]:
    """The build context, and what to say of the choice; None where it cannot be known.

    Beside the Dockerfile, unless none of what it copies is there: then the folder above that has
    the most of it, as far up as the folder we are in or the top of the checkout.
    """
    own = target.path.absolute().parent
    sources = named_sources(dockerfile)
    sources = [one for one in sources if one != "."] or sources  # every folder has that
    if target.context or not sources or _count(own, sources):
        return target.context or own, ""
    above = max(_above(own), key=lambda folder: _count(folder, sources), default=own)
    if _count(above, sources):
        return above, f"{target.file} copies from {above}, which is taken for its build context"
    return None, (
        f"{target.file} copies nothing that is beside it or above, so its build context is not "
        "known; name it in pipeline.yaml as source, with this dockerfile"
    )


def _above(own: Path) -> list[Path]:
    """The nearest first."""
    folders = list(own.parents)
    tops = [folders.index(Path.cwd())] if Path.cwd() in folders else []
    tops += [at for at, folder in enumerate(folders) if os.path.exists(folder / ".git")][:1]
    return folders[: max(tops) + 1] if tops else []


def _count(folder: Path, sources: Iterable[str]) -> int:
    return sum(_has(folder, source) for source in sources)


def _has(folder: Path, source: str) -> bool:
    """Whether it is there; a folder with nothing but Dockerfiles has nothing to copy."""
    if source != ".":
        return os.path.lexists(folder / source)
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any("dockerfile" not in name.lower() and name != ".dockerignore" for name in names)
