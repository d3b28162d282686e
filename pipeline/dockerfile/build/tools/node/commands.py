"""The command lines of npm, yarn, pnpm and bun: what they are asked for, and in which folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.node.packages import words
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.projects.node import Package
from pipeline.dockerfile.shell.executed import Executed, Value

MANAGERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_VALUES = frozenset({
    "--prefix", "--omit", "--include", "--loglevel", "--registry", "--cache", "--workspace",
    "--filter", "--dir", "--cwd", "--userconfig", "--store-dir", "--network-timeout", "--only",
    "--cache-folder", "--modules-folder", "--fetch-retries", "--fetch-timeout", "--mutex",
    "--network-concurrency", "--node-linker", "--target", "--global-dir", "--outdir", "--outfile",
    "--fetch-retry-mintimeout", "--fetch-retry-maxtimeout", "--reporter", "--script-shell",
    "--concurrency", "--link-folder", "--virtual-store-dir", "--config", "--tag", "--backend",
})  # fmt: skip
_SHORT_VALUES = {
    "npm": frozenset({"-w", "-C"}), "pnpm": frozenset({"-C", "-F"}), "bun": frozenset({"-c"}),
}  # fmt: skip
_INSTALLS = frozenset({"install", "i", "ci", "add", "clean-install", "install-clean", "in", "ic"})
_OF_WORKSPACES = frozenset({
    "-w", "--workspace", "--workspaces", "-ws", "--filter", "-F", "-r", "--recursive",
    "--include-workspace-root", "-iwr",
})  # fmt: skip
_COMMON = words(
    "add audit config create dlx exec info init install link list outdated pack publish remove "
    "unlink version why help patch patch-commit"
)
_OWN = {
    "yarn": _COMMON | words(
        "autoclean bin cache check constraints dedupe global import licenses login logout owner "
        "plugin policies rebuild search set stage tag team unplug up upgrade versions workspace "
        "upgrade-interactive workspaces generate-lock-entry"
    ),
    "pnpm": _COMMON | words(
        "i it import install-test rebuild rb prune fetch deploy ls la ll licenses rm uninstall un "
        "up update upgrade root bin server store setup self-update env cache approve-builds ln "
        "ignored-builds dedupe doctor patch-remove ci clean-install"
    ),
    "bun": _COMMON | words("a i rm pm x upgrade update build test repl c ci"),
}  # fmt: skip


@dataclass(frozen=True)
class Command:
    """``rest`` is what follows the verb, as written; ``folder`` the package's, None unknown."""

    tool: str
    verb: str
    rest: tuple[str, ...]
    given: Options
    folder: Value

    @property
    def operands(self) -> tuple[str, ...]:
        """Those after the verb."""
        return self.given.operands[1:]

    @property
    def is_global(self) -> bool:
        """Whether it installs for the whole machine."""
        place = self.given.last("--location")
        return self.verb == "global" or self.given.has("-g", "--global") or place == "global"

    @property
    def installs(self) -> bool:
        """Whether it installs what the package asks for."""
        if self.tool == "yarn":
            return self.verb in {"", "install", "add"} or self._focuses
        return self.verb in _INSTALLS

    @property
    def is_own(self) -> bool:
        """Whether the manager does it itself; else the verb may be a script's name."""
        return not self.verb or self.tool == "npm" or self.verb in _OWN[self.tool]

    @property
    def _focuses(self) -> bool:
        return self.verb == "workspaces" and self.rest[:1] == ("focus",)

    @property
    def added(self) -> tuple[str, ...]:
        """The packages that an install names itself."""
        return () if self._focuses else self.operands

    @property
    def in_workspaces(self) -> bool:
        """Whether it is about other packages than that of the folder."""
        return self.given.has(*_OF_WORKSPACES) or self.verb in {"workspace", "workspaces"}


def command_of(executed: Executed) -> Command:
    """Read the command line of one of the managers."""
    tool, words = executed.name, executed.words[1:]
    given = options(words, _VALUES | _SHORT_VALUES.get(tool, frozenset()))
    at = first_operand(tool, words)
    verb = words[at] if at < len(words) else ""
    named = given.last("--dir", "--cwd", *(["-C"] if tool != "bun" else []))
    if not (tool == "npm" and given.has("-g", "--global")):
        named = given.last("--prefix") or named
    folder = absolute(executed.shell.cwd, named or ".")
    return Command(tool, verb, words[at + 1 :], given, folder)


def first_operand(tool: str, words: Sequence[str]) -> int:
    """Where the first word stands that is no option nor the value of one."""
    taking = _VALUES | _SHORT_VALUES.get(tool, frozenset())
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word in taking:
            skip = True
        elif not word.startswith("-"):
            return at
    return len(words)


def without_development(
    command: Command, variables: Mapping[str, Value], *, berry: bool
) -> bool | None:
    """Whether the packages for development are left out; None where that cannot be known."""
    given = command.given
    if given.has("-D", "--dev") and command.tool == "pnpm":
        return False
    if "false" in given.all("--production", "--prod") or "dev" in given.all("--include"):
        return False
    if given.has("--production", "--prod", "-P") or "dev" in ",".join(given.all("--omit")):
        return True
    if given.last("--only") in {"production", "prod"} or "--no-dev" in given.flags:
        return True
    if berry or command.tool == "bun":
        return False
    return _by_environment(variables)


def _by_environment(variables: Mapping[str, Value]) -> bool | None:
    values = {name.lower(): value for name, value in variables.items() if len(name) < 32}
    if values.get("npm_config_production") == "true" or values.get("yarn_production") == "true":
        return True
    omitted = values.get("npm_config_omit", "")
    mode = variables.get("NODE_ENV", "")
    if omitted is None or mode is None:
        return None
    return "dev" in omitted or mode == "production"


def ignores_scripts(command: Command, variables: Mapping[str, Value]) -> bool:
    """Whether an install runs none of the packages' scripts."""
    names = ("NPM_CONFIG_IGNORE_SCRIPTS", "npm_config_ignore_scripts", "YARN_IGNORE_SCRIPTS")
    asked = command.given.last("--ignore-scripts") or "true"
    if command.given.has("--ignore-scripts"):
        return asked != "false"
    return any(variables.get(name) == "true" for name in names)


def is_berry(package: Package | None, *, configured: bool) -> bool:
    """Whether yarn is 2 or newer; ``configured``: ``.yarnrc.yml`` is there."""
    manager = package.package_manager if package else ""
    return configured or (manager.startswith("yarn@") and not manager.startswith("yarn@1"))
