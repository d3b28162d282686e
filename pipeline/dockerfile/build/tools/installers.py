"""Installation scripts that are known: what they leave where."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.shell.executed import Value

NODESOURCE = "nodesource"
_UV_OLD = re.compile(r"astral\.sh/uv/0\.[0-4]\.\d+/", re.ASCII)


def run_installer(call: Call, url: str) -> bool:
    """Do what the script behind ``url`` does when ``call`` runs it; False where it is not known."""
    for address, installer in _INSTALLERS.items():
        if address in url:
            return installer(call, url)
    return False


def _place(call: Call, programs: Sequence[str], folder: Value, maker: str) -> bool:
    """The programs are in the folder now; False where the folder cannot be known."""
    if folder is None or not folder.startswith("/"):
        return False
    for program in programs:
        call.installed("binary", program, folder, tool=maker)
        call.make(posixpath.join(folder, program), maker, mode=0o755)
    return True


def _home(call: Call, inner: str) -> Value:
    home = call.variable("HOME") or call.step.home
    return posixpath.join(home, inner) if home else None


def _under(call: Call, variable: str, folder: str, default: str) -> Value:
    """``folder`` in what the variable says, else ``default`` in the home."""
    value = call.variable(variable)
    if value is None:
        return None
    return posixpath.join(value, folder) if value else _home(call, default)


def _uv(call: Call, url: str) -> bool:
    chosen = [call.variable(name) for name in ("UV_INSTALL_DIR", "XDG_BIN_HOME")]
    if None in chosen:
        return False
    default = _home(call, ".cargo/bin" if _UV_OLD.search(url) else ".local/bin")
    return _place(call, ("uv", "uvx"), next(filter(None, chosen), default), "uv-installer")


def _poetry(call: Call, _url: str) -> bool:
    return _place(
        call, ("poetry",), _under(call, "POETRY_HOME", "bin", ".local/bin"), "poetry-installer"
    )


def _rustup(call: Call, _url: str) -> bool:
    programs = ("cargo", "rustc", "rustup", "rustdoc", "rustfmt")
    return _place(call, programs, _under(call, "CARGO_HOME", "bin", ".cargo/bin"), "rustup")


def _bun(call: Call, _url: str) -> bool:
    return _place(call, ("bun", "bunx"), _under(call, "BUN_INSTALL", "bin", ".bun/bin"), "bun")


def _deno(call: Call, _url: str) -> bool:
    return _place(call, ("deno",), _under(call, "DENO_INSTALL", "bin", ".deno/bin"), "deno")


def _pnpm(call: Call, _url: str) -> bool:
    programs = ("pnpm", "pnpx")
    return _place(call, programs, _under(call, "PNPM_HOME", "", ".local/share/pnpm"), "pnpm")


def _pip(call: Call, _url: str) -> bool:
    base = call.machine.base
    if call.machine.is_root and base.python_prefix in {"/usr/local", "/usr", ""}:
        return _place(call, ("pip", "pip3"), "/usr/local/bin", "get-pip")
    return False


def _nodesource(call: Call, url: str) -> bool:
    call.installed("source", NODESOURCE, url)
    return True


def _docker(call: Call, _url: str) -> bool:
    call.installed("apt", "docker-ce", "", tool="get.docker.com")
    return True


_INSTALLERS: dict[str, Callable[[Call, str], bool]] = {
    "astral.sh/uv/": _uv,
    "github.com/astral-sh/uv/releases/": _uv,
    "install.python-poetry.org": _poetry,
    "sh.rustup.rs": _rustup,
    "bun.sh/install": _bun,
    "bun.com/install": _bun,
    "deno.land/install.sh": _deno,
    "deno.land/x/install": _deno,
    "get.pnpm.io/install.sh": _pnpm,
    "bootstrap.pypa.io/": _pip,
    "nodesource.com/setup": _nodesource,
    "get.docker.com": _docker,
}
