"""A program of which nothing is known may have written nearly anywhere."""

from __future__ import annotations

import posixpath

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.installers import run_installer

_PLACES = ("/usr", "/opt", "/etc", "/var", "/srv", "/tmp", "/run", "/lib", "/home", "/root")  # noqa: S108 - names, not files of ours
_MOST_ARGUMENTS = 100
_TELLING = frozenset({"--version", "-V", "-v", "--help", "-h", "version"})


def unknown_program(call: Call) -> None:
    """What it may have made is no longer certainly absent; what was there stays."""
    if not (_tells_of_itself(call) or _activates(call) or _is_downloaded_installer(call)):
        _blur(call)


def _tells_of_itself(call: Call) -> bool:
    """``gunicorn --version`` and its like make nothing."""
    return bool(call.words) and set(call.words) <= _TELLING


def _activates(call: Call) -> bool:
    """``. /venv/bin/activate``: what it sets the shell knows, and it makes nothing."""
    sourced = call.executed.name in {".", "source"} and call.words[:1]
    return bool(sourced) and call.words[0].endswith("/bin/activate")


def _is_downloaded_installer(call: Call) -> bool:
    """Whether this runs an installation script that an earlier step fetched, and that is known."""
    for word in call.executed.words[:_MOST_ARGUMENTS]:
        path = call.path(word) if not word.startswith("-") else None
        entry = call.machine.files.lookup(path).entry if path else None
        if entry is not None and entry.maker == "download":
            return run_installer(call, entry.details)
    return False


def _blur(call: Call) -> None:
    files = call.machine.files
    call.machine.obscure = True
    places = {*_PLACES, call.cwd or "/", call.step.home or "/root"}
    for word in call.words[:_MOST_ARGUMENTS]:
        for part in {word, word.rpartition("=")[2]}:
            path = call.path(part) if part and not part.startswith("-") else None
            if path is not None and "/" in part:
                places |= {path, posixpath.dirname(path)} - {"/"}
    for place in sorted(places):
        files.blur(place, vague="program")
