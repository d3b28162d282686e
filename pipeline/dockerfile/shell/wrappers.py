"""Programs that run another program: what they run, and which they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.dockerfile.shell.executed import Argument, Executed

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_SHORT_OPTIONS = re.compile(r"-[A-Za-z0-9]+[A-Za-z]")
_MOST = 16


@dataclass(frozen=True)
class Wrapper:
    """How a wrapper's words go on to the command that it runs. Lists are separated by blanks.

    ``then``: the subcommand that runs programs (``poetry run``); ``optional``: it may be absent.
    ``takes``: options that have a value in the next word. ``refuses``: with these options it runs
    no program. ``operands``: how many words come first. ``assigns``: then ``A=b``, as env has it.
    ``dashes``: the command comes after ``--``, whatever is before. ``keeps``: the subcommand is
    the program that is run.
    """

    then: str = ""
    optional: bool = False
    takes: str = ""
    refuses: str = ""
    operands: int = 0
    assigns: bool = False
    dashes: bool = False
    keeps: bool = False


_PLAIN = Wrapper()
_USER = Wrapper(operands=1)
_AFTER_DASHES = Wrapper(dashes=True)
_RUN = Wrapper(then="run")
_RUN_DASHES = Wrapper(then="run", dashes=True)

WRAPPERS = {
    "sudo": Wrapper(
        takes="-u --user -g --group -h --host -p -C -r -t -D --chdir -R -T -U",
        refuses="-l -v -k -K -e -i --login --list --validate --edit",
        assigns=True,
    ),
    "doas": Wrapper(takes="-u -C"),
    "env": Wrapper(takes="-u --unset -C --chdir", refuses="-S --split-string --help", assigns=True),
    "cross-env": Wrapper(assigns=True),
    "nice": Wrapper(takes="-n --adjustment"),
    "ionice": Wrapper(takes="-c --class -n --classdata", refuses="-p --pid"),
    "time": Wrapper(takes="-o --output -f --format"),
    "timeout": Wrapper(takes="-s --signal -k --kill-after", operands=1),
    "nohup": _PLAIN,
    "setsid": _PLAIN,
    "command": Wrapper(refuses="-v -V"),
    "catchsegv": _PLAIN,
    "ddtrace-run": _PLAIN,
    "with-contenv": _PLAIN,
    "catatonit": _PLAIN,
    "gosu": _USER,
    "su-exec": _USER,
    "setuidgid": _USER,
    "s6-setuidgid": _USER,
    "chpst": Wrapper(takes="-u -U -e -d -n -l -L -b"),
    "setpriv": Wrapper(
        takes="--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits"
        " --pdeathsig --selinux-label --apparmor-profile --ruid --rgid --euid --egid",
        refuses="-d --dump",
    ),
    "stdbuf": Wrapper(takes="-i --input -o --output -e --error"),
    "tini": Wrapper(takes="-e -p", refuses="--version -h"),
    "docker-init": Wrapper(takes="-e -p"),
    "dumb-init": Wrapper(takes="-r --rewrite"),
    "xargs": Wrapper(
        takes="-n --max-args -I -i -P --max-procs -d --delimiter -L -s -a --arg-file -E"
    ),
    "opentelemetry-instrument": Wrapper(
        takes="--traces_exporter --metrics_exporter --logs_exporter --service_name"
        " --exporter_otlp_endpoint --exporter_otlp_protocol --propagators --id_generator"
    ),
    "newrelic-admin": Wrapper(then="run-program"),
    "doppler": _RUN_DASHES,
    "infisical": _RUN_DASHES,
    "op": _RUN_DASHES,
    "dotenv": Wrapper(then="run", optional=True, takes="-e -f --file -v"),
    "wait-for-it.sh": _AFTER_DASHES,
    "wait-for-it": _AFTER_DASHES,
    "wait-for": _AFTER_DASHES,
    "wait-for.sh": _AFTER_DASHES,
    "dockerize": Wrapper(
        takes="-wait -timeout -template -stdout -stderr -delims -wait-retry-interval"
        " -wait-http-header -env -env-section --wait --timeout --template"
    ),
    "poetry": Wrapper(then="run", takes="-C --directory -P --project"),
    "uv": Wrapper(
        then="run",
        takes="--with --with-editable --with-requirements -p --python --extra --no-extra --group"
        " --no-group --only-group --env-file --package --directory --project --index"
        " --default-index --config-file --cache-dir --link-mode --refresh-package -i --index-url",
        refuses="-m --module -s --script",
    ),
    "pipenv": _RUN,
    "pdm": Wrapper(then="run", takes="-p --project --venv"),
    "hatch": Wrapper(then="run", takes="-e --env -p --project"),
    "rye": _RUN,
    "conda": Wrapper(then="run", takes="-n --name -p --prefix --cwd"),
    "micromamba": Wrapper(then="run", takes="-n --name -p --prefix --cwd"),
    "bundle": Wrapper(then="exec"),
    "npx": Wrapper(takes="-p --package -w --workspace --prefix", refuses="-c --call"),
    "npm": Wrapper(
        then="exec x", takes="-p --package -w --workspace --prefix", refuses="-c --call"
    ),
    "pnpm": Wrapper(then="exec dlx", takes="--package -C --dir --filter -F", refuses="-c"),
    "yarn": Wrapper(then="exec dlx", takes="-p --package --cwd"),
    "corepack": Wrapper(then="pnpm yarn npm pnpx yarnpkg", keeps=True),
    "bunx": Wrapper(takes="-p --package"),
    "bun": Wrapper(then="x", takes="-p --package"),
}


def unwrapped(executed: Executed) -> tuple[Executed, tuple[str, ...]]:
    """The command that is really run, and the wrappers around it from the outside in.

    A wrapper is named with its subcommand (``poetry run``). What ``env A=b`` sets is in the shell.
    """
    found: list[str] = []
    while len(found) < _MOST and (step := _inner(executed)):
        executed, name = step
        found.append(name)
    return executed, tuple(found)


def _inner(executed: Executed) -> tuple[Executed, str] | None:
    name, argv = executed.name, executed.argv
    wrapper = WRAPPERS.get(name)
    if wrapper is None:
        return None
    at: int | None = 1
    if wrapper.then:
        at = _options(argv, 1, wrapper)
        if at is not None and at < len(argv) and argv[at].value in wrapper.then.split():
            name, at = f"{name} {argv[at].text}", at + (not wrapper.keeps)
        elif not wrapper.optional:
            return None
    start = None if at is None else _command(argv, at, wrapper)
    if start is None or start >= len(argv):
        return None
    assigned = _assigned(argv[1:start]) if wrapper.assigns else {}
    shell = executed.shell
    if assigned:
        shell = replace(shell, variables={**shell.variables, **assigned})
    return replace(executed, argv=argv[start:], shell=shell), name


def _command(argv: Sequence[Argument], at: int, wrapper: Wrapper) -> int | None:
    """Where the command starts; None where there is none."""
    if wrapper.dashes:
        return next((i + 1 for i in range(at, len(argv)) if argv[i].text == "--"), None)
    after = _options(argv, at, wrapper)
    if after is None:
        return None
    after += wrapper.operands
    return after + 1 if wrapper.operands and _text(argv, after) == "--" else after


def _options(argv: Sequence[Argument], at: int, wrapper: Wrapper) -> int | None:
    """The end of the options (and assignments); None where one of them is refused."""
    takes, refuses = wrapper.takes.split(), wrapper.refuses.split()
    while at < len(argv):
        text = argv[at].text
        if text == "--":
            return at + 1
        if text in refuses:
            return None
        if wrapper.assigns and _ASSIGNMENT.match(text):
            at += 1
        elif text.startswith("-") and (text != "-" or wrapper.assigns):
            joined = (
                _SHORT_OPTIONS.fullmatch(text) and text not in takes and "-" + text[-1] in takes
            )
            at += 2 if text in takes or joined else 1
        else:
            break
    return at


def _text(argv: Sequence[Argument], at: int) -> str:
    return argv[at].text if at < len(argv) else ""


def _assigned(words: Sequence[Argument]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for word in words:
        if match := _ASSIGNMENT.match(word.text):
            found[match.group(1)] = None if word.value is None else word.value[match.end() :]
    return found
