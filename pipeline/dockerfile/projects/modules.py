"""Which modules a folder of a context offers."""

from __future__ import annotations

import posixpath

from pipeline.dockerfile.context import BuildContext


def local_modules(context: BuildContext, root: str) -> dict[str, str]:
    """The modules at the top of ``root`` by name: files, and folders that hold Python."""
    found: dict[str, str] = {}
    for path in context.matching(posixpath.join(_plain(root), "*")):
        name = path.rpartition("/")[2]
        if context.is_dir(path):
            if name.isidentifier() and _holds_python(context, path):
                found[name] = path
        elif name.endswith(".py") and name[:-3].isidentifier():
            found[name[:-3]] = path
    return found


def _holds_python(context: BuildContext, folder: str) -> bool:
    return any(path.endswith(".py") for path in context.under(folder))


def _plain(path: str) -> str:
    """The path as a pattern that matches it alone."""
    return "".join(f"\\{sign}" if sign in "*?[\\" else sign for sign in path)
