"""What git says of the repository: its top, the branch that deploys, and what it would not keep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.adapters.world import World
from pipeline.commands import Command
from pipeline.steps.setup.templates import BRANCH

_USUAL = (BRANCH, "master", "trunk")
_NAME = re.compile(r"[A-Za-z][\w./-]*")


def root_of(folder: Path) -> Path:
    """The top of the checkout that a folder is in, or the folder itself."""
    here = folder.resolve()
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), here)


def main_branch(world: World, root: Path) -> str:
    """The branch that others call the first: the remote's own, or the one of a usual name."""
    first = _git(world, root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    own = _git(world, root, "symbolic-ref", "--quiet", "HEAD")  # it may have no commit yet
    others = _git(world, root, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
    heads = [f"refs/{kind}/{one}" for one in _USUAL for kind in ("heads", "remotes/origin")]
    there = {*own.split(), *others.split()}
    ref = first.strip() or next((one for one in heads if one in there), "")
    name = re.sub(r"^refs/(?:heads|remotes/origin)/", "", ref)
    return name if _NAME.fullmatch(name) else BRANCH


def kept_out(world: World, root: Path, paths: Sequence[str]) -> list[str]:
    """Those that git ignores: they would be missing wherever else the repository is."""
    said = _git(world, root, "check-ignore", "--", *paths)
    return said.splitlines()


def _git(world: World, root: Path, *words: str) -> str:
    """What it writes; nothing where it fails, as it does outside of a repository."""
    done = world.run(Command(("git", "-C", str(root), *words)))
    return done.output if done.ok else ""
