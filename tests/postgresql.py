"""A throwaway PostgreSQL of this machine, with a cluster of its own."""

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

PASSWORD = "correct-horse"


class Cluster:
    """It listens on a socket in the folder ``socket``, and on ``address`` where there is one.

    ``port`` is a free one of that address.
    """

    def __init__(self, programs: Path, home: Path, address: str = "") -> None:
        self.programs, self.address = programs, address
        self.port = _free_port(address) if address else 5432
        self.data = home / "data"
        self.socket = home / "socket"
        self.socket.mkdir(mode=0o755)
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        for folder in (home, self.socket):
            shutil.chown(folder, self.user)
        secret = home / "password"
        secret.write_text(PASSWORD)
        options = ("--username", "app", "--pwfile", str(secret), "--auth", "scram-sha-256")
        self._run("initdb", *options, "--no-sync", "--no-locale", "--encoding", "UTF8")
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 scram-sha-256\n")

    @property
    def url(self) -> str:
        """Where containers reach it."""
        return f"postgresql://app:{PASSWORD}@{self.address}:{self.port}/postgres"

    def start(self) -> None:
        settings = (
            f"-c listen_addresses='{self.address}' -c port={self.port} -c fsync=off"
            f" -c unix_socket_directories={self.socket}"
        )
        self._run("pg_ctl", "start", "--wait", "--log", f"{self.data}/log", "--options", settings)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode", "immediate")

    def ask(self, sql: str) -> list[str]:
        """The rows of a query, each as text with ``|`` between its columns."""
        done = subprocess.run(
            [self.programs / "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command",
             sql, "--host", self.socket, "--port", str(self.port), "--username", "app", "postgres"],
            env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.splitlines()

    def _run(self, program: str, *arguments: str) -> None:
        # A file, since the server would keep a pipe open after pg_ctl has ended.
        with tempfile.TemporaryFile() as output:
            code = subprocess.call(
                (self.programs / program, "--pgdata", self.data, *arguments),
                user=self.user if os.getuid() == 0 else None,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
            )  # fmt: skip
            output.seek(0)
            assert code == 0, f"{program} failed: {output.read().decode()}"


@contextmanager
def a_cluster(address: str = "") -> Iterator[Cluster]:
    """A cluster that runs; it is stopped and removed in the end."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("needs Debian's package postgresql")
    # The name of a socket is short: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        cluster = Cluster(programs[-1].parent, home, address)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def _free_port(address: str) -> int:
    with socket.socket() as one:
        one.bind((address, 0))
        return int(one.getsockname()[1])
