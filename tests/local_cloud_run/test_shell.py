"""``local --shell``: the user's shell on a terminal, with all that gcloud needs."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from pipeline.steps import gcloud

COMMAND = [sys.executable, "-m", "pipeline", "local", "--port", "0", "--shell"]
ROOT = Path(__file__).parents[2]


class Terminal:
    """What a person has before them."""

    def __init__(self, shell: str, folder: Path) -> None:
        self.ours, theirs = pty.openpty()
        env = {**os.environ, "SHELL": shell, "PYTHONPATH": str(ROOT), "PS1": "> ", "ENV": ""}
        self.process = subprocess.Popen(
            COMMAND, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            cwd=folder, env=env,
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def type(self, line: str) -> None:
        os.write(self.ours, f"{line}\n".encode())

    def until(self, text: str) -> str:
        """What is on it once that text is."""
        while text not in self.seen:
            with suppress(OSError):  # nobody has the other end any more
                if chunk := os.read(self.ours, 4096):
                    self.seen += chunk.decode("utf-8", "replace")
                    continue
            pytest.fail(f"no {text!r} in {self.seen}")
        return self.seen


@contextmanager
def terminal(shell: str, folder: Path) -> Iterator[Terminal]:
    made = Terminal(shell, folder)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        os.close(made.ours)


def address(seen: Terminal) -> str:
    seen.type('echo "at=$CLOUD_RUN_EMULATOR_HOST;"; echo "in=$CLOUDSDK_RUN_REGION;"')
    seen.until("in=us-central1;")
    return seen.seen.rpartition("at=127")[2].partition(";")[0].join(("127", ""))


def test_it_ends_when_the_shell_does_and_not_before(tmp_path: Path) -> None:
    with terminal("/bin/sh", tmp_path) as seen:
        seen.until("has all that gcloud")
        url = f"http://{address(seen)}/v2/projects/p/locations/l/services"
        seen.process.send_signal(signal.SIGINT)  # Ctrl-C is the shell's affair
        assert requests.get(url, timeout=10).json()["services"] == []
        seen.type("exit 3")
        assert seen.process.wait(30) == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=10)


def test_sigterm_ends_both(tmp_path: Path) -> None:
    with terminal("/bin/sh", tmp_path) as seen:
        seen.until("has all that gcloud")
        seen.type('echo "pid=$$;"')
        seen.until(";\r\n")
        shell = int(seen.seen.rpartition("pid=")[2].partition(";")[0])
        seen.process.terminate()
        assert seen.process.wait(30) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(shell, 0)


def test_without_a_shell_or_a_terminal_there_is_one_clear_error(tmp_path: Path) -> None:
    with terminal("/not/there", tmp_path) as seen:
        assert seen.process.wait(30) == 64
        assert "SHELL=/not/there" in seen.until("remedy")
    done = subprocess.run(
        COMMAND, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 64
    assert "there is no terminal for it" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_lines_can_be_pasted(tmp_path: Path) -> None:
    values = gcloud.variables("127.0.0.1:8790", "p", "us-central1") | {"ODD": "it's $HOME"}
    script = "\n".join([*gcloud.exports(values), "env"])
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, env={})
    assert {f"{name}={value}" for name, value in values.items()} <= set(done.stdout.splitlines())
    assert Path(values["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]).read_text().strip()
