"""``find`` and what it runs on what it finds."""

from __future__ import annotations

from pipeline.dockerfile.build.tools import contents, folders, rights
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.paths import below, instead
from pipeline.dockerfile.build.tools.unknown import unknown_program
from pipeline.dockerfile.patterns import segment_matcher

_RUNS = {**contents.TOOLS, **folders.TOOLS, **rights.TOOLS}
_QUIET = frozenset({"grep", "ls", "test", "stat", "file", "ldd", "basename", "wc", "head", "touch"})


def find(call: Call) -> None:
    words = call.words
    executed = call.executed
    starts = _starts(words)
    following = executed.feeds
    if "-delete" in words:
        _on_each(call, starts, ("rm", "-rf"))
    for at in (at for at, word in enumerate(words) if word in {"-exec", "-execdir", "-ok"}):
        inner = words[at + 1 :]
        end = next((i for i, word in enumerate(inner) if word in {";", "+", "\\;"}), len(inner))
        _on_each(call, starts, tuple(word for word in inner[:end] if word != "{}"))
    if following is not None and following.words[:1] == ("xargs",):
        _on_each(call, starts, _xargs(following.words[1:]))


def _starts(words: tuple[str, ...]) -> list[str]:
    starts = []
    for word in words:
        if word.startswith(("-", "(", "!", "\\")):
            break
        starts.append(word)
    return starts or ["."]


def _xargs(words: tuple[str, ...]) -> tuple[str, ...]:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        takes = rest.pop(0) in {"-n", "-I", "-P", "-L", "-d", "-s"}
        if takes and rest:
            rest.pop(0)
    return tuple(word for word in rest if word != "{}")


def _on_each(call: Call, starts: list[str], command: tuple[str, ...]) -> None:
    """Run the command on every file that is known and has the name."""
    if not command or command[0] in _QUIET:
        return
    program = command[0].rsplit("/", 1)[-1]
    tool = _RUNS.get(program)
    if tool is None:
        unknown_program(call)
        return
    matches = segment_matcher(_pattern(call.words))
    for start in starts:
        root = call.path(start)
        paths = below(call, root) if root else []
        names = [path for path in paths if matches and matches(path.rpartition("/")[2])]
        if not names and root and program in {"chmod", "chown"}:
            names = [f"{root}/*"]
        if names:
            tool(instead(call, program, *command[1:], *names))


def _pattern(words: tuple[str, ...]) -> str:
    for at, word in enumerate(words[:-1]):
        if word in {"-name", "-iname"}:
            return words[at + 1]
    return "*"


TOOLS = {"find": find}
