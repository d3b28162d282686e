"""Which modules a folder of a context offers, and in which file each of them stands."""

from __future__ import annotations

import posixpath

from pipeline.dockerfile.context import BuildContext


def module_file(context: BuildContext, root: str, module: str) -> str | None:
    """The file that ``import module`` loads with ``root`` on the path.

    A folder without ``__init__.py`` stands for itself; None where there is no such module.
    """
    base = posixpath.join(root, module.replace(".", "/")) if module else root
    for path in (f"{base}/__init__.py", f"{base}.py"):
        if context.exists(path) and not context.is_dir(path):
            return posixpath.normpath(path)
    return posixpath.normpath(base) if module and _holds_python(context, base) else None


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
