"""Procfiles, supervisor, gunicorn and Makefiles."""

from __future__ import annotations

from pipeline.dockerfile.projects.configs import (
    Process,
    Target,
    environment,
    gunicorn,
    makefile,
    procfile,
    programs,
    supervisor,
)
from pipeline.dockerfile.projects.values import Env, Joined


def test_a_procfile() -> None:
    text = "# comment\nweb: gunicorn app:app --bind :$PORT\r\n\nworker:celery -A app\nbad line\n"
    assert procfile(text) == (
        Process("web", "gunicorn app:app --bind :$PORT", 2),
        Process("worker", "celery -A app", 4),
    )


SUPERVISOR = """; top
[supervisord]
nodaemon=true
[program:web]
command=gunicorn app:app
    --bind 0.0.0.0:8080 ; not this
directory = /app
environment=PORT="8080",MODE='a b',X=1
user: app
stdout_logfile=/dev/stdout
# a comment
[program:worker]
command=celery
[include]
files = /etc/supervisor/conf.d/*.conf
"""


def test_supervisor() -> None:
    sections = supervisor(SUPERVISOR)
    assert [(one.kind, one.name, one.line) for one in sections] == [
        ("supervisord", "", 2),
        ("program", "web", 4),
        ("program", "worker", 12),
        ("include", "", 14),
    ]
    web, worker = programs(SUPERVISOR)
    assert web.options["command"] == ("gunicorn app:app\n--bind 0.0.0.0:8080", 5)
    assert (web.get("directory"), web.get("user"), web.get("absent")) == ("/app", "app", "")
    assert web.options["stdout_logfile"] == ("/dev/stdout", 10)
    assert environment(web.get("environment")) == {"PORT": "8080", "MODE": "a b", "X": "1"}
    assert worker.get("command") == "celery"
    assert sections[3].get("files") == "/etc/supervisor/conf.d/*.conf"


def test_gunicorn() -> None:
    text = "import os\nbind = f\"0.0.0.0:{os.getenv('PORT', 8080)}\"\nerrorlog = '-'\n"
    assert gunicorn(text) == {
        "bind": (Joined(("0.0.0.0:", Env("PORT", 8080))), 2),
        "errorlog": ("-", 3),
    }
    assert gunicorn("bind = ") is None


MAKEFILE = """PORT ?= 8080
NAME := x
URL = http://h:80
.PHONY: run
run: build deps  # comment
\t@echo start
\t-uvicorn app:app \\
\t  --port $(PORT)

build deps: ; touch done
ifeq ($(A),b)
\tpip install .
endif
other = 1
\tnot a recipe
"""


def test_a_makefile() -> None:
    assert makefile(MAKEFILE) == (
        Target(".PHONY", ("run",), (), 4),
        Target(
            "run",
            ("build", "deps"),
            (("echo start", 6), ("uvicorn app:app  --port $(PORT)", 7)),
            5,
        ),
        Target("build", (), (("touch done", 10), ("pip install .", 12)), 10),
        Target("deps", (), (("touch done", 10), ("pip install .", 12)), 10),
    )
