"""Servers that take their address from the command line, and what they do without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.dockerfile.build.listening.bound import EVERYWHERE, Bound, parted
from pipeline.dockerfile.build.values import PORT, Launch
from pipeline.dockerfile.shell.executed import Argument, Value

_LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """``then`` are the subcommands that serve. Options and variables are separated by blanks.

    Where it is told nothing: ``at`` (``HOST:PORT``; empty: not known). ``pointless`` options make
    it listen on something else, or read the address from a file.
    """

    at: str
    hosts: str = "--host"
    ports: str = "--port"
    binds: str = ""
    then: str = ""
    host_variable: str = ""
    port_variable: str = ""
    pointless: str = ""
    bind_variable: str = ""
    operand: bool = False  # the first operand is the port, or HOST:PORT


_DJANGO = Server(f"{_LOCAL}:8000", "", "", then="runserver runserver_plus", operand=True)
_FLASK = Server(
    f"{_LOCAL}:5000", "--host -h", "--port -p", then="run",
    host_variable="FLASK_RUN_HOST", port_variable="FLASK_RUN_PORT",
)  # fmt: skip
_ANY = f"{EVERYWHERE}:{PORT}"
SERVERS: Mapping[str, tuple[Server, ...]] = {
    "uvicorn": (
        Server(
            f"{_LOCAL}:8000", host_variable="UVICORN_HOST", port_variable="UVICORN_PORT",
            pointless="--uds --fd",
        ),
    ),
    "hypercorn": (
        Server(f"{_LOCAL}:8000", "", "", "-b --bind", pointless="-c --config --insecure-bind"),
    ),
    "daphne": (Server(f"{_LOCAL}:8000", "-b --bind", "-p --port", pointless="-e -u --fd"),),
    "granian": (
        Server(f"{_LOCAL}:8000", host_variable="GRANIAN_HOST", port_variable="GRANIAN_PORT",
               pointless="--uds"),
    ),
    "waitress-serve": (
        Server(f"{EVERYWHERE}:8080", binds="--listen", pointless="--unix-socket"),
    ),
    "flask": (_FLASK,),
    "quart": (_FLASK,),
    "fastapi": (
        Server(_ANY, then="run"),
        Server(f"{_LOCAL}:{PORT}", then="dev"),
    ),
    "streamlit": (
        Server(
            f"{EVERYWHERE}:8501", "--server.address", "--server.port", then="run",
            host_variable="STREAMLIT_SERVER_ADDRESS", port_variable="STREAMLIT_SERVER_PORT",
        ),
    ),
    "chainlit": (
        Server(f"{_LOCAL}:8000", then="run", host_variable="CHAINLIT_HOST",
               port_variable="CHAINLIT_PORT"),
    ),
    "litestar": (
        Server(f"{_LOCAL}:8000", "--host -H", "--port -p", then="run",
               host_variable="LITESTAR_HOST", port_variable="LITESTAR_PORT", pointless="-U -F"),
    ),
    "sanic": (Server(f"{_LOCAL}:8000", "--host -H", "--port -p", pointless="-u --unix"),),
    "mlflow": (
        Server(f"{_LOCAL}:5000", "--host -h", "--port -p", then="server ui",
               host_variable="MLFLOW_HOST", port_variable="MLFLOW_PORT"),
    ),
    "mkdocs": (Server(f"{_LOCAL}:8000", "", "", "-a --dev-addr", then="serve",
                      pointless="-f --config-file"),),
    "panel": (Server("localhost:5006", "--address", "--port", then="serve"),),
    "bokeh": (Server("localhost:5006", "--address", "--port", then="serve"),),
    "voila": (Server("localhost:8866", "--Voila.ip", "--port"),),
    "http.server": (Server(f"{EVERYWHERE}:8000", "--bind -b", "", operand=True),),
    "functions-framework": (Server(_ANY),),
    "manage": (_DJANGO,),
    "django-admin": (_DJANGO,),
    "uwsgi": (Server("", "", "", "--http --http-socket", pointless="--ini --socket -s"),),
    "next": (Server(_ANY, "-H --hostname", "-p --port", then="start dev"),),
    "vite": (
        Server("localhost:4173", then="preview", pointless="-c --config"),
        Server("localhost:5173", then="dev serve", pointless="-c --config"),
        Server("localhost:5173", pointless="-c --config build optimize"),
    ),
    "serve": (Server(_ANY, "", "-p", "-l --listen", pointless="-c --config"),),
    "http-server": (Server(_ANY, "-a", "-p --port"),),
    "ng": (Server("localhost:4200", then="serve s", pointless="-c --configuration"),),
    "astro": (Server("localhost:4321", then="dev preview", pointless="--config"),),
    "gatsby": (
        Server("localhost:9000", "-H --host", "-p --port", then="serve"),
        Server("localhost:8000", "-H --host", "-p --port", then="develop"),
    ),
    "json-server": (
        Server("localhost:3000", "--host -H -h", "--port -p", pointless="-c --config"),
    ),
    "php": (Server("", "", "", "-S"),),
    "artisan": (
        Server(f"{_LOCAL}:8000", then="serve", host_variable="SERVER_HOST",
               port_variable="SERVER_PORT"),
    ),
    "rails": (Server("", "-b --binding", "-p --port", then="server s"),),
    "puma": (Server("", "", "-p --port", "-b --bind"),),
    "rackup": (Server("", "-o --host", "-p --port"),),
    "thin": (Server("", "-a --address", "-p --port", then="start"),),
    "unicorn": (Server("", "-o --host", "-p --port", "-l --listen"),),
    "dotnet": (Server("", "", "", "--urls", bind_variable="ASPNETCORE_URLS"),),
    "deno": (Server(f"{EVERYWHERE}:8000", then="serve"),),
    "hugo": (Server(f"{_LOCAL}:1313", "--bind", "--port -p", then="server serve"),),
}  # fmt: skip


def bounds_of(launch: Launch, told: Sequence[str], offset: int) -> tuple[Bound, ...] | None:
    """Where a server that is known by name listens; None where the launch is no such server.

    ``told`` are the words as people say them; they begin ``offset`` words into the command.
    """
    words = launch.executed.argv[offset + 1 :]
    server = _server(told)
    if server is None:
        return None
    if any(word.text.partition("=")[0] in server.pointless.split() for word in words):
        return ()
    return tuple(_bounds(launch, told[0], server, words))


def _server(told: Sequence[str]) -> Server | None:
    operands = {word for word in told[1:] if not word.startswith("-")}
    for server in SERVERS.get(told[0], ()) if told else ():
        if not server.then or operands & set(server.then.split()):
            return server
    return None


def _bounds(
    launch: Launch, name: str, server: Server, words: Sequence[Argument]
) -> Iterator[Bound]:
    operands = [*_operands(words, server)] if server.operand else []
    binds = [*_values(words, server.binds), *(operands if server.then else ())]
    by_environment = launch.executed.shell.variables.get(server.bind_variable, "")
    binds = binds or ([by_environment] if by_environment != "" else [])
    for bind in binds:
        yield Bound(launch, name, launch.place, *parted(bind.split(";")[0] if bind else bind))
    if binds:
        return
    hosts, ports = [*_values(words, server.hosts)], [*_values(words, server.ports)]
    ports += operands
    host, port = parted(server.at) if server.at else (None, None)
    if port == PORT:
        port = launch.executed.shell.variables.get("PORT", PORT)
    by_variable = _variables(launch, server)
    host_told, port_told = bool(hosts) or by_variable[0] != "", bool(ports) or by_variable[1] != ""
    host = hosts[-1] if hosts else host if by_variable[0] == "" else by_variable[0]
    port = ports[-1] if ports else port if by_variable[1] == "" else by_variable[1]
    host = EVERYWHERE if host in {"", "true", "::", "[::]"} else host
    if host is not None or port is not None or server.at:
        yield Bound(launch, name, launch.place, host, port, host_told, port_told)


def _variables(launch: Launch, server: Server) -> tuple[Value, Value]:
    variables = launch.executed.shell.variables
    return variables.get(server.host_variable, ""), variables.get(server.port_variable, "")


def _values(words: Sequence[Argument], names: str) -> Iterator[Value]:
    """What follows these options, in whatever form; empty for an option without a value."""
    options = names.split()
    for at, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if name in options and equals:
            yield None if word.value is None else value
        elif word.text in options:
            following = words[at + 1] if at + 1 < len(words) else None
            bare = following is None or following.text.startswith("-")
            yield "" if following is None or bare else following.value
        elif not word.text.startswith("--"):
            short = next((one for one in options if word.text.startswith(one)), "")
            if len(short) == 2 and len(word.text) > 2:
                yield None if word.value is None else word.value[2:].removeprefix("=")


def _operands(words: Sequence[Argument], server: Server) -> Iterator[Value]:
    """The port or ``HOST:PORT`` among the operands."""
    verbs = server.then.split()
    for word in words:
        value = word.value
        if value is None:
            yield None
        elif not value.startswith("-") and value not in verbs and _is_address(value):
            yield f"{_LOCAL}:{value}" if verbs and value.isdecimal() else value


def _is_address(value: str) -> bool:
    return value in {PORT} or "$" in value or value.rpartition(":")[2].replace(PORT, "0").isdigit()
