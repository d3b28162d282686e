"""What keeps our own files out of git, and out of an image that is built from the top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.dockerfile.ignore import Ignore
from pipeline.steps.setup.templates import File
from pipeline.steps.setup.wheel import PATTERN

NAMES = (".gitignore", ".dockerignore")

_CREDENTIALS = "gha-creds-*.json"  # Google's GitHub action leaves them in the checkout
_OF_GIT = (".venv", ".nox", "__pycache__", _CREDENTIALS)  # nox compiles noxfile.py
_OF_IMAGE = (".git", *_OF_GIT, "pipeline.yaml", "noxfile.py", "cloudbuild.yaml", PATTERN)
_COMMENTS = {".gitignore": "# the pipeline's own", ".dockerignore": "# no part of the image"}


def ignoring(root: Path, source: Path) -> Iterator[File]:
    """Each file with what it lacks added at its end; none for one that lacks nothing.

    Without them credentials and the pipeline's environment would get into the image, and each
    commit would make another.
    """
    text = _text(root / NAMES[0])
    yield from _with(NAMES[0], text, lacking_in_git(text))
    if source.resolve() == root.resolve():
        text = _text(root / NAMES[1])
        yield from _with(NAMES[1], text, lacking_in_image(text))


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


def _with(name: str, text: str, missing: Sequence[str]) -> Iterator[File]:
    if missing:
        end = "" if not text or text.endswith("\n") else "\n"
        gap = "\n" if text else ""
        lines = "".join(f"{line}\n" for line in (_COMMENTS[name], *missing))
        yield File(name, f"{text}{end}{gap}{lines}".encode("utf-8", "surrogateescape"))
