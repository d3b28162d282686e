"""All servers of a start, and where they listen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.listening.bound import Bound
from pipeline.dockerfile.build.listening.commands import bounds_of
from pipeline.dockerfile.build.listening.compiled import listens_compiled
from pipeline.dockerfile.build.listening.files import JAVA, READERS, completed
from pipeline.dockerfile.build.listening.sources import listens
from pipeline.dockerfile.build.scripts import SHELLS
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.work import spoken
from pipeline.dockerfile.build.values import Launch
from pipeline.dockerfile.shell.executed import Executed

_SILENT = frozenset({
    "sleep", "tail", "cron", "crond", "wait", "echo", "cat", "celery", "rq", "dramatiq", "arq",
    "sidekiq", "cloud_sql_proxy", "cloud-sql-proxy", "tailscaled", "tailscale", "redis-server",
    "postgres", "mysqld", "memcached", "mongod", "Xvfb", "chromedriver", "syslogd", "rsyslogd",
    "supercronic", "busybox", "fluent-bit", "trap", "kill", "export", "set", "cd", "exit", "test",
    "[", "stunnel", "sshd", "dbus-daemon", "pg_isready", "nc", "printf",
})  # fmt: skip
_FRONTS = frozenset({
    "nginx", "caddy", "haproxy", "envoy", "traefik", "apache2ctl", "apachectl", "httpd", "apache2",
    "apache2-foreground", "httpd-foreground", "openresty", "varnishd", "lighttpd", "h2o", "unitd",
    "angie", "squid", "pingora", "kong", "frankenphp", "rr", "",
})  # fmt: skip
_VARIABLE = re.compile(r"\$(?:\{PORT\b[^}]*\}|PORT\b)")
_EXPANDING = SHELLS | {
    "java", "envsubst", "eval", "su", "xargs", "npm", "yarn", "pnpm", "make", "awk", "perl",
    "concurrently", "foreman", "otelcol", "vector", "",
}  # fmt: skip


@dataclass(frozen=True)
class Listening:
    """``bounds`` are what is known; ``complete``: nothing else of the start can be a server.

    ``hidden``: what has to listen is known by name at most.
    """

    bounds: tuple[Bound, ...]
    complete: bool
    hidden: bool = False


def listening(build: Build) -> Listening:
    """Where the start listens; ask through ``build.once``."""
    found: list[Bound] = []
    complete, hidden = build.start.complete, False
    for launch in build.start.launches:
        if launch.followed or not _stays(build, launch):
            continue
        bounds = tuple(_of(build, launch))
        found += bounds
        if not bounds and launch.executed.name not in _SILENT:
            complete = False
            hidden = hidden or launch.main or launch.executed.name in _FRONTS
    return Listening(tuple(_placed(build, one) for one in found), complete, hidden)


def _stays(build: Build, launch: Launch) -> bool:
    return launch.main or launch.executed.background or build.start.main is None


def _of(build: Build, launch: Launch) -> Iterator[Bound]:
    told = spoken(launch.executed)
    if not told:
        return
    words = told[1:]
    if told[0] in READERS:
        yield from READERS[told[0]](build, launch, words)
        return
    if launch.executed.name == "java":
        yield from JAVA(build, launch, launch.executed.words[1:])
        return
    bounds = bounds_of(launch, told, _offset(launch.executed, told))
    if bounds is not None:
        for bound in bounds:
            whole = completed(build, bound)
            if whole is not None:
                yield whole
        return
    sources = [one for one in build.once(reached) if one.launch == launch]
    found = [bound for source in sources for bound in listens(source)]
    if not sources:
        found += listens_compiled(build, launch)
    if not any(bound.port is not None for bound in found):
        found = [*_literal(launch)] or found
    yield from found


def _literal(launch: Launch) -> Iterator[Bound]:
    """A program that is told ``$PORT`` where no shell expands it."""
    if launch.executed.name in _EXPANDING:
        return
    for word in launch.executed.argv[1:]:
        if word.value is not None and _VARIABLE.search(word.value):
            name = launch.executed.words[0]
            yield Bound(launch, name, launch.place, None, word.value, sure=False)
            return


def _offset(executed: Executed, told: tuple[str, ...]) -> int:
    """How many words stand before the program."""
    return max(len(executed.words) - len(told), 0)


def _placed(build: Build, bound: Bound) -> Bound:
    """What the base image starts has no line of its own: its FROM stands for it."""
    machine = build.final.machine
    command = machine.cmd or machine.entrypoint
    if bound.place != bound.launch.place or bound.launch.via:
        return bound
    if command is not None and command.instruction is None:
        root = build.lineage(build.final)[0]
        return replace(bound, place=build.place(root.instruction))
    return bound
