"""Inside ``pipeline/dockerfile`` imports point one way too, and nothing there has an effect."""

from __future__ import annotations

from pathlib import Path

import pytest

import pipeline.dockerfile
from tests.unit.test_imports import imported

ROOT = Path(pipeline.dockerfile.__file__).parent
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))

# The lowest first: a room may import those before it, and itself.
ORDER = (
    "place", "ids", "patterns", "ignore", "gcloudignore", "tree", "syntax", "shell", "context",
    "projects", "build", "rules", "suppressions", "patches", "pages", "lint",
)  # fmt: skip
# Heavy or with effects. tree-sitter is for the rooms that read a language.
FORBIDDEN = {"subprocess", "socket", "requests", "google", "rich", "pydantic", "time"}
GRAMMARS = {"shell", "projects"}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_imports_only_what_stands_below_it(file: Path) -> None:
    room = file.parts[0].removesuffix(".py")
    if room == "__init__":
        return
    below = {*ORDER[: ORDER.index(room) + 1]}
    for name in imported(Path("dockerfile") / file):
        root, *rest = name.split(".")
        if root == "pipeline":
            assert rest[0] == "dockerfile", f"{file} imports {name}"
            assert rest[1] in below, f"{file} imports {name}"
        else:
            assert root not in FORBIDDEN, f"{file} imports {name}"
            assert not root.startswith("tree_sitter") or room in GRAMMARS
