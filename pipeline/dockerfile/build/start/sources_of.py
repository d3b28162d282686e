"""Where the context has what the image has not, told from a file that both have."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.entries import ancestors


@dataclass(frozen=True)
class Counterparts:
    """Sources of the context for paths of the image.

    ``path`` is a file of the image, ``source`` where the context has it.
    """

    build: Build

    def module(self, path: str, source: str, base: str) -> str | None:
        """The Python module that would be at ``base``, a path of the image without its ending."""
        inner = _inner(path, source, base)
        return self._module(inner) if inner is not None else None

    def above(self, source: str, top: str) -> str | None:
        """The module of that name beside the source, or in a folder above it."""
        folders = (one.strip("/") for one in ancestors("/" + posixpath.dirname(source)))
        found = (self._module(posixpath.join(folder, top)) for folder in folders)
        return next(filter(None, found), None)

    def file(self, path: str, source: str, wanted: str) -> str | None:
        """The file that would be at ``wanted`` of the image."""
        inner = _inner(path, source, wanted)
        return inner if inner is not None and self._has(inner) else None

    def _module(self, base: str) -> str | None:
        names = (f"{base}.py", f"{base}/__init__.py", f"{base}/")
        return next((one for one in names if self._has(one)), None)

    def _has(self, name: str) -> bool:
        context = self.build.context
        if name in context.files or self.is_ignored(name):
            return True
        if not name.endswith("/"):
            return False
        return any(one.endswith(".py") for one in context.under(name.rstrip("/")))

    def is_ignored(self, name: str) -> bool:
        """Whether .dockerignore leaves it out, by itself or with a folder above."""
        ignored = self.build.context.ignored
        if name in ignored:
            return True
        return any(f"{one.strip('/')}/" in ignored for one in ancestors("/" + name.rstrip("/")))


def _inner(path: str, source: str, wanted: str) -> str | None:
    """The path in the context for one of the image."""
    root, origin = _roots(path, source)
    if not wanted.startswith(f"{root}/"):
        return None
    return posixpath.normpath(posixpath.join(origin, wanted[len(root) + 1 :]))


def _roots(path: str, source: str) -> tuple[str, str]:
    """The folders of image (empty: the root) and context below which both paths are the same."""
    one, other = path.strip("/").split("/"), source.strip("/").split("/")
    while one and other and one[-1] == other[-1]:
        one.pop()
        other.pop()
    return "".join(f"/{part}" for part in one), "/".join(other)


_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b[^(\n]*(?:\([^)]*\))?", re.MULTILINE)
_REQUIRE = re.compile(r"""(?:\bfrom|\brequire\(|\bimport\(?)\s*["'](\.[^"'\n]*)["']""")
_TOLD = re.compile(r"uvicorn\.run\(|DJANGO_SETTINGS_MODULE|INSTALLED_APPS")
_MOST_LOOKED_UP = 3_000


def lacking(build: Build, path: str, source: str, endings: tuple[str, ...]) -> frozenset[str]:
    """The sources beside ``source`` and below that the image lacks where it should have them.

    Whole folders that .dockerignore leaves out end with a slash.
    """
    context = build.context
    root, origin = _roots(path, source)
    prefix = f"{origin}/" if origin else ""
    own = [one for one in (*context.files, *context.ignored)
           if one.startswith(prefix) and one.endswith((*endings, "/"))]  # fmt: skip
    return frozenset(
        one
        for one in own[:_MOST_LOOKED_UP]
        if not build.in_image(f"{root}/{one[len(prefix) :]}").present
    )


def imports_some(build: Build, modules: frozenset[str], without: frozenset[str]) -> bool:
    """Whether a Python source, but for those ``without``, names one of these in an import.

    No more than a quick look, and a reason to look closer.
    """
    if not modules:
        return False
    wanted = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(modules)))})\b")
    for path in build.context.files:
        text = build.context.text(path) if path.endswith(".py") and path not in without else None
        if not text or not wanted.search(text):
            continue
        if _TOLD.search(text) or any(wanted.search(one[0]) for one in _IMPORT.finditer(text)):
            return True
    return False


def module_name(path: str) -> str:
    """The last part of the name of the module that a file of the context is."""
    folder, name = posixpath.split(path.rstrip("/"))
    return posixpath.basename(folder) if name == "__init__.py" else name.removesuffix(".py")


def requires_some(build: Build, files: frozenset[str], endings: tuple[str, ...]) -> bool:
    """Whether a JavaScript source of the context names one of these files, or one in a folder."""
    if not files:
        return False
    for path in build.context.files:
        text = build.context.text(path) if path.endswith(endings) and path not in files else None
        for one in _REQUIRE.finditer(text) if text else ():
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), one[1]))
            stem = posixpath.splitext(there)[0]
            names = {
                there,
                *(f"{there}{end}" for end in endings),
                *(f"{stem}{end}" for end in endings),
            }
            names |= {f"{there}/index{end}" for end in endings}
            if names & files or any(
                f"{above.strip('/')}/" in files for above in ancestors(f"/{there}")
            ):
                return True
    return False
