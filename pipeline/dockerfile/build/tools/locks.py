"""Lock files: which installs insist on one, and which commands write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.node.commands import MANAGERS, Command, command_of, is_berry
from pipeline.dockerfile.build.tools.node.packages import package_at
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.shell.executed import Value

LOCKS: Mapping[str, tuple[str, ...]] = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
    "bun": ("bun.lock", "bun.lockb"),
    "poetry": ("poetry.lock",),
    "uv": ("uv.lock",),
    "pipenv": ("Pipfile.lock",),
    "pdm": ("pdm.lock",),
}
_VALUES = frozenset({
    "-C", "--directory", "-P", "--project", "-p", "--python", "--extra", "--group", "--no-group",
    "--only-group", "--with", "--without", "--only", "-E", "--extras", "--package", "--categories",
    "-r", "-o", "--output", "--output-file", "-f", "--format", "--index", "--index-url", "-i",
    "--cache-dir", "--link-mode", "--no-install-package", "--prune", "-L", "--lockfile",
    "--default-index", "--config-file", "--color", "--extra-index-url", "--find-links",
})  # fmt: skip
_QUIET_NODE = frozenset({
    "run", "run-script", "exec", "start", "test", "t", "config", "set", "cache", "prune", "-v",
    "list", "ls", "audit", "store", "rebuild", "fund", "whoami", "ping", "view", "info", "pack",
    "help", "version", "fetch", "deploy", "root", "bin", "x", "dlx", "build", "stop", "workspace",
})  # fmt: skip
_CI = frozenset({"ci", "clean-install", "install-clean", "ic", "cit", "install-ci-test"})
_NEWER_YARN = ("yarn@2", "yarn@3", "yarn@4", "yarn@5", "yarn@stable", "yarn@berry", "yarn@canary")
_OTHERWISE = ("--no-lockfile", "--lockfile-dir", "--help", "-h")
_MOST_STEPS = 200  # that are looked at for a newer yarn
_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class Frozen:
    """An install that needs one of ``names`` in ``folder``, or in that of its workspace.

    ``certain`` False: some releases of the tool pass without.
    """

    command: str
    folder: str
    names: tuple[str, ...]
    certain: bool = True


def frozen(call: Call) -> Frozen | None:
    """What the command needs a lock file for; None where it needs none, or nobody can tell."""
    call = of_module(call)
    tool = call.executed.name
    if tool in MANAGERS:
        return _of_node(call, command_of(call.executed))
    if tool in _OF_PYTHON:
        given = options(call.words, _VALUES)
        folder = _folder(call, given)
        return _OF_PYTHON[tool](call, given, folder) if folder else None
    return None


def note_lock(call: Call) -> None:
    """An install that is not frozen leaves a lock file where there was none."""
    tool = call.executed.name
    if tool not in LOCKS or frozen(call) is not None:
        return
    folder: Value = None
    if tool in MANAGERS:
        command = command_of(call.executed)
        quiet = command.is_global or command.verb in _QUIET_NODE
        folder = None if quiet else command.folder
    else:
        folder = _folder(call, options(call.words, _VALUES))
    for name in LOCKS[tool] if folder else ():
        call.machine.files.blur(f"{folder}/{name}")


def of_module(call: Call) -> Call:
    """``python -m pipenv`` as ``pipenv``."""
    executed = call.executed
    if executed.name.startswith("python") and executed.words[1:2] == ("-m",):
        return replace(call, executed=replace(executed, argv=executed.argv[2:]))
    return call


def _folder(call: Call, given: Options) -> Value:
    return call.path(given.last("-C", "--directory", "-P", "--project") or ".")


def _of_node(call: Call, command: Command) -> Frozen | None:
    given, verb, folder = command.given, command.verb, command.folder
    if folder is None or command.is_global or given.has(*_OTHERWISE):
        return None
    asked = "--frozen-lockfile" in given.flags or given.last("--frozen-lockfile") == "true"
    text = f"{command.tool} {verb}{' --frozen-lockfile' if asked else ''}"
    made = Frozen(text, folder, LOCKS[command.tool], certain=command.tool != "bun")
    match command.tool:
        case "npm" if verb in _CI:
            return made
        case "pnpm" if verb in _CI or (verb in {"install", "i"} and asked and not command.operands):
            return made
        case "bun" if verb in {"ci", "c"} or (verb in {"install", "i"} and asked):
            return made
        case "yarn" if verb in {"", "install"}:
            return _of_yarn(call, given, folder, asked=asked)
    return None


def _of_yarn(call: Call, given: Options, folder: str, *, asked: bool) -> Frozen | None:
    """Yarn 1 passes without a lock file, whatever it is told."""
    newer = _is_newer(call, folder)
    immutable = "--immutable" in given.flags or given.last("--immutable") == "true"
    by_setting = newer and (call.variable("YARN_ENABLE_IMMUTABLE_INSTALLS") or "") in _TRUE
    if not (immutable or by_setting or (asked and newer)) or given.last("--immutable") == "false":
        return None
    option = " --immutable" if immutable else " --frozen-lockfile" if asked else ""
    return Frozen(f"yarn install{option}", folder, LOCKS["yarn"], certain=newer)


def _is_newer(call: Call, folder: str) -> bool:
    machine = call.machine
    configured = machine.files.lookup(f"{folder}/.yarnrc.yml", call.step.number).present
    if is_berry(package_at(machine, folder), configured=configured):
        return True
    before = call.step.number - machine.steps[0].number
    for step in machine.steps[max(before - _MOST_STEPS, 0) : before]:
        words = step.executed.words if step.executed else ()
        if words[:1] in {("corepack",), ("npm",)} and any(w.startswith(_NEWER_YARN) for w in words):
            return True
        if words[:3] == ("yarn", "set", "version") and words[3:4] not in {("classic",), ()}:
            return not words[3].startswith("1")
    return False


def _of_uv(call: Call, given: Options, folder: str) -> Frozen | None:
    verb = "".join(given.operands[:1])
    if verb not in {"sync", "export", "tree"} or given.has("--script"):
        return None
    for option, name in (("--frozen", "UV_FROZEN"), ("--locked", "UV_LOCKED")):
        if given.has(option) or (call.variable(name) or "").lower() in _TRUE:
            return Frozen(f"uv {verb} {option}", folder, LOCKS["uv"])
    return None


def _of_pipenv(call: Call, given: Options, folder: str) -> Frozen | None:
    """Without its lock file pipenv makes one, unless it is to install into the system."""
    verb = "".join(given.operands[:1])
    if verb == "sync":
        return Frozen("pipenv sync", folder, LOCKS["pipenv"])
    if verb != "install" or given.has("--skip-lock") or len(given.operands) > 1 or given.has("-r"):
        return None
    if call.variable("PIPENV_SKIP_LOCK") or call.variable("PIPENV_PIPFILE"):
        return None
    for option in ("--system", "--deploy", "--ignore-pipfile"):
        if given.has(option):
            certain = option == "--system"
            return Frozen(f"pipenv install {option}", folder, LOCKS["pipenv"], certain)
    return None


def _of_pdm(_call: Call, given: Options, folder: str) -> Frozen | None:
    verb = "".join(given.operands[:1])
    if verb == "sync" or (verb == "install" and given.has("--check")):
        return Frozen(f"pdm {verb}", folder, LOCKS["pdm"])
    return None


_OF_PYTHON = {"uv": _of_uv, "pipenv": _of_pipenv, "pdm": _of_pdm}
