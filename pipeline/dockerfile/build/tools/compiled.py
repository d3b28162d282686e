"""go and cargo: where the programs that they build are left."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.build.tools.unknown import unknown_program

_GO_QUIET = frozenset({
    "mod", "test", "vet", "fmt", "version", "env", "list", "clean", "get", "work", "telemetry",
    "help", "doc",
})  # fmt: skip
_GO_VALUES = frozenset({"-o", "-p", "-C", "-mod", "-tags", "-ldflags", "-gcflags", "-asmflags",
                        "-buildmode", "-compiler", "-overlay", "-pgo", "-pkgdir", "-toolexec",
                        "-modfile", "-gccgoflags", "-installsuffix"})  # fmt: skip
_CARGO_QUIET = frozenset({"fetch", "test", "check", "clippy", "fmt", "update", "tree", "metadata"})
_CARGO_VALUES = frozenset({
    "--target", "--target-dir", "--bin", "-p", "--package", "--features", "-F", "--profile",
    "--manifest-path", "-j", "--jobs", "--root", "--path", "--version", "--git", "--branch",
    "--tag", "--rev", "--example", "--config", "-Z", "--recipe-path",
})  # fmt: skip


def go(call: Call) -> None:
    """``go build -o FILE``, ``go install``."""
    words = [word for word in call.words if not word.startswith("-C=")]
    verb = words[0] if words else ""
    if verb == "build":
        _go_build(call, _plain(words[1:]))
    elif verb == "install":
        home, gopath = call.variable("HOME"), call.variable("GOPATH")
        default = f"{gopath}/bin" if gopath else f"{home}/go/bin" if home else None
        folder = call.variable("GOBIN") or default
        _programs_in(call, folder)
        _named_programs(call, folder, words[1:])
    elif verb == "mod" and words[1:2] == ["vendor"]:
        call.machine.files.blur(call.cwd or "/")
    elif verb not in _GO_QUIET:
        unknown_program(call)


def _named_programs(call: Call, folder: str | None, words: list[str]) -> None:
    """``example.com/tool@v1`` is the program ``tool``."""
    for word in words:
        module, version, _ = word.partition("@")
        parts = [part for part in module.split("/") if not re.fullmatch(r"v\d+", part)]
        if folder and version and parts:
            call.installed("binary", parts[-1], folder, tool="go")
            call.make(f"{folder}/{parts[-1]}", "go", mode=0o755)


def _plain(words: list[str]) -> Options:
    """Go's options have one dash and whole names."""
    operands: list[str] = []
    values: dict[str, tuple[str, ...]] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("-").partition("=")
        if not word.startswith("-"):
            operands.append(word)
        elif f"-{name.lstrip('-')}" in _GO_VALUES:
            values[f"-{name.lstrip('-')}"] = (value if equals else next(rest, ""),)
    return Options(tuple(operands), frozenset(), values)


def _go_build(call: Call, given: Options) -> None:
    output = given.last("-o")
    path = call.path(output) if output else call.cwd
    if path is None:
        unknown_program(call)
    elif output is None or output.endswith("/") or _is_folder(call, path):
        _programs_in(call, path)
    else:
        call.make(path, "go", mode=0o755)


def _is_folder(call: Call, path: str) -> bool:
    found = call.machine.files.lookup(path)
    return found.present and (found.entry is None or found.entry.directory)


def _programs_in(call: Call, folder: str | None) -> None:
    """Programs of names that are not known."""
    if folder is None:
        unknown_program(call)
        return
    if not call.machine.files.lookup(folder).present:
        call.make(folder, call.executed.name, directory=True)
    call.machine.files.blur(folder)


def cargo(call: Call) -> None:
    """``cargo build``, ``cargo install``, and what comes with them."""
    words = [word for word in call.words if not word.startswith("+")]
    given = options(words, _CARGO_VALUES)
    verb = given.operands[0] if given.operands else ""
    if verb in {"build", "b", "rustc", "zigbuild", "chef", "auditable", "leptos"}:
        folder = given.last("--target-dir") or call.variable("CARGO_TARGET_DIR") or "target"
        path = call.path(folder)
        _programs_in(call, path)
        for name in ("release", "debug") if path else ():
            _programs_in(call, posixpath.join(path or "/", name))
        call.machine.files.blur(call.cwd or "/", vague="program")
    elif verb == "install":
        home = call.variable("HOME")
        default = call.variable("CARGO_HOME") or (f"{home}/.cargo" if home else None)
        root = given.last("--root") or call.variable("CARGO_INSTALL_ROOT") or default
        path = call.path(root) if root else None
        _programs_in(call, f"{path}/bin" if path else None)
        for name in given.operands[1:] if path else ():
            call.installed("binary", name, f"{path}/bin", tool="cargo")
    elif verb not in _CARGO_QUIET:
        unknown_program(call)


TOOLS: Mapping[str, Callable[[Call], None]] = {"go": go, "cargo": cargo}
