"""The files that another repository gets: those of this one, less what concerns this one alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "noxfile.py",
    "cloudbuild.yaml",
    ".github/workflows/deploy.yml",
    ".github/workflows/pull-request.yml",
    ".github/workflows/reusable.yml",
    ".github/workflows/rollback.yml",
    "scripts/engine",
    "scripts/nox",
    "scripts/packages.sh",
    "scripts/requirements.txt",
)
BRANCH = "main"
"""The branch whose pushes deploy, here."""
INSIDE = "templates"
"""The folder of the package that has them where it is installed; a checkout has them at its top."""

_OURS = re.compile(
    r"^[ \t]*# begin: of this repository only\n.*?^[ \t]*# end: of this repository only\n",
    re.MULTILINE | re.DOTALL,
)
_GAP = re.compile(r"\n{4,}")


@dataclass(frozen=True)
class File:
    """A file to write: its path in the repository, with slashes.

    ``only_adds``: what is there stays, with lines at its end.
    """

    path: str
    content: bytes
    only_adds: bool = False

    @property
    def mode(self) -> int:
        return 0o755 if self.content.startswith(b"#!") else 0o644


def package_folder() -> Path:
    return Path(__file__).parents[2]


def template_folder() -> Path:
    inside = package_folder() / INSIDE
    return inside if inside.is_dir() else package_folder().parent


def templates(branch: str = BRANCH) -> list[File]:
    """Each file as the other repository gets it, where a push to ``branch`` deploys."""
    folder = template_folder()
    texts = ((name, (folder / name).read_text("utf-8")) for name in NAMES)
    ours, theirs = f"branches: [{BRANCH}]", f"branches: [{branch}]"
    return [File(name, for_others(text).replace(ours, theirs).encode()) for name, text in texts]


def for_others(text: str) -> str:
    """The text without what stands between the comments that say it is of this repository only."""
    return _GAP.sub("\n\n\n", _OURS.sub("", text)).rstrip("\n") + "\n"
