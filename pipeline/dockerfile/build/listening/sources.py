"""Servers that a Python or JavaScript source starts itself, and where they listen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.dockerfile.build.listening.bound import EVERYWHERE, Bound, parted, worth
from pipeline.dockerfile.build.start.reached import PYTHON, Reached
from pipeline.dockerfile.projects.values import UNKNOWN, Call, Env, Value

_LOCAL = "127.0.0.1"
_SOFT = frozenset({"main", "tried", "function"})


@dataclass(frozen=True)
class _Api:
    """A call that listens: which of its arguments say where, and what it does without them.

    A number is a position; ``pair``: the position of ``(HOST, PORT)`` or ``"HOST:PORT"``.
    """

    host: tuple[str | int, ...] = ("host",)
    port: tuple[str | int, ...] = ("port",)
    at: tuple[Value, Value] = (EVERYWHERE, UNKNOWN)
    pair: int | None = None
    other: tuple[str, ...] = ()  # keywords that make it listen on something else


_UVICORN = _Api(at=(_LOCAL, 8000), other=("uds", "fd"))
_FLASK = _Api(("host", 0), ("port", 1), (_LOCAL, 5000))
_PAIR = _Api((), (), pair=0)
_DASH = _Api(("host", 0), ("port", 1), (Env("HOST", _LOCAL), Env("PORT", 8050)))
_GRADIO = _Api(
    ("server_name",), ("server_port",),
    (Env("GRADIO_SERVER_NAME", _LOCAL), Env("GRADIO_SERVER_PORT", 7860)), other=("share",),
)  # fmt: skip
_BY_NAME: Mapping[str, _Api] = {
    "uvicorn.run": _UVICORN,
    "uvicorn.Config": _UVICORN,
    "granian.Granian": _Api(("address",), ("port",), (_LOCAL, 8000), other=("uds",)),
    "aiohttp.web.run_app": _Api(at=(EVERYWHERE, 8080), other=("path", "sock")),
    "aiohttp.web.TCPSite": _Api(("host", 1), ("port", 2), (EVERYWHERE, 8080)),
    "waitress.serve": _Api(at=(EVERYWHERE, 8080), other=("listen", "unix_socket", "sockets")),
    "bottle.run": _Api(at=(_LOCAL, 8080)),
    "werkzeug.serving.run_simple": _Api(("hostname", 0), ("port", 1)),
    "wsgiref.simple_server.make_server": _Api(("host", 0), ("port", 1)),
    "nicegui.ui.run": _Api(at=(EVERYWHERE, 8080)),
    "eventlet.listen": _PAIR,
    "http.server.HTTPServer": _PAIR,
    "http.server.ThreadingHTTPServer": _PAIR,
    "socketserver.TCPServer": _PAIR,
    "socketserver.ThreadingTCPServer": _PAIR,
    "gevent.pywsgi.WSGIServer": _PAIR,
    "asyncio.start_server": _Api(("host", 1), ("port", 2)),
}
_BY_MAKER: Mapping[tuple[str, str], _Api] = {
    ("flask.Flask", "run"): _FLASK,
    ("quart.Quart", "run"): _FLASK,
    ("sanic.Sanic", "run"): _Api(("host", 0), ("port", 1), (_LOCAL, 8000), other=("unix", "sock")),
    ("bottle.Bottle", "run"): _Api(at=(_LOCAL, 8080)),
    ("dash.Dash", "run"): _DASH,
    ("dash.Dash", "run_server"): _DASH,
    ("flask_socketio.SocketIO", "run"): _Api(("host", 1), ("port", 2), (_LOCAL, 5000)),
    ("tornado.web.Application", "listen"): _Api(("address", 1), ("port", 0)),
    ("tornado.httpserver.HTTPServer", "listen"): _Api(("address", 1), ("port", 0)),
    ("grpc.server", "add_insecure_port"): _PAIR,
    ("grpc.aio.server", "add_insecure_port"): _PAIR,
    ("gradio.Interface", "launch"): _GRADIO,
    ("gradio.Blocks", "launch"): _GRADIO,
    ("gradio.ChatInterface", "launch"): _GRADIO,
}
_BUN = _Api(("hostname",), ("port",), (EVERYWHERE, Env("PORT", 3000)), other=("unix",))
_OF_NODE: Mapping[str, _Api] = {
    "Bun.serve": _BUN,
    "Deno.serve": _Api(("hostname",), ("port",), (EVERYWHERE, 8000)),
    "@hono/node-server.serve": _Api(("hostname",), ("port",), (EVERYWHERE, 3000)),
    "@hapi/hapi.server": _Api(("host", "address"), ("port",), (EVERYWHERE, UNKNOWN)),
    "new @hapi/hapi.Server": _Api(("host", "address"), ("port",), (EVERYWHERE, UNKNOWN)),
    "new ws.WebSocketServer": _Api(("host",), ("port",), (EVERYWHERE, UNKNOWN)),
    "new ws.Server": _Api(("host",), ("port",), (EVERYWHERE, UNKNOWN)),
}
_HINTS = {
    True: re.compile(
        r"\.(?:run|run_server|run_app|run_simple|launch|listen|serve|start_server)\(|uvicorn"
        r"|\b(?:run_app|run_simple|serve|make_server|start_server)\(|(?:Server|TCPSite|Granian)\("
        r"|add_insecure_port|bottle"
    ),
    False: re.compile(
        r"\.listen\(|\b(?:Bun|Deno)\.serve\(|hono/node-server|@hapi/hapi|WebSocketServer"
        r"|[\"']ws[\"']|startStandaloneServer"
    ),
}


def listens(source: Reached) -> Iterator[Bound]:
    """The servers that a source starts; one whose address cannot be told is unknown."""
    if not _HINTS[source.language == PYTHON].search(source.text):
        return
    for call in source.calls:
        found = (_python if source.language == PYTHON else _node)(source, call)
        if found is not None:
            yield found


def _runs(source: Reached, call: Call) -> bool:
    guards = set(call.guards)
    return not guards - _SOFT and (source.program or "main" not in guards)


def _python(source: Reached, call: Call) -> Bound | None:
    module, _, name = call.callee.rpartition(".")
    api = _BY_NAME.get(call.callee) or _BY_MAKER.get((call.receiver, name))
    if api is None and name in {"run", "run_server"} and (module or call.receiver):
        api = _of_an_application(source, call)
    if api is None and name == "launch" and "gradio" in source.text:
        api = _GRADIO
    if api is None or ("main" in call.guards and not source.program):
        return None
    if not _runs(source, call):
        return _unknown(source, call)
    return _bound(source, call, api)


def _of_an_application(source: Reached, call: Call) -> _Api | None:
    """``app.run()`` of an application that another function or module makes."""
    maker = call.receiver.rpartition(".")[2]
    made = maker.startswith(("create_", "make_", "get_", "build_"))
    named = call.callee.rpartition(".")[0].rpartition(".")[2] in {"app", "application", "server"}
    if not made and not named:
        return None
    told = {"host", "port"} & call.keywords.keys()
    plain = (named or "app" in maker) and call.keywords.keys() <= {"debug"}
    return _FLASK if told or plain or "flask" in source.text.lower() else None


def _bound(source: Reached, call: Call, api: _Api) -> Bound:
    if call.keywords.keys() & {*api.other, "**", "..."}:
        return _unknown(source, call)
    variables = source.launch.executed.shell.variables
    host, port = api.at
    if api.pair is not None:
        pair = call.arguments[api.pair] if len(call.arguments) > api.pair else UNKNOWN
        if isinstance(pair, tuple) and len(pair) == 2:
            host, port = pair
            host = host or EVERYWHERE
        else:
            text, sure = worth(pair, variables)
            return _made(source, call, *parted(text), sure=sure)
    host_given, port_given = _given(call, api.host), _given(call, api.port)
    host = host if host_given is None else host_given[0]
    port = port if port_given is None else port_given[0]
    host_text, host_sure = (EVERYWHERE, True) if host in {None, ""} else worth(host, variables)
    port_text, port_sure = worth(port, variables)
    if host_text in {"::", "[::]"}:
        host_text = EVERYWHERE
    return _made(
        source, call, host_text, port_text, sure=host_sure and port_sure,
        host_told=host_given is not None, port_told=port_given is not None,
    )  # fmt: skip


def _given(call: Call, names: tuple[str | int, ...]) -> tuple[Value] | None:
    for name in names:
        if isinstance(name, str) and name in call.keywords:
            return (call.keywords[name],)
        if isinstance(name, int) and name < len(call.arguments):
            return (call.arguments[name],)
    return None


def _made(
    source: Reached, call: Call, host: str | None, port: str | None, *, sure: bool,
    host_told: bool = True, port_told: bool = True,
) -> Bound:  # fmt: skip
    name = call.callee if not call.callee.startswith(".") else call.callee[1:]
    place = source.place(call.line, call.column)
    return Bound(source.launch, f"{name}()", place, host, port, host_told, port_told, sure)


def _unknown(source: Reached, call: Call) -> Bound:
    return _made(source, call, None, None, sure=False)


def _node(source: Reached, call: Call) -> Bound | None:
    if call.callee.endswith(("startStandaloneServer",)):
        inner = call.keywords.get("listen", {"port": 4000})
        if not isinstance(inner, Mapping):
            return _unknown(source, call)
        call = Call(call.callee, (inner,), inner, call.line, call.column, guards=call.guards)
        return _bound(source, call, _Api(at=(EVERYWHERE, 4000)))
    api = _OF_NODE.get(call.callee)
    if api is None and call.callee.rpartition(".")[2] == "listen" and call.arguments:
        api = _listen_api(source, call)
    if api is None:
        return None
    return _bound(source, call, api) if _runs(source, call) else _unknown(source, call)


def _listen_api(source: Reached, call: Call) -> _Api | None:
    """``app.listen(PORT, HOST)``, ``server.listen({ port, host })``."""
    first = call.arguments[0]
    local = "astify" in call.receiver or "FastifyAdapter" in source.text
    default: Value = "localhost" if local else EVERYWHERE
    if isinstance(first, Mapping):
        if not first.keys() & {"port", "host", "..."}:
            return None
        return _Api(("host",), ("port",), (default, UNKNOWN), other=("path", "fd"))
    second = call.arguments[1] if len(call.arguments) > 1 else None
    plain = isinstance(second, str | Env) or second is UNKNOWN
    if second is UNKNOWN and len(call.arguments) == 2:
        plain = False  # most likely the function to call back
    return _Api((1,) if plain else (), (0,), (default, UNKNOWN))
