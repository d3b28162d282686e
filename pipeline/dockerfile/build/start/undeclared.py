"""Packages that the sources of a start load, and that no install of the build brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.python_packages import Packages, packages
from pipeline.dockerfile.build.start.modules import find_module
from pipeline.dockerfile.build.start.python_sources import python_sources, runs
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.distributions import STDLIB, distribution_of, is_known
from pipeline.dockerfile.projects.imports import Imported
from pipeline.dockerfile.projects.python_source import Guard

_NAMESPACES = frozenset({"google", "azure", "opentelemetry", "google.cloud"})
_NEEDS = {
    "fastapi.Form": "python-multipart", "fastapi.File": "python-multipart",
    "fastapi.UploadFile": "python-multipart", "pydantic.EmailStr": "email-validator",
    "fastapi.security.OAuth2PasswordRequestForm": "python-multipart",
    "fastapi.templating.Jinja2Templates": "jinja2",
    "starlette.templating.Jinja2Templates": "jinja2",
    "starlette.middleware.sessions.SessionMiddleware": "itsdangerous",
}  # fmt: skip
_WORKERS = {
    "uvicorn.workers.UvicornWorker": "uvicorn", "uvicorn.workers.UvicornH11Worker": "uvicorn",
    "uvicorn_worker.UvicornWorker": "uvicorn-worker", "gevent": "gevent", "eventlet": "eventlet",
}  # fmt: skip
_USUAL = {"python", "py", "api", "client", "core", "utils", "lib", "django", "flask", "fastapi"}
_RUNNING = {Guard.MAIN, Guard.FUNCTION}
_UNSURE = frozenset({"__main__", "setuptools", "pkg_resources", "pip", "wheel"})


@dataclass(frozen=True)
class Undeclared:
    """``package`` is what would have to be installed. ``left_out``: a group declares it."""

    place: Place
    module: str
    package: str
    certain: bool
    left_out: bool = False
    python: bool = True


def undeclared_python(build: Build) -> Iterator[Undeclared]:
    """Imports of distributions that are not installed, each distribution once."""
    sources = build.once(python_sources)
    if not sources:
        return
    installed = build.once(packages)
    seen: set[str] = set()
    for source in sources:
        for imported in source.imports if source.complete else ():
            if imported.level or set(imported.guards) - _RUNNING:
                continue
            if not runs(source, imported.guards):
                continue
            for one in (
                *_missing(build, installed, source, imported),
                *_parts(installed, source, imported),
            ):
                if one.package not in seen:
                    seen.add(one.package)
                    yield one
    yield from _workers(build, installed)


def _parts(installed: Packages, source: Reached, imported: Imported) -> Iterator[Undeclared]:
    """What a framework loads itself as soon as one of its names is used."""
    for name in imported.names:
        package = _NEEDS.get(f"{imported.module}.{name}")
        if package is None or package in installed.there:
            continue
        if _certainly(installed, frozenset({package}), left_out=False) is not None:
            place = source.place(imported.line, imported.column)
            yield Undeclared(place, f"{imported.module}.{name}", package, certain=False)


def _workers(build: Build, installed: Packages) -> Iterator[Undeclared]:
    """The classes of workers that gunicorn is told to load."""
    for launch in build.start.launches:
        for word in launch.executed.words if launch.executed.name == "gunicorn" else ():
            package = _WORKERS.get(word.rpartition("=")[2].removeprefix("-k"))
            if package is None or package in installed.there:
                continue
            certain = _certainly(installed, frozenset({package}), left_out=False)
            if certain is not None:
                yield Undeclared(launch.place, word, package, certain)


def _missing(
    build: Build, installed: Packages, source: Reached, imported: Imported
) -> Iterator[Undeclared]:
    module, top = _module(imported), imported.top
    named = distribution_of(module)
    if module in _NAMESPACES or top in _UNSURE or top in STDLIB or named & installed.there:
        return
    if not find_module(build.final.machine, source.folders, top).absent:
        return
    if not is_known(module) and not _is_telling(build, installed, named, top):
        return
    sure = not source.launch.wrappers or "uv" not in " ".join(source.launch.wrappers)
    left_out = bool(named & installed.left_out) and sure
    certain = _certainly(installed, named, left_out=left_out)
    if certain is not None:
        loaded = source.certain and Guard.FUNCTION not in imported.guards
        certain = certain and is_known(module) and loaded
        place = source.place(imported.line, imported.column)
        yield Undeclared(place, module, _shown(named, module), certain, left_out)


def _certainly(installed: Packages, named: frozenset[str], *, left_out: bool) -> bool | None:
    """Whether none of these can be there; None where one may well be."""
    if left_out:
        if any(installed.needed(name) for name in named):
            return None
        unneeded = any(installed.needed(name) is False for name in named)
        if _has_akin(installed.named, named) and not unneeded:
            return None
        return installed.is_told or unneeded
    if not installed.complete or named & installed.locked:
        return None
    if installed.locked:
        return installed.is_told
    if installed.extras and any(
        one.name in named
        for project in installed.projects
        for extra in project.optional.values()
        for one in extra
    ):
        return None
    if _has_akin(installed.named, named):
        return None
    return installed.is_told


def _has_akin(installed: frozenset[str], named: frozenset[str]) -> bool:
    """Whether a name has a word in common: ``django-redis`` may bring ``redis``."""
    words = {word for name in named for word in name.split("-")} - _USUAL
    return any(words & set(one.split("-")) for one in installed)


def _is_telling(build: Build, installed: Packages, named: frozenset[str], top: str) -> bool:
    """Whether a module of an unknown distribution is certainly none of the installed ones."""
    if not installed.is_told or _has_akin(installed.named | installed.locked, named):
        return False
    return not _may_be_local(build, top)


def _may_be_local(build: Build, top: str) -> bool:
    """Whether the context has something of that name, or a source changes the search."""
    names = build.once(_names)
    return names is None or top in names or f"{top}.py" in names


def _names(build: Build) -> frozenset[str] | None:
    """All names of files and folders in the context; None where the search is changed."""
    if any("sys.path" in source.text for source in build.once(python_sources)):
        return None
    context = build.context
    paths = (*context.files, *context.ignored)
    return frozenset(name for path in paths for name in path.split("/"))


def _module(imported: Imported) -> str:
    """The longest name that says which distribution it is."""
    if imported.names and (imported.module in _NAMESPACES or imported.top in _NAMESPACES):
        return f"{imported.module}.{imported.names[0]}"
    return imported.module


def _shown(named: frozenset[str], module: str) -> str:
    top = module.partition(".")[0].lower()
    return min(named, key=lambda name: (top not in name, "headless" in name, len(name), name))
