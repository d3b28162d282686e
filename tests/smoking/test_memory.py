"""Out of memory is told apart from a crash, and much of the limit is warned of."""

from __future__ import annotations

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import SERVER

TAKES = "hold = bytearray(os.urandom(1 << 20)) * {mib}\n"
CHILD = """\
import subprocess
subprocess.run([sys.executable, "-c", "x = bytearray(b'x') * (400 << 20)"])
print('the worker is gone')
"""
SMALL = {"run": {"memory": "200Mi"}}


@pytest.mark.parametrize("size", [1000, 300])
def test_a_start_that_takes_too_much(service, size):
    ran = service.smoke(SERVER + "print('up')\n" + TAKES.format(mib=size) + "serve()", **SMALL)

    assert ran.code == SmokeFailed.exit_code
    assert "it ended before it listened: out of memory, with a limit of 200 MiB" in ran.output
    assert "raise run.memory above 200 MiB" in ran.output


def test_a_child_that_was_killed_for_memory(service):
    ran = service.smoke(SERVER + CHILD + "serve()", **SMALL)

    assert ran.code == SmokeFailed.exit_code
    assert "out of memory, with a limit of 200 MiB: 1 process was killed" in ran.output


def test_a_child_that_was_killed_and_took_its_parent_along(service):
    ran = service.smoke(SERVER + CHILD + "sys.exit(1)", **SMALL)

    assert "it ended before it listened: out of memory, with a limit of 200 MiB" in ran.output


def test_a_child_that_was_killed_before_it_could_listen(service):
    program = SERVER + CHILD + "signal.pause()"

    ran = service.smoke(program, **SMALL, startup={"listen_within": "2s"})

    assert "nothing in the container listens; alive: python3; out of memory, with" in ran.output


def test_much_of_the_limit_is_warned_of(service):
    ran = service.smoke(SERVER + "print('up')\n" + TAKES.format(mib=160) + "serve()", **SMALL)

    assert ran.code == 0, ran.output
    assert "! peak memory 17" in ran.output
    assert "% of 200 MiB: little is left for requests" in ran.output


def test_files_that_it_writes_count(service):
    writes = "open('/tmp/file', 'wb').write(bytes(170 << 20))\nprint('up')\n"

    ran = service.smoke(SERVER + writes + "serve()", run={"memory": "600Mi", "cpu": 1})

    assert ran.code == 0, ran.output
    assert "(170 MiB of it files that it wrote)" in ran.output


def test_files_above_the_limit_are_out_of_memory(service):
    writes = """
with open('/tmp/file', 'wb') as file:
    for _ in range(250): file.write(bytes(1 << 20))
print('up')
"""

    ran = service.smoke(SERVER + writes + "serve()", **SMALL)

    assert ran.code == SmokeFailed.exit_code
    assert "out of memory on Cloud Run, where files count as memory: peak memory 2" in ran.output
    assert "(250 MiB of it files that it wrote), 1" in ran.output
    assert "raise run.memory above 200 MiB, or write fewer files" in ran.output
    assert "K09" in ran.output


def test_one_that_is_killed_for_memory_when_asked(service):
    takes = "def document():\n    return bytes(bytearray(b'x') * (400 << 20))\n\nprint('up')\n"

    ran = service.smoke(SERVER + takes + "serve()", **SMALL)

    assert ran.code == SmokeFailed.exit_code
    assert "it ended when asked: out of memory, with a limit of 200 MiB" in ran.output
    assert "raise run.memory above 200 MiB" in ran.output
