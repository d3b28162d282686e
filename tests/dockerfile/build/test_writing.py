"""What a start writes to: files that it opens and folders that it makes."""

from __future__ import annotations

import pytest

from pipeline.dockerfile.build.build import Build
from pipeline.dockerfile.build.start.command_writes import written_by
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.writing import Write, made, writes
from tests.dockerfile.build.building import build_of

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n"
NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD node main.js\n"


def written(dockerfile: str, name: str, text: str) -> list[Write]:
    """All that one source writes."""
    build = build_of(dockerfile, {name: text})
    return [one for source in build.once(reached) for one in writes(build, source)]


def by_commands(build: Build) -> list[Write]:
    return [one for launch in build.start.launches for one in written_by(build, launch)]


def shown(found: list[Write]) -> list[str]:
    """``KIND PATH``, with ``?`` where it may not happen, ``~`` where a variable may change it."""
    return [
        f"{one.kind.value} {one.path}{'' if one.certain else '?'}{'~' if one.by_default else ''}"
        for one in found
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("open('out/a.txt', 'w')", "file /app/out/a.txt"),
        ("open('out/a.txt', mode='ab')", "file /app/out/a.txt"),
        ("open(file='/out/a.txt', mode='x')", "file /out/a.txt"),
        ("open('out/a.txt')", ""),
        ("open('out/a.txt', 'rb')", ""),
        ("import io; io.open('out/a.txt', 'w')", "file /app/out/a.txt"),
        ("import gzip; gzip.open(filename='out/a.gz', mode='wb')", "file /app/out/a.gz"),
        ("import os; os.makedirs('out/deep', exist_ok=True)", "folder /app/out/deep"),
        ("import os; os.makedirs(name='out')", "folder /app/out"),
        ("import os; os.mkdir('out')", "one folder /app/out"),
        ("import os; os.mkdir(path='out')", "one folder /app/out"),
        ("from pathlib import Path; Path('out').mkdir()", "one folder /app/out"),
        ("from pathlib import Path; Path('out/d').mkdir(parents=True)", "folder /app/out/d"),
        ("from pathlib import Path; Path('out/a').write_text('x')", "file /app/out/a"),
        ("from pathlib import Path; Path('out/a').write_bytes(b'x')", "file /app/out/a"),
        ("from pathlib import Path; Path('out/a').touch()", "file /app/out/a"),
        ("from pathlib import Path; Path('out/a').open('w')", "file /app/out/a"),
        ("from pathlib import Path; Path('out/a').open('r')", ""),
        ("import logging; logging.FileHandler('out/a.log')", "file /app/out/a.log"),
        ("import logging; logging.FileHandler(filename='out/a.log')", "file /app/out/a.log"),
        ("import logging; logging.FileHandler('out/a.log', delay=True)", ""),
        ("from logging.handlers import RotatingFileHandler; RotatingFileHandler('/out/a.log')",
         "file /out/a.log"),
        ("import logging; logging.basicConfig(filename='out/a.log')", "file /app/out/a.log"),
        ("import logging; logging.basicConfig(level='INFO', format='filename')", ""),
        ("import logging.config; logging.config.dictConfig({'handlers': {'f': {"
         "'class': 'logging.FileHandler', 'filename': 'out/a.log'}}})", "file /app/out/a.log"),
        ("import logging.config; logging.config.dictConfig({'handlers': {'f': {"
         "'class': 'logging.FileHandler', 'filename': 'out/a.log', 'delay': True}}})", ""),
        ("import logging.config; logging.config.dictConfig({'handlers': {'f': {"
         "'class': 'shop.Sender', 'filename': 'out/a.log'}}})", ""),
        ("LOGGING = {'handlers': {'f': {'class': 'logging.FileHandler', 'filename': '/o/a.log'}}}",
         "file /o/a.log"),
        ("import sqlite3; sqlite3.connect('out/a.db')", "file /app/out/a.db"),
        ("import sqlite3; sqlite3.connect(database='out/a.db')", "file /app/out/a.db"),
        ("import sqlite3; sqlite3.connect(':memory:')", ""),
        ("import sqlite3; sqlite3.connect('file:x?mode=ro', uri=True)", ""),
        ("from sqlalchemy import create_engine; create_engine('sqlite:///out/a.db')",
         "file /app/out/a.db?"),
        ("from sqlalchemy import create_engine; create_engine(url='sqlite+aiosqlite:////o/a?x=1')",
         "file /o/a?"),
        ("from sqlalchemy import create_engine; create_engine('sqlite:///:memory:')", ""),
        ("from loguru import logger; logger.add('out/a.log')", "both /app/out/a.log"),
        ("import sys; from loguru import logger; logger.add(sys.stderr)", ""),
        ("import os; open(os.environ.get('OUT', '/out/a'), 'w')", "file /out/a~"),
        ("import os; open(os.path.join('out', name()), 'w')", ""),
        ("import os; os.makedirs(f'out/{name()}')", "folder /app/out/x"),
        ("if debug: open('out/a.txt', 'w')", ""),
        ("import os\nif not os.path.exists('out'):\n    os.mkdir('out')", "one folder /app/out?"),
        ("import os\ntry:\n    os.mkdir('out')\nexcept OSError:\n    pass", ""),
        ("def later():\n    open('out/a.txt', 'w')", "file /app/out/a.txt?"),
    ],
)  # fmt: skip
def test_python(line: str, expected: str) -> None:
    assert shown(written(PYTHON, "main.py", f"{line}\n")) == ([expected] if expected else [])


FS = 'const fs = require("fs");\n'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{FS}fs.createWriteStream('out/a')", "file /app/out/a"),
        (f"{FS}fs.writeFileSync('out/a', '')", "file /app/out/a"),
        (f"{FS}fs.appendFileSync('/out/a', '')", "file /out/a"),
        (f"{FS}fs.writeFile('out/a', '', done)", "file /app/out/a?"),
        (f"{FS}fs.readFileSync('out/a'); // writeFile", ""),
        (f"{FS}fs.openSync('out/a', 'w')", "file /app/out/a"),
        (f"{FS}fs.openSync('out/a', 'r')", ""),
        (f"{FS}fs.openSync('out/a')", ""),
        (f"{FS}fs.mkdirSync('out')", "one folder /app/out"),
        (f"{FS}fs.mkdirSync('out/deep', {{ recursive: true }})", "folder /app/out/deep"),
        (f"{FS}fs.mkdir('out', done)", "one folder /app/out?"),
        ("const fs = require('fs-extra');\nfs.ensureDirSync('out/deep')", "folder /app/out/deep"),
        ("const fs = require('fs-extra');\nfs.outputFileSync('out/a', '')", "both /app/out/a"),
        ("const mkdirp = require('mkdirp');\nmkdirp.sync('out/deep')", "folder /app/out/deep"),
        ("const multer = require('multer');\nmulter({ dest: 'out/' })", "folder /app/out"),
        ("const multer = require('multer');\nmulter.diskStorage({ destination: 'out' })",
         "folder /app/out"),
        ("const multer = require('multer');\nmulter.diskStorage({ destination: choose })", ""),
        ("const winston = require('winston');\n"
         "new winston.transports.File({ filename: 'out/a.log' })", "both /app/out/a.log"),
        ("const winston = require('winston');\n"
         "new winston.transports.File({ dirname: 'out', filename: 'a.log' })",
         "both /app/out/a.log"),
        ("const winston = require('winston');\nnew winston.transports.File({ dirname: 'out' })",
         "both /app/out/winston.log"),
        ("const Rotate = require('winston-daily-rotate-file');\n"
         "new Rotate({ dirname: process.env.LOGS || '/out' })", "folder /out~"),
        ("const pino = require('pino');\npino.destination('out/a.log')", "file /app/out/a.log"),
        ("const pino = require('pino');\npino.destination({ dest: 'out/a.log', mkdir: true })",
         "both /app/out/a.log"),
        ("const pino = require('pino');\npino.destination({ dest: 'out/a.log', mkdir: false })",
         "file /app/out/a.log"),
        ("const pino = require('pino');\npino.transport({ target: 'pino/file', options: "
         "{ destination: 'out/a.log' } })", "file /app/out/a.log"),
        ("const pino = require('pino');\npino({ level: 'info' })", ""),
        ("const log4js = require('log4js');\nlog4js.configure({ appenders: { a: { type: 'file', "
         "filename: 'out/a.log' }, b: { type: 'stdout' } } })", "both /app/out/a.log"),
        ("const Database = require('better-sqlite3');\nnew Database('out/a.db')",
         "file /app/out/a.db"),
        ("const Database = require('better-sqlite3');\nnew Database(':memory:')", ""),
        ("const sqlite3 = require('sqlite3');\nnew sqlite3.Database('out/a.db')",
         "file /app/out/a.db"),
    ],
)  # fmt: skip
def test_node(line: str, expected: str) -> None:
    assert shown(written(NODE, "main.js", f"{line}\n")) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn --access-logfile out/a.log app:app", "file /app/out/a.log"),
        ("gunicorn --error-logfile=/out/a.log app:app", "file /out/a.log"),
        ("gunicorn --pid out/pid app:app", "file /app/out/pid"),
        ("gunicorn --access-logfile - app:app", ""),
        ("celery -A app worker --logfile out/a.log", "file /app/out/a.log"),
        ("mkdir out", "one folder /app/out"),
        ("mkdir -p out/deep", "folder /app/out/deep"),
        ("mkdir -vp out/deep", "folder /app/out/deep"),
        ("mkdir --parents out/deep", "folder /app/out/deep"),
        ("mkdir -v out", "one folder /app/out"),
        ("mkdir -m 755 out", "one folder /app/out"),
        ("mkdir -pm 755 out/deep", "folder /app/out/deep"),
        ("touch -t 202601010000 out/a", "file /app/out/a"),
        ("touch out/a", "file /app/out/a"),
        ("date | tee out/a", "file /app/out/a"),
    ],
)
def test_commands(command: str, expected: str) -> None:
    build = build_of(f"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD {command}\n")
    assert shown(by_commands(build)) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("command", "file"),
    [("gunicorn app:app", "gunicorn.conf.py"), ("gunicorn -c file:g.py app:app", "g.py")],
)
def test_the_configuration_of_gunicorn(command: str, file: str) -> None:
    text = "workers = 2\naccesslog = 'out/a.log'\nerrorlog = '-'\npidfile = '/out/pid'\n"
    build = build_of(f"FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD {command}\n", {file: text})
    found = by_commands(build)
    assert shown(found) == ["file /app/out/a.log", "file /out/pid"]
    assert [(one.place.file, one.place.line) for one in found] == [(file, 2), (file, 4)]


def test_folders_that_are_made_on_a_condition_count_as_made() -> None:
    text = "import os\nif debug:\n    os.makedirs('out')\nos.makedirs(where())\nopen('x', 'w')\n"
    build = build_of(PYTHON, {"main.py": text})
    (source,) = build.once(reached)
    assert list(made(build, source)) == ["/app/out", None]


def test_a_program_that_changes_its_folder_writes_nobody_knows_where() -> None:
    text = "import os\nos.chdir(os.path.dirname(__file__))\nopen('out/a.txt', 'w')\n"
    assert written(PYTHON, "main.py", text) == []
