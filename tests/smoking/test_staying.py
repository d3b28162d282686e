"""A container that ends is a crash, whatever was going on: it does not flap, nor stop well."""

from __future__ import annotations

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import SERVER

# It counts the requests for its health, and ends a moment after one of them.
ENDS = """\
import ctypes, threading

asked, healthy = 0, document


def end():
    {end}


def document():
    global asked
    asked += 1
    if asked == {at}:
        threading.Timer(0.02, end).start()
    return healthy()


{first}
serve()
"""
SEGMENT = "ctypes.string_at(0)"
EXIT = "print('FATAL: event loop is closed'); os._exit(9)"


def test_one_that_dies_between_two_probes(service):
    program = SERVER + ENDS.format(end=SEGMENT, at=2, first="print('up')")

    ran = service.smoke(program)

    assert ran.code == SmokeFailed.exit_code
    assert "it ended when asked: killed by SIGSEGV (exit code 139), it touched memory" in ran.output
    assert "flaps" not in ran.output
    assert "│ up" in ran.output


def test_one_that_dies_between_two_probes_and_wrote_nothing(service):
    ran = service.smoke(SERVER + ENDS.format(end=SEGMENT, at=2, first=""))

    assert "a fault in native code; no output at all" in ran.output


# The last probe is the fourth: the first, and the three of health.probes.
@pytest.mark.parametrize("first", ["print('up')", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_one_that_dies_after_the_last_probe_does_not_stop_well(service, first):
    ran = service.smoke(SERVER + ENDS.format(end=EXIT, at=4, first=first))

    assert ran.code == SmokeFailed.exit_code
    assert "it ended when nobody asked: exit code 9" in ran.output
    assert "│ FATAL: event loop is closed" in ran.output
    assert "after SIGTERM" not in ran.output


def test_one_that_dies_before_it_wrote_a_required_line(service):
    program = SERVER + ENDS.format(end=EXIT, at=4, first="print('up')")

    ran = service.smoke(program, startup={"required_logs": ["startup complete"]})

    assert "it ended when nobody asked: exit code 9" in ran.output
    assert "no line matches" not in ran.output
