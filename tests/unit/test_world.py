"""Effects, on real small processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.adapters import kept, processes
from pipeline.adapters.world import real_world
from pipeline.commands import Command
from pipeline.errors import EngineFailed

PATIENCE = 10.0  # seconds
world = real_world()


def shell(script: str, *words: str, **env: str) -> Command:
    return Command(("sh", "-c", script, "test", *words), env=env)


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_output_and_errors_are_kept_apart_with_the_exit_code() -> None:
    done = world.run(shell("echo out; echo err >&2; exit 3"))

    assert (done.code, done.output, done.errors, done.ok) == (3, "out\n", "err\n", False)


def test_a_process_gets_its_variables_and_no_input() -> None:
    command = Command(
        ("sh", "-c", "echo $OPEN $SECRET; cat"), env={"OPEN": "a"}, secret_env={"SECRET": "b"}
    )

    assert world.run(command).output == "a b\n"


@pytest.mark.parametrize("name", ["no-such-tool", "/no/such/tool", "/"])
def test_a_tool_that_cannot_run_has_exit_code_127(name: str) -> None:
    ran, streamed = world.run(Command((name,))), world.stream(Command((name,)), print)

    assert (ran.code, streamed.code) == (127, 127)
    assert name in ran.errors
    assert name in streamed.errors


def test_bad_utf_8_is_replaced_not_fatal() -> None:
    command = shell(r"printf 'a\377b\n'")
    lines: list[str] = []

    assert world.run(command).output == "a\ufffdb\n"
    assert world.stream(command, lines.append).output == "a\ufffdb"
    assert lines == ["a\ufffdb"]


def test_streamed_lines_come_in_order_from_both_streams_while_it_works(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    seen: list[str] = []

    def on_line(line: str) -> None:
        seen.append(line)
        if line == "two":
            gate.touch()

    # It goes on only after its second line was handed over.
    script = 'echo one; echo two >&2; while [ ! -e "$1" ]; do sleep 0.01; done; echo three; exit 4'
    done = world.stream(shell(script, str(gate)), on_line)

    assert seen == ["one", "two", "three"]
    assert (done.code, done.output) == (4, "one\ntwo\nthree")


def test_a_streamed_process_is_ended_when_reading_is_interrupted(tmp_path: Path) -> None:
    def on_line(line: str) -> None:
        (tmp_path / "pid").write_text(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.stream(shell("echo $$; exec sleep 60"), on_line)

    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_streamed_tool_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_line(line: str) -> None:
        (tmp_path / "pid").write_text(line)
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "_TO_END", 0.2)
    with pytest.raises(KeyboardInterrupt):
        world.stream(shell("trap '' TERM; echo $$; while :; do sleep 0.1; done"), on_line)

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_flood_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 100_000)
    process = world.start(
        shell("head -c 1000000 /dev/zero; echo; yes | head -100000; echo the end; exit 3")
    )

    assert process.wait(PATIENCE) == 3
    assert sum(map(len, process.lines)) < 200_000
    assert set(process.lines[0]) == {"\0"}
    assert process.lines[-1] == "the end"
    assert any("lines were not kept)" in line for line in process.lines)


def test_a_started_process_is_polled_while_it_runs_and_read_when_it_ended(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    process = world.start(
        shell('echo up; while [ ! -e "$1" ]; do sleep 0.01; done; echo down; exit 5', str(gate))
    )

    assert eventually(lambda: process.lines == ["up"])
    assert (process.poll(), process.wait(0.01)) == (None, None)
    gate.touch()
    assert process.wait(PATIENCE) == 5
    assert process.lines == ["up", "down"]


@pytest.mark.parametrize(("end", "number"), [("terminate", 15), ("kill", 9)])
def test_a_started_process_can_be_ended(end: str, number: int) -> None:
    process = world.start(shell("exec sleep 60"))
    getattr(process, end)()

    assert process.wait(PATIENCE) == -number


def test_a_process_that_cannot_start_is_an_error_with_a_remedy() -> None:
    with pytest.raises(EngineFailed, match="no-such-tool could not be started") as caught:
        world.start(Command(("no-such-tool",)))

    assert "scripts/engine" in caught.value.remedy


GUARDED = """
import sys, time
from pipeline.adapters.world import real_world
from pipeline.commands import Command

call_off = real_world().guard(Command(("sh", "-c", 'echo ran >> "$1"', "mark", sys.argv[1])))
if sys.argv[2] == "call off":
    call_off()
print("ready", flush=True)
time.sleep(60)
"""


def guarded(mark: Path, what: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        (sys.executable, "-c", GUARDED, str(mark), what), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_guard_acts_however_the_process_ends(number: signal.Signals, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with guarded(mark, "stay") as process:
        assert not mark.exists()
        process.send_signal(number)

    assert eventually(mark.exists)


def test_a_guard_that_was_called_off_does_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with guarded(mark, "call off") as process:
        process.kill()

    # Calling off waits for the guard's shell, so nothing is left that could act.
    assert not mark.exists()


def test_tokens_are_of_the_length_and_alphabet_that_names_need() -> None:
    assert re.fullmatch("[a-z2-9]{6}", world.token(6))
    assert re.fullmatch("[0-9a-f]{32}", world.hex_token(32))
    assert world.token(16) != world.token(16)
    assert world.now().tzinfo is not None
