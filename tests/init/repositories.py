"""Sample repositories, each a checkout of its own, and the command as a person runs it in them."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from pipeline.__main__ import main
from pipeline.adapters.world import real_world
from tests.end_to_end.conftest import Ran

SAMPLES = Path(__file__).parent / "samples"
NAMES = ("shop", "board", "site")


def a_repository(name: str, folder: Path) -> Path:
    """A copy of a sample as git has it; the one for Node brings this machine's own."""
    root = folder / name
    shutil.copytree(SAMPLES / name, root)
    if name == "board":
        shutil.copy(os.path.realpath(shutil.which("node") or os.devnull), root / "node")
    git(root, "init", "--quiet")
    return root


def git(root: Path, *words: str) -> str:
    command = ("git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@t", *words)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def environ(**more: str) -> dict[str, str]:
    """Nothing of this machine's Google: neither its configuration nor its credentials."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "NO_GCE_CHECK": "true", **more}


def run(root: Path, *words: str, **more: str) -> Ran:
    """``python -m pipeline WORDS`` in a folder, in this process."""
    output = io.StringIO()
    world = replace(real_world(), environ=environ(**more), cwd=root)
    with (
        contextlib.chdir(root),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        code = main(words, world)
    return Ran(code, output.getvalue())


def contents(root: Path) -> dict[str, bytes]:
    """Every file by its path, but for git's own."""
    files = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
