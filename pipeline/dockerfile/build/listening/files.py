"""Servers that read their address from a file of the image: gunicorn, nginx, Caddy, Spring …"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from pipeline.dockerfile.build.build import Build, Origin
from pipeline.dockerfile.build.listening.bound import EVERYWHERE, Bound, parted, worth
from pipeline.dockerfile.build.tools.call import absolute
from pipeline.dockerfile.build.tools.options import options
from pipeline.dockerfile.build.values import PORT, Launch
from pipeline.dockerfile.place import Place
from pipeline.dockerfile.projects.configs import gunicorn

_GUNICORN = frozenset({"-b", "--bind", "-c", "--config"})
_LISTEN = re.compile(r"^[ \t]*listen[ \t]+([^;\s]+)[^;\n]*;", re.MULTILINE)
_INCLUDES = re.compile(r"^[ \t]*include[ \t]+\S*(?:conf\.d|http\.d|sites-enabled)/", re.MULTILINE)
_INCLUDED = re.compile(
    r"/etc/nginx/(?:(?:conf|http)\.d/.*\.conf|sites-(?:enabled|available)/.*"
    r"|templates/.*\.template)"
)
_SITE = re.compile(
    r"^(?:https?://)?([\w.*-]*):([\w{}$.:-]+?)(?:/\S*)?[ \t,]*\{?[ \t]*$", re.MULTILINE
)
_UWSGI = re.compile(r"^[ \t]*(?:http|http-socket)[ \t]*=[ \t]*(\S+)", re.MULTILINE)
_SPRING = re.compile(
    r"^[ \t]*(?:server|quarkus\.http|micronaut\.server)\.port[ \t]*[=:][ \t]*(\d+)[ \t]*$",
    re.MULTILINE,
)
_SPRING_YAML = re.compile(
    r"^server:[ \t]*\n(?:[ \t]+\S.*\n){0,20}?[ \t]+port:[ \t]*(\d+)[ \t]*$", re.MULTILINE
)
_STREAMLIT = re.compile(r"^[ \t]*(port|address)[ \t]*=[ \t]*[\"']?([\w.:]+)", re.MULTILINE)
_BY_ITSELF = {"host_told": False, "port_told": False}
_MOST_FILES = 50


def _place(origin: Origin, at: int) -> Place:
    return Place(origin.file, origin.line + origin.text.count("\n", 0, at))


def _read(build: Build, launch: Launch, word: str | None) -> Origin | None:
    path = absolute(launch.executed.shell.cwd, word) if word else None
    return build.read(path) if path else None


def _gunicorn(build: Build, launch: Launch, words: tuple[str, ...]) -> tuple[Bound, ...]:
    """The command line, then GUNICORN_CMD_ARGS, then the file, then PORT."""
    variables = launch.executed.shell.variables
    more = variables.get("GUNICORN_CMD_ARGS", "")
    if more is None:
        return ()
    given = options((*more.split(), *words), _GUNICORN)
    known = {argument.text for argument in launch.executed.argv if argument.value is None}
    binds = given.all("-b", "--bind")
    if binds:
        unknown = any(bind in text for bind in binds for text in known)
        return () if unknown else tuple(
            Bound(launch, "gunicorn", launch.place, *parted(bind)) for bind in binds
        )  # fmt: skip
    named = given.last("-c", "--config")
    origin = _read(build, launch, (named or "gunicorn.conf.py").removeprefix("file:"))
    if origin is not None:
        return _gunicorn_file(launch, origin)
    return () if named else (_by_port(launch),)


def _by_port(launch: Launch) -> Bound:
    """Told nothing, gunicorn listens everywhere on what PORT says."""
    port = launch.executed.shell.variables.get("PORT", PORT)
    return Bound(launch, "gunicorn", launch.place, EVERYWHERE, port, **_BY_ITSELF)


def _gunicorn_file(launch: Launch, origin: Origin) -> tuple[Bound, ...]:
    settings = gunicorn(origin.text)
    if settings is None:
        return ()
    if "bind" not in settings:
        return (_by_port(launch),)
    value, line = settings["bind"]
    first = value[0] if isinstance(value, tuple) and value else value
    text, sure = worth(first, launch.executed.shell.variables)
    host, port = parted(text)
    place = Place(origin.file, origin.line - 1 + line)
    return (Bound(launch, "gunicorn", place, host, port, sure=sure),)


def _nginx(build: Build, launch: Launch, words: tuple[str, ...]) -> tuple[Bound, ...]:
    """What its configuration says. The image's own listens on 80."""
    named = options(words, frozenset({"-c", "-g", "-p"})).last("-c")
    main = build.read(named or "/etc/nginx/nginx.conf")
    own = build.in_image("/etc/nginx/nginx.conf").entry
    if (main is None and (named or own is not None)) or _is_edited(build, "nginx"):
        return ()
    origins = [main] if main else []
    if main is None or _INCLUDES.search(main.text):
        paths = [path for path in _below(build, "/etc/nginx") if _INCLUDED.fullmatch(path)]
        read = [build.read(path) for path in paths[:_MOST_FILES]]
        if None in read:
            return ()
        origins += [one for one in read if one is not None]
    found = [(origin, match) for origin in origins for match in _LISTEN.finditer(origin.text)]
    if found:
        return tuple(_listen(launch, origin, match) for origin, match in found)
    official = build.final.machine.base.name == "nginx" and not origins
    if not official or build.in_image("/etc/nginx/conf.d/default.conf").absent:
        return ()
    return (Bound(launch, "nginx", launch.place, EVERYWHERE, "80", **_BY_ITSELF),)


def _listen(launch: Launch, origin: Origin, match: re.Match[str]) -> Bound:
    host, port = parted(match[1]) if not match[1].startswith("unix:") else (None, None)
    if port is not None and not port.isdecimal():
        port = None  # something fills it in
    return Bound(launch, "nginx", _place(origin, match.start()), host, port)


def _below(build: Build, folder: str) -> list[str]:
    files = build.final.machine.files
    return sorted({path for path in files.below(folder) if files.lookup(path).present})


def _is_edited(build: Build, word: str) -> bool:
    """Whether a command of the build or the start may have changed the configuration."""
    editing = {"sed", "envsubst", "awk", "perl", "tee", "cat", "echo", "printf", "gomplate", "j2"}
    steps = (step.executed for stage in build.used for step in stage.steps if step.executed)
    launches = (launch.executed for launch in build.start.launches)
    for executed in (*steps, *launches):
        output = (executed.output[0] or word) if executed.output else ""
        if executed.name in editing and (word in output or any(word in w for w in executed.words)):
            return True
    return False


def _caddy(build: Build, launch: Launch, words: tuple[str, ...]) -> tuple[Bound, ...]:
    told = options(words, frozenset({"--config", "-c", "--listen", "-l", "--adapter", "--from"}))
    address = told.last("--listen", "-l", "--from")
    if address is not None:
        return (Bound(launch, "caddy", launch.place, *parted(address)),)
    if told.operands[:1] != ("run",):
        return ()
    origin = _read(build, launch, told.last("--config", "-c") or "/etc/caddy/Caddyfile")
    if origin is None:
        return ()
    found = []
    for match in _SITE.finditer(origin.text):
        port = match[2] if match[2].isdecimal() else None
        host = match[1] if match[1] == "localhost" else EVERYWHERE
        found.append(Bound(launch, "caddy", _place(origin, match.start()), host, port))
    return tuple(found)


def _uwsgi(build: Build, launch: Launch, words: tuple[str, ...]) -> tuple[Bound, ...]:
    told = options(words, frozenset({"--ini", "--http", "--http-socket", "--socket", "-s"}))
    binds = told.all("--http", "--http-socket")
    if binds:
        unknown = any(argument.value is None for argument in launch.executed.argv)
        return () if unknown else tuple(
            Bound(launch, "uwsgi", launch.place, *parted(bind)) for bind in binds
        )  # fmt: skip
    file = told.last("--ini") or next((w for w in told.operands if w.endswith(".ini")), None)
    origin = _read(build, launch, file)
    found = [*_UWSGI.finditer(origin.text)] if origin else []
    return tuple(_uwsgi_line(launch, origin, match) for match in found if origin)


def _uwsgi_line(launch: Launch, origin: Origin, match: re.Match[str]) -> Bound:
    host, port = parted(match[1])
    known = port is not None and port.isdecimal()
    return Bound(launch, "uwsgi", _place(origin, match.start()), host, port if known else None)


def _java(build: Build, launch: Launch, words: tuple[str, ...]) -> tuple[Bound, ...]:
    """Spring, Quarkus, Micronaut: an option, a variable, or the properties among the sources."""
    keys = ("server.port", "quarkus.http.port", "micronaut.server.port")
    variables = launch.executed.shell.variables
    for word in words:
        name, equals, value = word.lstrip("-").removeprefix("D").partition("=")
        if equals and name in keys and value.isdecimal():
            return (Bound(launch, "java", launch.place, EVERYWHERE, value),)
        if name in keys:
            return ()
    if {"SERVER_PORT", "QUARKUS_HTTP_PORT", "MICRONAUT_SERVER_PORT"} & variables.keys():
        return ()
    for path in build.context.files:
        if path.endswith(("src/main/resources/application.properties", "resources/application.yml",
                          "resources/application.yaml")):  # fmt: skip
            text = build.context.text(path) or ""
            match = (_SPRING if path.endswith("properties") else _SPRING_YAML).search(text)
            if match:
                at = _place(Origin(text, path), match.start(1))
                return (Bound(launch, "java", at, EVERYWHERE, match[1]),)
    return ()


def _streamlit_file(build: Build, launch: Launch) -> Iterator[tuple[str, str, Place]]:
    """``.streamlit/config.toml``: what it says of the server."""
    origin = _read(build, launch, ".streamlit/config.toml")
    for match in _STREAMLIT.finditer(origin.text) if origin else ():
        if origin is not None:
            yield match[1], match[2], _place(origin, match.start())


def completed(build: Build, bound: Bound) -> Bound | None:
    """The bound with what a file of the program says; None where that cannot be told."""
    if bound.name == "streamlit":
        for key, value, place in _streamlit_file(build, bound.launch):
            if key == "port" and not bound.port_told:
                bound = Bound(bound.launch, bound.name, place, bound.host, value)
            elif key == "address" and not bound.host_told:
                bound = Bound(bound.launch, bound.name, place, value, bound.port)
        return bound
    if bound.name in {"vite", "astro", "ng", "gatsby"} and not (
        bound.host_told and bound.port_told
    ):
        return bound if _is_plain(build, bound.launch) else None
    return bound


def _is_plain(build: Build, launch: Launch) -> bool:
    """Whether no settings file beside the program speaks of hosts and ports."""
    cwd = launch.executed.shell.cwd
    if cwd is None:
        return False
    stems = ("vite.config", "astro.config", "angular", "gatsby-config")
    for stem in stems:
        for ending in ("js", "ts", "mjs", "cjs", "mts", "json"):
            path = f"{cwd}/{stem}.{ending}"
            origin = build.read(path)
            if origin is None and build.in_image(path).present:
                return False
            if origin and re.search(r"\b(?:host|port|preview|server)\b", origin.text):
                return False
    return True


READERS: Mapping[str, Callable[[Build, Launch, tuple[str, ...]], tuple[Bound, ...]]] = {
    "gunicorn": _gunicorn, "nginx": _nginx, "caddy": _caddy, "uwsgi": _uwsgi,
}  # fmt: skip
JAVA = _java
