"""A throwaway PostgreSQL on a free port of this machine's loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgresql() -> Iterator[str]:
    """HOST:PORT of a server that lets ``app`` in without a password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("needs Debian's package postgresql")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-") as folder:
        shutil.chown(folder, _user())
        data, folder_of_programs = Path(folder, "data"), programs[-1].parent
        options = ("--username", "app", "--auth", "trust", "--no-sync", "--no-locale")
        _run(folder_of_programs / "initdb", data, *options, "--encoding", "UTF8")
        port = _free_port()
        settings = (
            f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' "
            "-c fsync=off"
        )
        _run(
            folder_of_programs / "pg_ctl", data,
            "start", "--wait", "--log", f"{data}/log", "--options", settings,
        )  # fmt: skip
        try:
            yield f"127.0.0.1:{port}"
        finally:
            _run(folder_of_programs / "pg_ctl", data, "stop", "--wait", "--mode", "immediate")


def _user() -> str:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _run(program: Path, data: Path, *arguments: str) -> None:
    # A file, since the server would keep a pipe open after pg_ctl has ended.
    with tempfile.TemporaryFile() as output:
        code = subprocess.call(
            (program, "--pgdata", data, *arguments),
            user=_user() if os.getuid() == 0 else None,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
        )  # fmt: skip
        output.seek(0)
        assert code == 0, f"{program.name} failed: {output.read().decode()}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
