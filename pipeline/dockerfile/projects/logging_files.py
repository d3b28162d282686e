"""Configuration files of Python's logging: the handlers that they make."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dockerfile.projects.configs import Section, supervisor
from pipeline.dockerfile.projects.python_calls import calls
from pipeline.dockerfile.projects.values import Call

_CLASSES = ("FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler")
_PACKAGES = ("logging.handlers.", "logging.", "handlers.")
_LONGEST = 2_000  # characters of a handler's arguments


def file_handlers(text: str) -> Iterator[tuple[Call, int]]:
    """Those of ``logging.config.fileConfig`` that open a file: the call, and its line."""
    sections = {one.kind: one for one in supervisor(text)}
    keys = sections["handlers"].get("keys") if "handlers" in sections else ""
    for key in dict.fromkeys(one.strip() for one in keys.split(",")):
        section = sections.get(f"handler_{key}")
        made = _call(section) if section else None
        if section is not None and made is not None:
            yield made, section.options["args"][1]


def _call(section: Section) -> Call | None:
    """``class = FileHandler`` and ``args = ('app.log', 'a')`` as the call that they make."""
    name, arguments = section.get("class"), section.get("args")
    for package in _PACKAGES:
        name = name.removeprefix(package)
    plain = arguments.startswith("(") and "%(" not in arguments and not section.get("kwargs")
    if name not in _CLASSES or not plain or len(arguments) > _LONGEST:
        return None
    return next(iter(calls(f"{name}{arguments}") or ()), None)
