"""How it ended is explained, how often is counted, and what was lost in buffers is shown."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import DOCKERFILE, SERVER

BUFFERED = DOCKERFILE.replace("ENV PYTHONUNBUFFERED=1\n", "")
DIES_SILENTLY = "import os\nprint('the disk is full')\nos._exit(3)\n"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit(3)", "exit code 3; it crashed at each of 3 starts"),
        ("import copy_that", "exit code 1, an error that the program did not handle"),
        ("print('done')", "exit code 0, it ended as if its work were done"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV (exit code 139)"),
        ("import os; print('x'); os.execvp('sh', ['sh', '-c', 'no-such-program'])",
         "exit code 127, a program is not there, or not on PATH"),
    ],
)  # fmt: skip
def test_the_end_is_explained(service, program, said):
    ran = service.smoke(program)

    assert ran.code == SmokeFailed.exit_code
    assert f"it ended before it listened: {said}" in ran.output


def test_a_program_that_is_not_there(service):
    service.dockerfile = DOCKERFILE.replace('"python3", "main.py"', '"no-such-program"')

    ran = service.smoke("")

    assert ran.code == SmokeFailed.exit_code
    assert "exit code 127" in ran.output
    assert "it crashed at" not in ran.output


class Once(http.server.BaseHTTPRequestHandler):
    """Tells the first who asks to crash, and nobody else."""

    def do_GET(self) -> None:
        first = self.server.asked == 0
        self.server.asked += 1
        self.send_response(500 if first else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def once() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Once) as server:
        server.asked = 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_crash_in_three_starts_is_one_too_many(service, once):
    asks = "import os, urllib.request\nurllib.request.urlopen(os.environ['ORACLE'], timeout=5)\n"
    oracle = {"name": "oracle", "address": once, "provides": {"ORACLE": "http://{host}:{port}/"}}

    ran = service.smoke(SERVER + asks + "serve()", smoke={"services": [oracle]})

    assert ran.code == SmokeFailed.exit_code
    assert "it crashed at 1 of 3 starts" in ran.output
    assert "HTTP Error 500" in ran.output


def test_what_was_lost_in_buffers_is_seen(service):
    service.dockerfile = BUFFERED

    ran = service.smoke(DIES_SILENTLY)

    assert ran.code == SmokeFailed.exit_code
    assert "no output at all: Python's standard output is block-buffered; set PYTHONUNB" in (
        ran.output
    )
    assert "│ the disk is full" in ran.output
    assert "ENV PYTHONUNBUFFERED=1" in ran.output


def test_one_that_says_nothing_with_a_terminal_either(service):
    ran = service.smoke("raise SystemExit(3)")

    assert "no output at all, with a terminal neither" in ran.output
    assert "(it wrote nothing at all)" in ran.output


def test_a_variable_that_is_set_is_not_advised(service):
    ran = service.smoke("import sys\nif sys.stdout.isatty(): print('to people')\nsys.exit(3)")

    assert ran.code == SmokeFailed.exit_code
    assert "no output at all: it writes to a terminal only" in ran.output
    assert "write `ENV PYTHONUNBUFFERED" not in ran.output
    assert "S23" not in ran.output


def test_a_silent_one_that_never_listens_is_heard_with_a_terminal(service):
    service.dockerfile = BUFFERED

    ran = service.smoke(
        "import signal\nprint('waiting for the lock')\nsignal.pause()",
        startup={"listen_within": "1s"},
    )

    assert "nothing in the container listens; alive: python3; no output at all: Python's" in (
        ran.output
    )
    assert "│ waiting for the lock" in ran.output


def test_a_silent_one_that_is_healthy_is_warned_of(service):
    service.dockerfile = BUFFERED

    ran = service.smoke(SERVER + "print('Application startup complete')\nserve()")

    assert ran.code == 0, ran.output
    assert "! no output at all: Python's standard output is block-buffered" in ran.output


def test_a_required_line_that_stays_in_a_buffer(service):
    service.dockerfile = BUFFERED

    ran = service.smoke(
        SERVER + "print('Application startup complete')\nserve()",
        startup={"listen_within": "1s", "required_logs": ["startup complete"]},
    )

    assert ran.code == SmokeFailed.exit_code
    assert "no line matches 'startup complete'; no output at all: Python's" in ran.output


def test_every_line_of_both_streams_is_shown(service):
    program = "import sys\nprint('first')\nprint('second', file=sys.stderr)\nsys.exit(1)"

    ran = service.smoke(program)

    assert ran.code == SmokeFailed.exit_code
    assert "│ first" in ran.output
    assert "│ second" in ran.output


def test_a_flood_is_cut_in_the_middle(service):
    """In one stream: the engine keeps no order between two."""
    program = (
        "import sys\nsys.stdout = sys.stderr\nprint('first')\n"
        "for line in range(30_000): print('flood', line)\n"
        "raise RuntimeError('the last word')"
    )

    ran = service.smoke(program, startup={"listen_within": "20s"})

    assert ran.code == SmokeFailed.exit_code
    for said in ("│ first", "lines left out", "RuntimeError: the last word"):
        assert said in ran.output
    assert ran.output.count("\n") < 1000
