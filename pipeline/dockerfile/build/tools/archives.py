"""Archives taken apart: what comes out cannot be known."""

from __future__ import annotations

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.tools.paths import owner

_TAR = frozenset({"-C", "--directory", "-f", "--file", "--strip-components", "--exclude", "-X",
                  "--transform", "--owner", "--group", "-T", "--files-from", "-I",
                  "--use-compress-program"})  # fmt: skip
_VERBS = frozenset("xtcrud")


def tar(call: Call) -> None:
    words = list(call.words)
    if words and not words[0].startswith("-") and set(words[0]) & _VERBS:
        words[0] = f"-{words[0]}"  # the old form: tar xzf
    given = options(words, _TAR)
    into = call.path(given.last("-C", "--directory") or ".") or "/"
    file = given.last("-f", "--file")
    if given.has("-x", "--extract", "--get"):
        call.machine.files.blur(into)
    elif given.has("-c", "--create") and file and (path := call.path(file)):
        call.make(path, "tar", owner=owner(call))


def unzip(call: Call) -> None:
    given = options(call.words, frozenset({"-d", "-x", "-P"}))
    if not given.has("-l", "-t", "-p", "-Z"):
        call.machine.files.blur(call.path(given.last("-d") or ".") or "/")


def unpack_beside(call: Call) -> None:
    """``gunzip`` and the like put the content beside the archive."""
    call.machine.files.blur(call.cwd or "/")
    for word in call.words:
        path = call.path(word)
        if path and not word.startswith("-"):
            call.machine.files.blur(path.rpartition("/")[0] or "/")


TOOLS = {
    **dict.fromkeys(("tar", "bsdtar"), tar),
    "unzip": unzip,
    **dict.fromkeys(
        ("gunzip", "gzip", "bunzip2", "bzip2", "unxz", "xz", "zstd", "unzstd", "zip", "7z"),
        unpack_beside,
    ),
}
