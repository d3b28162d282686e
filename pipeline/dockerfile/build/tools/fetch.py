"""What comes over the network: git, curl, wget, and what is piped from them into a shell."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.installers import run_installer
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.build.tools.paths import make_folder, owner
from pipeline.dockerfile.build.tools.unknown import unknown_program
from pipeline.dockerfile.shell.wrappers import unwrapped

_CURL = frozenset({
    "-o", "--output", "--output-dir", "-H", "--header", "-d", "--data", "-X", "--request", "-u",
    "--user", "-A", "--user-agent", "-e", "--referer", "-m", "--max-time", "--connect-timeout",
    "--retry", "--retry-delay", "--retry-max-time", "-x", "--proxy", "--cacert", "--cert", "--key",
    "-b", "--cookie", "-c", "--cookie-jar", "-F", "--form", "-T", "--upload-file", "-w",
    "--write-out", "--proto", "--tlsv", "-K", "--config", "-D", "--dump-header", "-r", "--range",
    "--url", "--data-binary", "--data-raw", "--max-redirs", "--speed-limit", "--speed-time", "-y",
    "-Y", "-z", "--time-cond", "--ciphers", "--resolve", "-Q", "-t", "-C", "-E", "-P",
})  # fmt: skip
_WGET = frozenset({
    "-O", "--output-document", "-P", "--directory-prefix", "-o", "--output-file", "-a",
    "--append-output", "-t", "--tries", "-T", "--timeout", "-w", "--wait", "-U", "--user-agent",
    "--header", "--user", "--password", "-e", "--execute", "-i", "--input-file", "-Q", "--quota",
    "--waitretry", "--ca-certificate", "-A", "-R", "-D", "-I", "-X", "-l", "--level",
})  # fmt: skip
_GIT = frozenset({
    "-C", "-c", "--git-dir", "--work-tree", "--exec-path", "--namespace",
})  # fmt: skip
_CLONE = frozenset({
    "-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j", "--jobs", "--filter",
    "--reference", "--template", "--separate-git-dir", "--shallow-since", "-u", "--upload-pack",
})  # fmt: skip
_GIT_QUIET = frozenset({
    "config", "rev-parse", "log", "status", "show", "describe", "diff", "branch", "fetch",
    "remote", "ls-remote", "tag", "ls-files",
})  # fmt: skip
FETCHERS = frozenset({"curl", "wget"})
RUNNERS = frozenset({"sh", "bash", "ash", "dash", "zsh", "python", "python3"})


def curl(call: Call) -> None:
    given = options(call.words, _CURL)
    if _piped(call, _urls(given)):
        return
    folder = given.last("--output-dir") or "."
    names = list(given.all("-o", "--output"))
    if given.has("-O", "--remote-name", "--remote-name-all"):
        names += [_basename(url) for url in given.operands]
    _downloaded(call, folder, names, given)


def wget(call: Call) -> None:
    given = options(call.words, _WGET)
    if _piped(call, _urls(given)):
        return
    document = given.last("-O", "--output-document")
    folder = given.last("-P", "--directory-prefix") or "."
    if document is None:
        _downloaded(call, folder, [_basename(url) for url in given.operands], given)
    elif document != "-":
        _downloaded(call, ".", [document], given)


def _urls(given: Options) -> tuple[str, ...]:
    return (*given.operands, *given.all("--url"))


def _basename(url: str) -> str:
    return posixpath.basename(url.partition("?")[0].partition("://")[2])


def _downloaded(call: Call, folder: str, names: list[str], given: Options) -> None:
    url = next(iter(_urls(given)), "")
    for name in names:
        path = call.path(posixpath.join(folder, name)) if name else None
        if path is None:
            call.machine.files.blur(call.path(folder) or call.cwd or "/")
        elif not path.startswith(("/dev/", "/proc/")):
            call.make(path, "download", owner=owner(call), mode=0o644, details=url)


def _piped(call: Call, urls: tuple[str, ...]) -> bool:
    """Whether the output goes into a shell or Python: a known installer, or anything."""
    following = call.executed.feeds
    while following is not None:
        runner, wrappers = unwrapped(following)
        if runner.name in RUNNERS:
            step = replace(call.step, wrappers=wrappers)
            fed = replace(call, executed=runner, step=step)
            if not any(run_installer(fed, url) for url in urls):
                unknown_program(call)
            return True
        following = following.feeds
    return False


def git(call: Call) -> None:
    words = list(call.words)
    folder: str | None = call.cwd
    while words and words[0].startswith("-"):
        name = words.pop(0)
        value = words.pop(0) if name in _GIT and words else ""
        folder = call.path(value) if name == "-C" else folder
    if not words or words[0] in _GIT_QUIET:
        return
    if words[0] != "clone":
        call.machine.files.blur(folder or "/")
        return
    given = options(words[1:], _CLONE)
    _clone(call, given.operands, folder)


def _clone(call: Call, operands: tuple[str, ...], folder: str | None) -> None:
    url = operands[0] if operands else ""
    name = operands[1] if len(operands) > 1 else posixpath.basename(url.rstrip("/"))
    name = name.removesuffix(".git") if len(operands) == 1 else name
    path = call.path(name if name.startswith("/") or not folder else posixpath.join(folder, name))
    if path is None or not name:
        call.machine.files.blur(folder or "/")
        return
    make_folder(call, path, "git", of=owner(call))
    call.machine.files.blur(path)


TOOLS: dict[str, Callable[[Call], None]] = {"curl": curl, "wget": wget, "git": git}
