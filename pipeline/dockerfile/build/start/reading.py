"""What sources import, each text read once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipeline.dockerfile.projects.imports import Imported, imports
from pipeline.dockerfile.projects.javascript_facts import ImportedModule, modules

_SERVED = re.compile(r"""^[^#\n]*\buvicorn\.run\(\s*["']([\w.]+):\w""", re.MULTILINE)
_SETTINGS = re.compile(
    r"""^[^#\n]*DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']""", re.MULTILINE
)
_APPS = re.compile(r"^INSTALLED_APPS[^\n=]*=\s*[\[(]([^\])]*)[\])]", re.MULTILINE)
_APP = re.compile(r"""^[^#\n]*?["']([a-z_][\w.]*)["']""", re.MULTILINE)


@lru_cache(maxsize=512)
def imports_of(text: str) -> tuple[Imported, ...] | None:
    """What a Python source imports, with what its strings make the frameworks import."""
    found = imports(text)
    if found is None:
        return None
    more = (
        Imported(name, (), text.count("\n", 0, one.start(1)) + 1, 1) for one, name in _named(text)
    )
    return (*found, *more)


def _named(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Modules that uvicorn and Django are told in strings."""
    if "uvicorn" in text:
        yield from ((one, one[1]) for one in _SERVED.finditer(text))
    if "DJANGO_SETTINGS_MODULE" in text:
        yield from ((one, one[1]) for one in _SETTINGS.finditer(text))
    for block in _APPS.finditer(text) if "INSTALLED_APPS" in text else ():
        for one in _APP.finditer(text, block.start(1), block.end(1)):
            yield one, ".".join(_before_class(one[1]))


def _before_class(name: str) -> Iterator[str]:
    """The parts of a dotted name before the first class."""
    for part in name.split("."):
        if not part.islower():
            return
        yield part


@lru_cache(maxsize=256)
def modules_of(text: str, language: str) -> tuple[ImportedModule, ...] | None:
    """What a JavaScript or TypeScript source loads."""
    return modules(text, language)
