"""What keeps our own files out of git, and out of an image that is built from the top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.config import Config
from pipeline.dockerfile.ignore import Ignore
from pipeline.steps.setup.templates import File
from pipeline.steps.setup.wheel import PATTERN

_CREDENTIALS = "gha-creds-*.json"  # Google's GitHub action leaves them in the checkout
_OF_GIT = (".venv", ".nox", "__pycache__", _CREDENTIALS)  # nox compiles noxfile.py
_OF_IMAGE = (".git", *_OF_GIT, "pipeline.yaml", "noxfile.py", "cloudbuild.yaml", PATTERN)


def ignoring(root: Path, config: Config) -> Iterator[File]:
    """Each file with what it lacks added at its end; none for one that lacks nothing.

    Without them credentials and the pipeline's environment would get into the image, and each
    commit would make another.
    """
    text = _text(root / ".gitignore")
    yield from _with(".gitignore", text, "# the pipeline's own", lacking_in_git(text))
    if config.source_path.resolve() == root.resolve():
        name = _of_image(root, config.dockerfile_path.resolve())
        text = _text(root / name)
        yield from _with(name, text, "# no part of the image", lacking_in_image(text))


def _of_image(root: Path, dockerfile: Path) -> str:
    """The file that the engine heeds: the Dockerfile's own, where it has one."""
    own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    has_own = own.is_file() and own.is_relative_to(root)
    return own.relative_to(root).as_posix() if has_own else ".dockerignore"


def lacking_in_git(text: str) -> list[str]:
    """What of ours no line names."""
    lines = {line.strip().strip("/") for line in text.splitlines()}
    return [name for name in _OF_GIT if name not in lines]


def lacking_in_image(text: str) -> list[str]:
    """What of ours the rules of a ``.dockerignore`` let through."""
    rules = Ignore.parse(text)
    return [name for name in _OF_IMAGE if not rules.excludes(name.replace("*", "1"))]


def _text(path: Path) -> str:
    return path.read_text("utf-8", "surrogateescape") if path.is_file() else ""


def _with(name: str, text: str, comment: str, missing: Sequence[str]) -> Iterator[File]:
    if missing:
        end = "" if not text or text.endswith("\n") else "\n"
        gap = "\n" if text else ""
        lines = "".join(f"{line}\n" for line in (comment, *missing))
        whole = f"{text}{end}{gap}{lines}".encode("utf-8", "surrogateescape")
        yield File(name, whole, only_adds=True)
