"""Servers of programs that the build compiles: what Go and Rust sources say literally."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.listening.bound import Bound, parted
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.place import Place

_COMPILERS = {"go": ".go", "cargo": ".rs"}
_LISTEN = {
    ".go": re.compile(
        r"""\b(?:ListenAndServe(?:TLS)?|Listen|Run|Start)\(\s*(?:"tcp[46]?",\s*)?"([^"\s]*:\d{2,5})\""""
        r"""|\bAddr:\s*"([^"\s]*:\d{2,5})\""""
    ),
    ".rs": re.compile(
        r"""\b(?:bind|serve)\(\s*"([^"\s]*:\d{2,5})\""""
        r"""|\bbind\(\(\s*"([\d.]+"\s*,\s*\d{2,5})\)"""
        r"""|\b(?:from|run)\(\(?\s*(\[\d+,\s*\d+,\s*\d+,\s*\d+\],\s*\d{2,5})\)"""
    ),
}
_READS = re.compile(r"""\bPORT\b|"port"|flag\.\w+\(|[Cc]onfig|clap::|viper|envconfig|env::var""")
_MOST_FILES = 200


def listens_compiled(build: Build, launch: Launch) -> Iterator[Bound]:
    """The address, where one alone stands in the sources and nothing there reads another."""
    ending = _ending(build)
    if ending is None or not launch.main:
        return
    paths = (path for path in build.context.files if path.endswith(ending) and _counts(path))
    found: list[tuple[str, int, str]] = []
    for path in islice(paths, _MOST_FILES):
        text = build.context.text(path) or ""
        if _READS.search(text):
            return
        for match in _LISTEN[ending].finditer(text):
            address = next(filter(None, match.groups()))
            found.append((path, text.count("\n", 0, match.start()) + 1, address))
    if len(found) == 1:
        path, line, address = found[0]
        yield Bound(launch, launch.executed.name, Place(path, line), *parted(_address(address)))


def _counts(path: str) -> bool:
    return not path.endswith("_test.go") and not path.startswith(("vendor/", "tests/", "target/"))


def _ending(build: Build) -> str | None:
    for stage in build.used:
        for step in stage.commands(*_COMPILERS):
            if step.executed and {"build", "install"} & set(step.executed.words[1:3]):
                return _COMPILERS[step.executed.name]
    return None


def _address(written: str) -> str:
    """``[127, 0, 0, 1], 3000`` and ``127.0.0.1", 3000`` as ``127.0.0.1:3000``."""
    if "," not in written:
        return written
    *host, port = re.findall(r"[\d.]+", written)
    return f"{'.'.join(host)}:{port}"
