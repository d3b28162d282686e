"""Whether SIGTERM ends a process is read from its signal masks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.adapters.sigterm import ends_at_once, is_unhandled

TERM = f"{1 << 14:016x}"
NONE = f"{0:016x}"


@pytest.mark.parametrize(
    ("ignored", "caught", "unhandled"),
    [
        (NONE, NONE, True),
        (TERM, NONE, False),
        (NONE, TERM, False),
        ("ffffffffffffbfff", NONE, True),
    ],
)
def test_the_masks_tell(ignored, caught, unhandled):
    status = f"Name:\tx\nSigBlk:\t{NONE}\nSigIgn:\t{ignored}\nSigCgt:\t{caught}\n"

    assert is_unhandled(status) is unhandled


def test_no_masks_tell_nothing():
    assert is_unhandled("Name:\tx\n") is None


@pytest.mark.parametrize(
    ("prepare", "at_once"),
    [("", True), ("signal.signal(15, signal.SIG_IGN)", False),
     ("signal.signal(15, lambda *_: 0)", False)],
)  # fmt: skip
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_a_real_process_tells(prepare, at_once):
    script = f"import signal; {prepare or '0'}; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()

        assert ends_at_once({"State": {"Pid": process.pid}}) is at_once
        process.communicate("\n")


@pytest.mark.parametrize("container", [{}, {"State": None}, {"State": {"Pid": 0}}])
def test_a_process_out_of_sight_tells_nothing(container):
    assert ends_at_once(container) is None
