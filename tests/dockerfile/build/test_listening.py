"""Where the servers of a start listen: command lines, files, sources."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.listening.bound import EVERYWHERE, parted, worth
from pipeline.dockerfile.build.listening.finding import listening
from pipeline.dockerfile.build.values import PORT
from pipeline.dockerfile.projects.values import UNKNOWN, Env, Joined, Value
from tests.dockerfile.build.building import build_of

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\n"


def addresses(build: Build) -> list[str]:
    """``HOST:PORT`` of each bound: ``?`` what is not known, ``~`` what a variable may change."""
    return [
        f"{one.host or '?'}:{one.port or '?'}{'' if one.sure else '~'}"
        for one in build.once(listening).bounds
    ]


def places(build: Build) -> list[tuple[str, int]]:
    return [(one.place.file, one.place.line) for one in build.once(listening).bounds]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("uvicorn app:app", "127.0.0.1:8000"),
        ("uvicorn app:app --host 0.0.0.0 --port $PORT", f"0.0.0.0:{PORT}"),
        ("uvicorn app:app --host=:: --port=80", "0.0.0.0:80"),
        ("UVICORN_HOST=0.0.0.0 UVICORN_PORT=90 uvicorn app:app", "0.0.0.0:90"),
        ("hypercorn app:app", "127.0.0.1:8000"),
        ("hypercorn app:app -b [::]:80", "[::]:80"),
        ("daphne app:app -b 0.0.0.0 -p 80", "0.0.0.0:80"),
        ("daphne app:app -p8001", "127.0.0.1:8001"),
        ("granian app:app --host 0.0.0.0", "0.0.0.0:8000"),
        ("GRANIAN_PORT=90 granian app:app", "127.0.0.1:90"),
        ("waitress-serve app:app", "0.0.0.0:8080"),
        ("waitress-serve --listen=*:80 app:app", "0.0.0.0:80"),
        ("flask run", "127.0.0.1:5000"),
        ("flask run -h 0.0.0.0 -p 80", "0.0.0.0:80"),
        ("FLASK_RUN_HOST=0.0.0.0 flask run", "0.0.0.0:5000"),
        ("fastapi run app.py", f"0.0.0.0:{PORT}"),
        ("fastapi dev app.py", f"127.0.0.1:{PORT}"),
        ("streamlit run app.py", "0.0.0.0:8501"),
        ("streamlit run app.py --server.port 80 --server.address 127.0.0.1", "127.0.0.1:80"),
        ("chainlit run app.py", "127.0.0.1:8000"),
        ("litestar run -H 0.0.0.0", "0.0.0.0:8000"),
        ("sanic app.app --port 80", "127.0.0.1:80"),
        ("mlflow server -h 0.0.0.0", "0.0.0.0:5000"),
        ("mkdocs serve -a 0.0.0.0:80", "0.0.0.0:80"),
        ("python -m http.server", "0.0.0.0:8000"),
        ("python -m http.server 80 -b 127.0.0.1", "127.0.0.1:80"),
        ("python manage.py runserver", "127.0.0.1:8000"),
        ("python manage.py runserver 80", "127.0.0.1:80"),
        ("python manage.py runserver 0.0.0.0:80", "0.0.0.0:80"),
        ("django-admin runserver 0:80", "0:80"),
        ("functions-framework --target f", f"0.0.0.0:{PORT}"),
        ("uwsgi --http :80 --module app", "0.0.0.0:80"),
        ("gunicorn app:app", f"0.0.0.0:{PORT}"),
        ("PORT=90 gunicorn app:app", "0.0.0.0:90"),
        ("gunicorn -b 127.0.0.1:80 app:app", "127.0.0.1:80"),
        ("GUNICORN_CMD_ARGS='--bind=:90' gunicorn app:app", "0.0.0.0:90"),
        ("gunicorn -b unix:/run/x.sock app:app", "?:?"),
        ("npx next start", f"0.0.0.0:{PORT}"),
        ("npx next start -H 127.0.0.1 -p 3000", "127.0.0.1:3000"),
        ("npx vite", "localhost:5173"),
        ("npx vite dev", "localhost:5173"),
        ("npx vite preview --host", "0.0.0.0:4173"),
        ("npx serve -l 80 dist", "0.0.0.0:80"),
        ("npx serve -l tcp://0.0.0.0:80", "0.0.0.0:80"),
        ("npx http-server -a 127.0.0.1", f"127.0.0.1:{PORT}"),
        ("npx ng serve --host 0.0.0.0", "0.0.0.0:4200"),
        ("npx astro preview --port 80", "localhost:80"),
        ("npx gatsby develop", "localhost:8000"),
        ("npx json-server db.json -p 80", "localhost:80"),
        ("php -S 0.0.0.0:80 -t public", "0.0.0.0:80"),
        ("php artisan serve --host 0.0.0.0", "0.0.0.0:8000"),
        ("rails server -b 0.0.0.0", "0.0.0.0:?"),
        ("puma -b tcp://0.0.0.0:80", "0.0.0.0:80"),
        ("dotnet app.dll --urls http://+:80", "0.0.0.0:80"),
        ("ASPNETCORE_URLS='http://*:80;https://*:81' dotnet app.dll", "0.0.0.0:80"),
        ("deno serve main.ts", "0.0.0.0:8000"),
        ("hugo server --bind 0.0.0.0 -p 80", "0.0.0.0:80"),
        ("java -Dserver.port=80 -jar app.jar", "0.0.0.0:80"),
        ("java -jar app.jar --server.port=80", "0.0.0.0:80"),
        ("caddy file-server --listen :80", "0.0.0.0:80"),
        ("caddy reverse-proxy --from localhost:80 --to :1", "localhost:80"),
        ("nginx -g 'daemon off;'", None),
    ],
)
def test_command_lines(command: str, expected: str | None) -> None:
    build = build_of(f"{PYTHON}CMD {command}\n")
    assert addresses(build) == ([expected] if expected else [])
    assert places(build) == [("Dockerfile", 4)] * bool(expected)


@pytest.mark.parametrize(
    "command",
    [
        "uvicorn app:app --uds /run/x.sock", "hypercorn -c file:h.toml app:app",
        "granian app:app --uds x", "waitress-serve --unix-socket=x app:app", "flask routes",
        "uwsgi --ini missing.ini", "uwsgi --module app", "uwsgi --http $HTTP --module app",
        "gunicorn -b $BIND app:app", "gunicorn -c missing.py app:app", "vite -c other.js",
        "caddy version", "caddy run", "java -Dserver.port=$P -jar app.jar", "java -jar app.jar",
        "SERVER_PORT=80 java -jar app.jar", "python manage.py migrate",
    ],
)  # fmt: skip
def test_command_lines_that_tell_nothing(command: str) -> None:
    build = build_of(f"{PYTHON}CMD {command}\n")
    assert [one for one in addresses(build) if "?" not in one] == []


@pytest.mark.parametrize(
    ("command", "file", "text", "expected", "line"),
    [
        ("gunicorn app:app", "gunicorn.conf.py", "workers = 2\nbind = '127.0.0.1:80'\n",
         "127.0.0.1:80", 2),
        ("gunicorn -c g.py app:app", "g.py", "bind = [':80', ':81']\n", "0.0.0.0:80", 1),
        ("gunicorn -c file:g.py app:app", "g.py",
         "import os\nbind = '0.0.0.0:' + os.environ.get('PORT', '80')\n", f"0.0.0.0:{PORT}", 2),
        ("gunicorn -c g.py app:app", "g.py",
         "import os\nbind = os.getenv('BIND', ':80')\n", "0.0.0.0:80~", 2),
        ("caddy run", "Caddyfile", "x.y:80 {\n}\n", None, 0),
        ("caddy run --config Caddyfile", "Caddyfile", "{\n}\n:80 {\n}\n", "0.0.0.0:80", 3),
        ("caddy run -c Caddyfile", "Caddyfile", "http://localhost:80 {\n}\n", "localhost:80", 1),
        ("caddy run -c Caddyfile", "Caddyfile", ":{$PORT} {\n}\n", "0.0.0.0:?", 1),
        ("uwsgi --ini u.ini", "u.ini", "[uwsgi]\nhttp = :80\n", "0.0.0.0:80", 2),
        ("uwsgi u.ini", "u.ini", "[uwsgi]\nhttp-socket=127.0.0.1:80\n", "127.0.0.1:80", 2),
        ("uwsgi u.ini", "u.ini", "[uwsgi]\nhttp = :$(PORT)\n", "0.0.0.0:?", 2),
        ("uwsgi u.ini", "u.ini", "[uwsgi]\nsocket = :80\n", None, 0),
        ("java -jar app.jar", "src/main/resources/application.properties",
         "a=b\nserver.port=80\n", "0.0.0.0:80", 2),
        ("java -jar app.jar", "src/main/resources/application.properties",
         "server.port=${PORT:80}\n", None, 0),
        ("java -jar app.jar", "src/main/resources/application.yml",
         "server:\n  address: x\n  port: 80\n", "0.0.0.0:80", 3),
        ("java -jar app.jar", "api/src/main/resources/application.yaml",
         "server:\n  port: 80\n", "0.0.0.0:80", 2),
        ("streamlit run a.py", ".streamlit/config.toml", "[server]\nport = 80\n", "0.0.0.0:80", 2),
        ("streamlit run a.py", ".streamlit/config.toml",
         "[server]\naddress = \"localhost\"\n", "localhost:8501", 2),
        ("streamlit run a.py --server.port 90 --server.address 0.0.0.0", ".streamlit/config.toml",
         "[server]\nport = 80\naddress = 'localhost'\n", "0.0.0.0:90", 4),
        ("vite preview", "vite.config.ts", "export default { server: { host: true } }\n", None, 0),
        ("vite preview --host --port 80", "vite.config.ts", "server", "0.0.0.0:80", 4),
        ("vite preview", "vite.config.ts", "export default {}\n", "localhost:4173", 4),
        ("nginx", "/etc/nginx/nginx.conf", "http {\n server {\n  listen 80;\n }\n}\n",
         "0.0.0.0:80", 3),
        ("nginx -c /etc/n.conf", "/etc/n.conf", "listen 127.0.0.1:80 default_server;\n",
         "127.0.0.1:80", 1),
        ("nginx", "/etc/nginx/nginx.conf", "listen unix:/run/n.sock;\n", "?:?", 1),
        ("nginx", "/etc/nginx/nginx.conf", "listen ${PORT};\n", "0.0.0.0:?", 1),
    ],
)  # fmt: skip
def test_files(command: str, file: str, text: str, expected: str | None, line: int) -> None:
    files = {file.rpartition("/")[2] if file.startswith("/") else file: text}
    copied = f"COPY {file.rpartition('/')[2]} {file}\n" if file.startswith("/") else ""
    build = build_of(f"{PYTHON}{copied or 'RUN true'}\nCMD {command}\n".replace("RUN true\n", ""),
                     files)  # fmt: skip
    found = list(zip(addresses(build), (line for _, line in places(build)), strict=True))
    assert found == ([(expected, line)] if expected else [])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import uvicorn\nuvicorn.run('a:b')\n", ["127.0.0.1:8000"]),
        ("import uvicorn\nuvicorn.run('a:b', host='0.0.0.0', port=80)\n", ["0.0.0.0:80"]),
        ("import uvicorn\nuvicorn.run('a:b', uds='x')\n", ["?:?~"]),
        ("import uvicorn\nuvicorn.run('a:b', **options)\n", ["?:?~"]),
        ("import uvicorn, os\nuvicorn.run('a:b', host='', port=int(os.environ['PORT']))\n",
         [f"0.0.0.0:{PORT}"]),
        ("import uvicorn, os\nuvicorn.run('a:b', host='::', port=os.getenv('P', 80))\n",
         ["0.0.0.0:80~"]),
        ("import uvicorn\nif debug:\n    uvicorn.run('a:b')\n", ["?:?~"]),
        ("from waitress import serve\nserve(app)\n", ["0.0.0.0:8080"]),
        ("from flask import Flask\napp = Flask('x')\napp.run()\n", ["127.0.0.1:5000"]),
        ("from flask import Flask\napp = Flask('x')\napp.run('0.0.0.0', 80)\n", ["0.0.0.0:80"]),
        ("from shop import create_app\ncreate_app().run(port=80)\n", ["127.0.0.1:80"]),
        ("from shop import make_app\nmake_app().run(host='0.0.0.0')\n", ["0.0.0.0:5000"]),
        ("from shop import app\napp.run(debug=True)\n", ["127.0.0.1:5000"]),
        ("from shop import job\njob.run(times=3)\n", []),
        ("from shop import create_bot\ncreate_bot().run()\n", []),
        ("from shop import app\napp.run(times=3)\n", []),
        ("import dash\napp = dash.Dash()\napp.run_server()\n", [f"127.0.0.1:{PORT}~"]),
        ("import gradio as gr\ngr.Interface(f).launch()\n", ["127.0.0.1:7860~"]),
        ("import gradio as gr\ngr.Interface(f).launch(server_name='0.0.0.0', server_port=80)\n",
         ["0.0.0.0:80"]),
        ("from http.server import HTTPServer\nHTTPServer(('', 80), H).serve_forever()\n",
         ["0.0.0.0:80"]),
        ("from http.server import HTTPServer\nHTTPServer(address, H).serve_forever()\n",
         ["?:?~"]),
        ("import grpc\ns = grpc.server(x)\ns.add_insecure_port('[::]:80')\n", ["[::]:80"]),
        ("from aiohttp import web\nweb.run_app(app, port=80)\n", ["0.0.0.0:80"]),
        ("from aiohttp import web\nweb.run_app(app, path='/run/x')\n", ["?:?~"]),
    ],
)  # fmt: skip
def test_python_sources(source: str, expected: list[str]) -> None:
    build = build_of(f"{PYTHON}CMD python main.py\n", {"main.py": source})
    assert addresses(build) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("app.listen(80)", ["0.0.0.0:80"]),
        ("app.listen(80, 'localhost')", ["localhost:80"]),
        ("app.listen(process.env.PORT || 80, () => {})", [f"0.0.0.0:{PORT}"]),
        ("server.listen({ port: 80 })", ["0.0.0.0:80"]),
        ("server.listen({ port: 80, host: '127.0.0.1' })", ["127.0.0.1:80"]),
        ("server.listen({ port: 80, fd: 3 })", ["?:?~"]),
        ("server.listen({ port: 80, path: '/run/x' })", ["?:?~"]),
        ("server.listen({ path: '/run/x' })", []),
        ("const fastify = require('fastify')()\nfastify.listen({ port: 80 })", ["localhost:80"]),
        ("if (x) app.listen(80)", ["?:?~"]),
        ("const { serve } = require('@hono/node-server')\nserve({ fetch: f, port: 80 })",
         ["0.0.0.0:80"]),
        ("const { WebSocketServer } = require('ws')\nnew WebSocketServer({ port: 80 })",
         ["0.0.0.0:80"]),
        ("const { startStandaloneServer } = require('@apollo/server/standalone')\n"
         "startStandaloneServer(server)", ["0.0.0.0:4000"]),
        ("const { startStandaloneServer } = require('@apollo/server/standalone')\n"
         "startStandaloneServer(server, { listen: { port: 80, host: '127.0.0.1' } })",
         ["127.0.0.1:80"]),
        ("const { startStandaloneServer } = require('@apollo/server/standalone')\n"
         "startStandaloneServer(server, { listen: settings })", ["?:?~"]),
    ],
)  # fmt: skip
def test_node_sources(source: str, expected: list[str]) -> None:
    build = build_of(f"{NODE}CMD node main.js\n", {"main.js": source})
    assert addresses(build) == expected


def test_what_a_server_of_a_source_is_called() -> None:
    source = "const { startStandaloneServer } = require('@apollo/server/standalone')\n"
    build = build_of(
        f"{NODE}CMD node main.js\n", {"main.js": f"{source}  startStandaloneServer(server)"}
    )
    (bound,) = build.once(listening).bounds
    assert bound.name == "@apollo/server/standalone.startStandaloneServer()"
    assert (bound.place.line, bound.place.column) == (2, 3)


@pytest.mark.parametrize(
    ("dockerfile", "complete", "hidden"),
    [
        ("CMD uvicorn app:app", True, False),
        ("CMD sleep infinity", True, False),
        ("CMD ./server", False, True),
        ("CMD nginx & uvicorn app:app", False, True),
        ("CMD ./worker & uvicorn app:app", False, False),
        ("CMD celery worker & uvicorn app:app", True, False),
    ],
)
def test_whether_something_else_may_listen(
    dockerfile: str, *, complete: bool, hidden: bool
) -> None:
    found = build_of(f"{PYTHON}{dockerfile}\n").once(listening)
    assert (found.complete, found.hidden) == (complete, hidden)


def test_a_program_that_is_told_a_variable_that_nobody_expands() -> None:
    (bound,) = build_of(f'{PYTHON}CMD ["./server", "--port=${{PORT}}"]\n').once(listening).bounds
    assert (bound.host, bound.port, bound.literal) == (None, "--port=${PORT}", "--port=${PORT}")
    assert not build_of(f'{PYTHON}CMD ["npm", "start", "$PORT"]\n').once(listening).bounds


def test_what_a_base_image_starts_stands_at_its_from() -> None:
    build = build_of("FROM nginx\nCOPY . /usr/share/nginx/html\n")
    assert (addresses(build), places(build)) == (["0.0.0.0:80"], [("Dockerfile", 1)])


@pytest.mark.parametrize(
    ("bind", "host", "port"),
    [
        (None, None, None), ("80", EVERYWHERE, "80"), (":80", EVERYWHERE, "80"),
        ("*:80", EVERYWHERE, "80"), ("h:80", "h", "80"), ("tcp://h:80", "h", "80"),
        ("[::1]:80", "[::1]", "80"), ("http://h:80/", "h", "80"), ("$PORT", EVERYWHERE, "$PORT"),
        (PORT, EVERYWHERE, PORT), ("unix:/run/x", None, None), ("host", None, None),
        ("123456", None, None),
    ],
)  # fmt: skip
def test_the_parts_of_an_address(bind: str | None, host: str | None, port: str | None) -> None:
    assert parted(bind) == (host, port)


@pytest.mark.parametrize(
    ("value", "text", "sure"),
    [
        (80, "80", True), ("h", "h", True), (True, None, True), (None, None, True),
        (UNKNOWN, None, False), (Env("PORT", 80), PORT, True), (Env("A", 80), "1", True),
        (Env("B", 80), None, True), (Env("C", 80), "80", False), (Env("C", None), None, False),
        (Joined(("h:", Env("A", None))), "h:1", True), (Joined(("h:", UNKNOWN)), None, False),
        (Joined(("h:", Env("C", 2))), "h:2", False), ((1, 2), None, False),
    ],
)  # fmt: skip
def test_what_a_value_comes_to(value: Value, text: str | None, *, sure: bool) -> None:
    assert worth(value, {"A": "1", "B": None}) == (text, sure)
