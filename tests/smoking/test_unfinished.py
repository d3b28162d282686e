"""What is written without a line break is output too: shown, judged, and each once."""

from __future__ import annotations

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import DOCKERFILE, SERVER

WRITES = "print({text!r}, end='', flush=True)\n"
DOTS = """\
import time
print('waiting for redis ', end='', flush=True)
while True:
    print('.', end='', flush=True)
    time.sleep(0.01)
"""
FAILED = "Prisma failed to detect the libssl/openssl version to use"


@pytest.mark.parametrize(
    "dockerfile", [DOCKERFILE, DOCKERFILE.replace("UNBUFFERED=1", "SAFEPATH=")]
)
def test_one_that_waits_and_writes_dots_did_write(service, dockerfile):
    service.dockerfile = dockerfile

    ran = service.smoke(DOTS, startup={"listen_within": "1s"})

    assert ran.code == SmokeFailed.exit_code
    assert "nothing in the container listens; alive: python3\n" in ran.output
    assert ran.output.count("│ waiting for redis ..") == 1
    assert "no output at all" not in ran.output
    assert "PYTHONUNBUFFERED" not in ran.output


def test_the_last_words_of_one_that_ends(service):
    ran = service.smoke(WRITES.format(text="no licence") + "os = __import__('os')\nos._exit(3)")

    assert ran.code == SmokeFailed.exit_code
    assert ran.output.count("│ no licence") == 1
    assert "no output at all" not in ran.output


def test_forbidden_words_at_the_end_of_an_unfinished_line(service):
    ran = service.smoke(SERVER + WRITES.format(text=f"up\nwarn {FAILED}") + "serve()")

    assert ran.code == SmokeFailed.exit_code
    assert "its output is not right: 1 line that must not be there" in ran.output
    assert f"│ warn {FAILED}" in ran.output


def test_a_required_line_needs_no_line_break(service):
    program = SERVER + WRITES.format(text="Application startup complete") + "serve()"

    ran = service.smoke(program, startup={"required_logs": ["startup complete$"]})

    assert ran.code == 0, ran.output
    assert "no output at all" not in ran.output
