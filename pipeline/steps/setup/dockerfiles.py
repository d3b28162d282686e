"""The Dockerfile that a repository is deployed with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import SourceMissing, UsageError
from pipeline.steps.setup.examples import example

_DOCKERFILE = re.compile(r"Dockerfile|Dockerfile\.[\w-]+|[\w-]+\.Dockerfile", re.IGNORECASE)
_LEFT_OUT = frozenset({
    "node_modules", "vendor", "venv", "dist", "build", "target", "test", "tests", "examples",
})  # fmt: skip
_DEEPEST = 4  # folders
_MOST = 20_000  # folders


def only_dockerfile(root: Path) -> Path:
    """The one at the top, or the only one. Raises SourceMissing and UsageError."""
    found = sorted(_dockerfiles(root), key=lambda path: (len(path.parts), path))
    plain = [path for path in found if path.name == "Dockerfile"] or found
    if not plain:
        raise SourceMissing(
            "there is no Dockerfile: the pipeline deploys what one builds",
            where=str(root),
            remedy="write one that starts the service on $PORT, such as the one above, then run "
            "this again",
            lines=example(root),
        )
    if plain[0].parent == root or len(plain) == 1:
        return plain[0]
    raise UsageError(
        f"there are {len(plain)} Dockerfiles, and one service is deployed at a time",
        where=", ".join(path.relative_to(root).as_posix() for path in plain[:10]),
        remedy="name the folder of the one: --source FOLDER",
    )


def _dockerfiles(root: Path) -> Iterator[Path]:
    for count, (name, folders, files) in enumerate(os.walk(root)):
        folder = Path(name)
        is_deep = len(folder.relative_to(root).parts) >= _DEEPEST or count >= _MOST
        kept = [one for one in folders if one not in _LEFT_OUT and not one.startswith(".")]
        folders[:] = [] if is_deep else sorted(kept)
        yield from (folder / one for one in files if _DOCKERFILE.fullmatch(one))
