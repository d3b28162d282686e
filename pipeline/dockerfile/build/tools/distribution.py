"""The package managers of the distributions: apt, apk, dnf and their relatives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.installers import NODESOURCE
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.tools.unknown import unknown_program

_APT_VALUES = frozenset({"-t", "--target-release", "--default-release", "-o", "--option", "-c",
                         "--config-file", "-a", "--host-architecture"})  # fmt: skip
_APK_VALUES = frozenset({"-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch",
                         "--keys-dir", "--cache-dir", "--cache-max-age", "--wait",
                         "--repositories-file"})  # fmt: skip
_DNF_VALUES = frozenset({"--setopt", "--enablerepo", "--disablerepo", "--installroot", "--repo",
                         "--releasever", "-x", "--exclude", "-c", "--config",
                         "--repoid"})  # fmt: skip
_METAPACKAGES = frozenset({"build-essential", "build-base", "default-jdk", "python3-full"})
_SOURCE_LISTS = tuple(
    f"/etc/{folder}/nodesource{end}"
    for folder, end in (
        ("apt/sources.list.d", ".list"),
        ("apt/sources.list.d", ".sources"),
        ("yum.repos.d", ".repo"),
    )
)


def apt(call: Call) -> None:
    given = options(call.words, _APT_VALUES)
    verb, *names = given.operands or ("",)
    packages = [_bare(name, "=/") for name in names if not name.endswith("-")]
    if verb in {"install", "reinstall", "build-dep", "satisfy"}:
        recommended = not (
            given.has("--no-install-recommends")
            or any("install-recommends=" in one.lower() for one in given.all("-o", "--option"))
        )
        _install(call, "apt", packages, recommended=recommended)
        _uninstall(call, {name[:-1] for name in names if name.endswith("-")})
    elif verb in {"remove", "purge", "autoremove", "autopurge"}:
        every = verb.startswith("auto") or given.has("--auto-remove", "--autoremove")
        _uninstall(call, set(packages) if every else set(packages) - _METAPACKAGES)


def apk(call: Call) -> None:
    given = options(call.words, _APK_VALUES)
    verb, *names = given.operands or ("",)
    packages = [_bare(name, "=<>~@") for name in names if not name.startswith("!")]
    if verb == "add":
        _install(call, "apk", packages, group=given.last("-t", "--virtual") or "")
    elif verb == "del":
        _uninstall(call, set(packages))


def dnf(call: Call) -> None:
    given = options(call.words, _DNF_VALUES)
    verb, *names = given.operands or ("",)
    packages = [name.removeprefix("@") for name in names]
    if verb in {"install", "reinstall", "in", "groupinstall", "localinstall", "module"}:
        _install(call, "dnf", packages, recommended=True)
    elif verb in {"remove", "erase", "rm", "autoremove"}:
        _uninstall(call, set(packages))


def foreign(call: Call) -> None:
    """A package file installed by hand (``dpkg -i``, ``rpm -i``): its name says little."""
    changes = {"-i", "--install", "-ivh", "-Uvh", "-U", "--unpack"}
    if changes & set(call.words):
        unknown_program(call)


def _bare(name: str, ends: str) -> str:
    """A package's name without version and release."""
    if "$" in name or name.startswith(("/", "./", "../")):
        return name
    return name[: min((at for at in map(name.find, ends) if at > 0), default=len(name))]


def _install(
    call: Call, manager: str, packages: Iterable[str], *, recommended: bool = False, group: str = ""
) -> None:
    piped = ("$",) if "xargs" in call.step.wrappers else ()  # names that only the pipe knows
    for name in dict.fromkeys((*packages, *piped)):
        call.installed(
            manager, name, "", tool=call.executed.name, recommended=recommended, group=group
        )
        if name == "nodejs" and _from_nodesource(call):
            for program in ("npm", "npx"):
                call.make(f"/usr/bin/{program}", NODESOURCE, owner="root", mode=0o755)


def _from_nodesource(call: Call) -> bool:
    """Whether NodeSource's package is meant, which brings npm along."""
    machine = call.machine
    return any(one.name == NODESOURCE for one in machine.installed) or any(
        machine.files.lookup(path).entry is not None for path in _SOURCE_LISTS
    )


def _uninstall(call: Call, names: set[str]) -> None:
    """Packages, and apk's groups, are gone from here on, where the command certainly runs."""
    if not names or not call.executed.certain:
        return
    machine, number = call.machine, call.step.number
    for at, one in enumerate(machine.installed):
        if one.there() and not one.where and (one.name in names or one.group in names):
            machine.installed[at] = replace(one, removed=number)


TOOLS = {
    **dict.fromkeys(("apt", "apt-get", "aptitude"), apt),
    "apk": apk,
    **dict.fromkeys(("dnf", "yum", "microdnf", "zypper", "tdnf", "dnf5"), dnf),
    **dict.fromkeys(("dpkg", "rpm"), foreign),
}
