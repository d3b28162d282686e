"""Installs into the distribution's own Python, which refuses them (PEP 668)."""

from __future__ import annotations

import posixpath
import re

from pipeline.dockerfile.build.build import read
from pipeline.dockerfile.build.entries import Found
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.fetch import FETCHERS
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.tools.python.pip import TAKING_VALUE
from pipeline.dockerfile.shell.wrappers import unwrapped

_PIP = re.compile(r"pip[\d.]*", re.ASCII)
_PYTHON = re.compile(r"python[\d.]*", re.ASCII)
_VERSION = re.compile(r"(?:python|pip)(3\.\d+)", re.ASCII)
_VERSIONS = {
    "debian": {"12": "3.11", "13": "3.13"},
    "ubuntu": {"23.04": "3.11", "23.10": "3.11", "24.04": "3.12", "24.10": "3.12",
               "25.04": "3.13", "25.10": "3.13"},
}  # fmt: skip
_BRING_PIP = frozenset({"python3-pip", "py3-pip", "python-pip"})
_SYSTEM = frozenset({"/usr/bin", "/bin"})
_LOCAL = frozenset({"/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"})
_ELSEWHERE = ("--target", "-t", "--prefix", "--root", "--dry-run", "--break-system-packages")
_SETTINGS = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN")
_NO = frozenset({"", "0", "false", "no", "off"})
_LIFTED = re.compile(r"EXTERNALLY|/EXT\*")
_OPTION = re.compile(r"break[-_]system[-_]packages", re.IGNORECASE)
_GET_PIP = "bootstrap.pypa.io"
_MOST_WORDS = 100


def refused(call: Call) -> str:
    """The program whose install is certainly refused: ``pip3``, ``uv`` …; empty where none is."""
    if call.machine.base.externally_managed is not True:
        return ""
    found = _asked(call)
    if found is None:
        return ""
    tool, program, words = found
    if (tool != "ensurepip" and _allowed(call, tool, words)) or not _is_distributions(
        call, tool, program
    ):
        return ""
    return tool


def lifts(call: Call) -> bool:
    """Whether a command takes the refusal away for those that follow."""
    words = call.words[:_MOST_WORDS]
    if any(_LIFTED.search(word) for word in words):
        return True
    text = " ".join((*words, call.executed.input or ""))
    return _OPTION.search(text) is not None and "install" not in words


def _asked(call: Call) -> tuple[str, str, tuple[str, ...]] | None:
    """Tool, program and words of an install that goes to whatever Python the program is of."""
    executed, words = call.executed, call.words
    program = executed.argv[0].value if executed.argv else None
    if not program:
        return None
    if _PIP.fullmatch(executed.name):
        return (executed.name, program, words) if _verb(words) in {"install", "sync"} else None
    if _PYTHON.fullmatch(executed.name):
        return _of_python(call, program, words)
    if executed.name == "uv":
        return _of_uv(call, words)
    if executed.name in FETCHERS and any(_GET_PIP in word for word in words):
        runner = unwrapped(executed.feeds)[0] if executed.feeds else None
        if runner is not None and _PYTHON.fullmatch(runner.name):
            return "get-pip.py", runner.name, runner.words[1:]
    return None


def _of_python(
    call: Call, program: str, words: tuple[str, ...]
) -> tuple[str, str, tuple[str, ...]] | None:
    if words[:2] == ("-m", "pip") and _verb(words[2:]) == "install":
        return f"{call.executed.name} -m pip", program, words[2:]
    if words[:2] == ("-m", "ensurepip") and call.machine.base.manager == "apk":
        return "ensurepip", program, words[2:]
    path = call.path(words[0]) if words else None
    entry = call.machine.files.lookup(path, call.step.number).entry if path else None
    if entry is not None and entry.maker == "download" and _GET_PIP in entry.details:
        return "get-pip.py", program, words[1:]
    return None


def _of_uv(call: Call, words: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]] | None:
    given = options(words, TAKING_VALUE | {"--directory", "--project"})
    if given.operands[:2] not in {("pip", "install"), ("pip", "sync")}:
        return None
    python = given.last("-p", "--python")
    if python is not None:
        return ("uv", python, words) if "/" in python else None
    asked = given.has("--system") or (call.variable("UV_SYSTEM_PYTHON") or "") not in _NO
    return ("uv", "python3", words) if asked else None


def _verb(words: tuple[str, ...]) -> str:
    return next(iter(options(words, TAKING_VALUE | {"--python"}).operands), "")


def _allowed(call: Call, tool: str, words: tuple[str, ...]) -> bool:
    """Whether the command line, the environment or a configuration file lets it pass."""
    given = options(words, TAKING_VALUE)
    if given.has(*_ELSEWHERE) or (given.has("--python") and tool != "uv"):
        return True
    family = "UV" if tool == "uv" else "PIP"
    if (call.variable(f"{family}_BREAK_SYSTEM_PACKAGES") or "?") not in _NO | {"?"}:
        return True
    names = (f"{family}_BREAK_SYSTEM_PACKAGES", *(_SETTINGS if family == "PIP" else ()))
    if any(call.variable(name) is None for name in names):
        return True
    if family == "UV":
        return False
    return any(call.variable(name) for name in _SETTINGS) or _configured(call)


def _configured(call: Call) -> bool:
    home = call.variable("HOME")
    folders = [f"{home}/.config/pip", f"{home}/.pip"] if home else []
    told = call.variable("PIP_CONFIG_FILE")
    paths = ["/etc/pip.conf", "/etc/xdg/pip/pip.conf", *(f"{one}/pip.conf" for one in folders)]
    for path in [*paths, *([told] if told else [])]:
        if call.machine.files.lookup(path, call.step.number).present:
            origin = read(call.machine, path)
            if origin is None or _OPTION.search(origin.text):
                return True
    return told is None


def _is_distributions(call: Call, tool: str, program: str) -> bool:
    """Whether the program is certainly the one that the distribution packages."""
    machine, at = call.machine, call.step.number
    packages = {one.name for one in machine.installed if not one.where and one.there(at)}
    base = machine.base
    there = base.python is not None and base.python_prefix == "/usr"
    if "pip" in tool and tool not in {"ensurepip", "get-pip.py"}:
        if not packages & _BRING_PIP:
            return False
    elif not there and not any(name.startswith(("python3", "py3-")) for name in packages):
        return False
    return _is_theirs(call, program) and not _is_another_version(call, program)


def _is_theirs(call: Call, program: str) -> bool:
    files, at = call.machine.files, call.step.number
    if "/" in program:
        path = call.path(program)
        return path is not None and posixpath.dirname(path) in _SYSTEM
    own = _LOCAL | set((call.machine.base.env.get("PATH") or "").split(":"))
    for folder in (call.variable("PATH") or "").split(":"):
        found = files.lookup(posixpath.join(folder, program), at)
        if folder in _SYSTEM and not found.absent:
            link = (found.entry.link if found.entry else None) or ""
            elsewhere = posixpath.dirname(link) not in _SYSTEM | {""}
            return not elsewhere and not _is_another_version(call, posixpath.basename(link))
        nothing = _is_nothing_new(found) if folder in own else _is_of_node(folder, found)
        if not found.absent and not nothing:
            return False
    return False


def _is_of_node(folder: str, found: Found) -> bool:
    """The folders that a script of ``package.json`` sees first: no package there brings a pip."""
    return folder.endswith("/node_modules/.bin") and found.entry is None


def _is_nothing_new(found: Found) -> bool:
    """Whether nobody put another one there: the system's own programs are said to be anywhere."""
    return found.entry is None or found.entry.maker == "pip"


def _is_another_version(call: Call, program: str) -> bool:
    """``python3.9`` where the distribution has 3.11: it came from elsewhere."""
    base = call.machine.base
    named = _VERSION.fullmatch(posixpath.basename(program))
    own = _VERSIONS.get(base.distribution, {}).get(base.version)
    return named is not None and base.manager == "apt" and named[1] != own
