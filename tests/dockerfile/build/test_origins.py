"""Which sources let none but local origins in, and what loads a file of variables."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.start.environment_files import loader_of
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.origins import is_local, origins
from tests.dockerfile.build.building import build_of

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n"
NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD node main.js\n"
LOCAL = "http://localhost:3000"


def found(dockerfile: str, name: str, text: str) -> list[tuple[int, str, str]]:
    """Line, origin and variable of each."""
    build = build_of(dockerfile, {name: text})
    return [
        (one.line, one.text, one.variable)
        for source in build.once(reached)
        for one in origins(source, build.final.machine.env)
    ]


MIDDLEWARE = "from starlette.middleware.cors import CORSMiddleware\n"
SETTINGS = "from pydantic_settings import BaseSettings\nfrom pydantic import Field\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{MIDDLEWARE}app.add_middleware(CORSMiddleware, allow_origins=['{LOCAL}'])\n",
         [(2, LOCAL, "")]),
        (f"{MIDDLEWARE}app.add_middleware(CORSMiddleware,\n    allow_origins=['{LOCAL}'])\n",
         [(3, LOCAL, "")]),
        (f"{MIDDLEWARE}app.add_middleware(CORSMiddleware, allow_origins=['{LOCAL}', 'https://x.y'])"
         "\n", []),
        (f"{MIDDLEWARE}app.add_middleware(CORSMiddleware, allow_origins=['{LOCAL}'], "
         "allow_origin_regex='x')\n", []),
        (f"{MIDDLEWARE}if debug:\n    app.add_middleware(C, allow_origins=['{LOCAL}'])\n", []),
        (f"{MIDDLEWARE}allowed = []\nallowed.append('{LOCAL}')\n", []),
        (f"{MIDDLEWARE}CORS(app, resources={{'/api': {{'origins': '{LOCAL}'}}}})\n",
         [(2, LOCAL, "")]),
        (f"import os\nORIGINS = os.getenv('ORIGINS', '{LOCAL}')\n", [(2, LOCAL, "ORIGINS")]),
        (f"import os\nORIGINS = [os.getenv('ORIGINS', '{LOCAL}')]\n", [(2, LOCAL, "ORIGINS")]),
        (f"CORS_ORIGINS = [\n    '{LOCAL}',\n]\n", [(1, LOCAL, "")]),
        (f"response.headers['Access-Control-Allow-Origin'] = '{LOCAL}'\n", [(1, LOCAL, "")]),
        (f"\nheaders = {{'Access-Control-Allow-Origin': '{LOCAL}'}}\n", [(2, LOCAL, "")]),
        ("headers = {'Access-Control-Allow-Origin': 'https://x.y'}  # localhost\n", []),
        (f"{SETTINGS}class S(BaseSettings):\n    cors_origins: str = '{LOCAL}'\n",
         [(4, LOCAL, "CORS_ORIGINS")]),
        (f"{SETTINGS}class S(BaseSettings):\n    cors_origins: list[str] = ['{LOCAL}']\n",
         [(4, LOCAL, "CORS_ORIGINS")]),
        (f"{SETTINGS}class S(BaseSettings):\n    cors_origins: str = Field('{LOCAL}')\n",
         [(4, LOCAL, "CORS_ORIGINS")]),
        (f"{SETTINGS}class S(BaseSettings):\n    cors_origins: str = Field(default='{LOCAL}')\n",
         [(4, LOCAL, "CORS_ORIGINS")]),
        (f"{SETTINGS}class S(BaseSettings):\n    cors_origins: str = Field(alias='{LOCAL}')\n", []),
        (f"{SETTINGS}class S(BaseSettings):\n    cors_origins: str = read('{LOCAL}' + x)\n", []),
        (f"{SETTINGS}class S(BaseSettings):\n    database: str = '{LOCAL}'  # cors\n", []),
        (f"{SETTINGS}class S(Plain):\n    cors_origins: str = '{LOCAL}'\n", []),
        (f"DATABASE = '{LOCAL}'\n", []),
    ],
)  # fmt: skip
def test_python(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert list(dict.fromkeys(found(PYTHON, "main.py", text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"const cors = require('cors')\napp.use(cors({{ origin: '{LOCAL}' }}))\n",
         [(2, LOCAL, "")]),
        (f"app.enableCors({{ origin: ['{LOCAL}', 'http://127.0.0.1:80'] }})\n", [(1, LOCAL, "")]),
        ("app.enableCors({ origin: process.env.ORIGIN || 'http://localhost:80' })\n",
         [(1, "http://localhost:80", "ORIGIN")]),
        (f"const allowedOrigins = ['{LOCAL}']\n", [(1, LOCAL, "")]),
        (f"const allowedOrigins = ['{LOCAL}', other]\n", []),
        (f"const allowedOrigins = ['{LOCAL}']\nallowedOrigins.push(x)\n", []),
        (f"res.setHeader('Access-Control-Allow-Origin', '{LOCAL}')\n", [(1, LOCAL, "")]),
        (f"res.writeHead(200, {{ 'Access-Control-Allow-Origin': '{LOCAL}' }})\n",
         [(1, LOCAL, "")]),
    ],
)  # fmt: skip
def test_node(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert list(dict.fromkeys(found(NODE, "main.js", text))) == expected


def test_what_the_image_sets_is_not_left_to_its_default() -> None:
    text = f"import os\nORIGINS = os.getenv('ORIGINS', '{LOCAL}')\n"
    assert found(PYTHON.replace("CMD", "ENV ORIGINS=https://x.y\nCMD"), "main.py", text) == []


@pytest.mark.parametrize(
    ("value", "local"),
    [
        ("localhost", True), ("http://localhost:3000/", True), ("https://127.0.0.1:*", True),
        ("http://0.0.0.0:80,http://[::1]:80", True), ("http://host.docker.internal", True),
        ('["http://localhost:80", "http://localhost:81"]', True), ("", False), ((), False),
        ("http://localhost.x.y", False), (("http://localhost", ""), False), (None, False),
        (("http://localhost", "http://x.y"), False), ("*", False), (3, False),
    ],
)  # fmt: skip
def test_local_origins(value: str | tuple[str, ...] | int | None, *, local: bool) -> None:
    assert is_local(value) is local


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("from dotenv import load_dotenv\nload_dotenv()\n", 2),
        ("from dotenv import load_dotenv\nload_dotenv('.env')\n", 2),
        ("from dotenv import load_dotenv\nload_dotenv('.env.test')\n", None),
        ("from dotenv import load_dotenv\nif local:\n    load_dotenv()\n", None),
        ("import dotenv\nvalues = dotenv.dotenv_values()\n", 2),
        ("import environ\nenv = environ.Env()\nenv.read_env('.env')\n", 3),
        ("import environs\n\nenv = environs.Env()\nenv.read_env()\n", 4),
        ("from shop.environs import Env\nloaded = Env()\nloaded.read_env()\n", None),
        ("from decouple import config\nkey = config('KEY')\n", 2),
        ("from shop import config  # dotenv\nkey = config('KEY')\n", None),
        ("from pydantic_settings import SettingsConfigDict\n"
         "c = SettingsConfigDict(env_file='.env')\n", 2),
        ("from pydantic_settings import SettingsConfigDict\n"
         "c = SettingsConfigDict(env_file=('.env', '.env.local'))\n", 2),
        ("from pydantic_settings import SettingsConfigDict\nc = SettingsConfigDict(extra='allow')\n"
         "# env_file\n", None),
        ("class Config:\n    env_file = '.env'\n", 2),
        ("class Config:\n    env_file = '.env.test'\n", None),
        ("import os\nprint(os.environ)\n", None),
    ],
)  # fmt: skip
def test_python_that_loads_a_file_of_variables(text: str, line: int | None) -> None:
    place = loader_of(build_of(PYTHON, {"main.py": text}), "/app/.env")
    assert (place.line if place else None) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("require('dotenv').config()\n", 1),
        ("import 'dotenv/config'\n", 1),
        ("require('dotenv').config({ path: '.env.test' })\n", None),
        ("process.loadEnvFile()\n", 1),
        ("const { config } = require('./settings') // dotenv\nconfig()\n", None),
    ],
)
def test_node_that_loads_a_file_of_variables(text: str, line: int | None) -> None:
    place = loader_of(build_of(NODE, {"main.js": text}), "/app/.env")
    assert (place.line if place else None) == line


@pytest.mark.parametrize(
    ("command", "loads"),
    [
        ("node --env-file=.env main.js", True), ("node --env-file ./.env main.js", True),
        ("node --env-file=.env.test main.js", False), ("node -r dotenv/config main.js", True),
        ("uvicorn app:app --env-file .env", True), ("honcho start", True),
        ("cd /srv && node -r dotenv/config main.js", False), ("node main.js", False),
    ],
)  # fmt: skip
def test_commands_that_load_a_file_of_variables(command: str, *, loads: bool) -> None:
    build = build_of(f"FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD {command}\n", {"main.js": ""})
    assert (loader_of(build, "/app/.env") is not None) is loads
