"""Google Cloud as a build sees it: a local Cloud Run and a registry on the loopback of its steps.

They run in a container with an engine of their own. The steps share its network, and have this
machine's programs and the packages of the tests in place of what their images and apt-get bring.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.ci.act import PYTHON, ROOT
from tests.ci.cloud_build_steps import Machine, clean

BASE = "python:3.11-slim"
REGISTRY = "127.0.0.1:5000"
CLOUD_RUN = "127.0.0.1:8790"
_SYS_RESOURCE = 24
"""The capability that sandboxes hold back; its number is that of the kernel."""

_REGISTRY_SETTINGS = f"""\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: /tmp/registry}}}}
http: {{addr: "{REGISTRY}"}}
"""
_WITH_AN_ENGINE = """\
dockerd {options} >/var/log/dockerd.log 2>&1 &
until docker version >/dev/null 2>&1; do sleep 0.1; done
docker load --quiet --input /machine/base.tar
"""
# The steps' engine has docker0 and the firewall of the network that they share.
_GOOGLE = f"""\
set -eu
ip link add google0 type bridge
ip address add 172.31.255.1/24 dev google0
ip link set google0 up
{_WITH_AN_ENGINE.format(options="--bridge google0 --iptables=false")}
docker-registry serve /machine/registry.yml &
cd {ROOT}
exec {sys.executable} -m pipeline local --port {CLOUD_RUN.partition(":")[2]} --startup-limit 8
"""
_LOAD = f"{_WITH_AN_ENGINE.format(options='')}kill $!; wait"
_GET = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=10).read().decode())"


@dataclass
class Cloud:
    """Started with ``start``, and taken away with all it left by ``stop``."""

    folder: Path

    @cached_property
    def name(self) -> str:
        return f"cloud-{uuid.uuid4().hex[:8]}"

    @cached_property
    def machine(self) -> Machine:
        """Where the steps of a build run."""
        folder = self.folder / self.name
        folder.mkdir()
        there = ("--network", f"container:{self.name}")
        environ = ("--env", f"CLOUD_RUN_EMULATOR_HOST={CLOUD_RUN}")
        options = (*there, *environ, *self._options)
        return Machine(folder, {"python:3.11-bookworm": BASE}, options)

    @cached_property
    def _options(self) -> tuple[str, ...]:
        """This machine's programs, and what an engine inside a container needs."""
        mounted = {"/usr", "/etc/alternatives", sys.prefix, sys.base_prefix, str(ROOT)}
        volumes = [f"{path}:{path}:ro" for path in sorted(mounted)]
        path = f"{self.folder}/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        words = ["--tmpfs", "/var/log", "--env", f"PATH={path}", *grants()]
        for volume in (*volumes, f"{self.folder}/tools:{self.folder}/tools:ro"):
            words += ["--volume", volume]
        return tuple(words)

    def start(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "python3").write_text(PYTHON)
        (tools / "python3").chmod(0o755)
        (self.folder / "registry.yml").write_text(_REGISTRY_SETTINGS)
        subprocess.run(["docker", "save", "--output", f"{self.folder}/base.tar", BASE], check=True)
        machine = ("--volume", f"{self.folder}:/machine:ro")
        steps = ("--volume", f"{self.machine.folder.name}-engine:/var/lib/docker")
        ours = ("--volume", "/var/lib/docker", "--env", "PYTHONUNBUFFERED=1")
        self._run("--rm", *machine, *steps, command=_LOAD)
        self._run("--detach", "--name", self.name, *machine, *ours, command=_GOOGLE)
        deadline = time.monotonic() + 30
        while "export CLOUD_RUN_EMULATOR_HOST" not in self.log():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def stop(self) -> None:
        subprocess.run(["docker", "rm", "--force", "--volumes", self.name], capture_output=True)
        clean(self.machine)

    def empty_workspace(self) -> Path:
        """The folder that becomes /workspace, without what steps left there as root."""
        folder = self.machine.folder / "workspace"
        folder.mkdir(exist_ok=True)
        emptied = ("--rm", "--volume", f"{folder}:/emptied")
        self._run(*emptied, command="find /emptied -mindepth 1 -delete")
        return folder

    def log(self) -> str:
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True)
        return done.stdout + done.stderr

    def get(self, url: str) -> dict[str, Any]:
        """A JSON document from inside."""
        command = ("docker", "exec", self.name, sys.executable, "-c", _GET, url)
        return json.loads(
            subprocess.run(command, capture_output=True, text=True, check=True).stdout
        )

    def _run(self, *options: str, command: str) -> None:
        words = ["docker", "run", *options, *self._options, BASE, "sh", "-c", command]
        done = subprocess.run(words, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stdout + done.stderr


def grants() -> tuple[str, ...]:
    """What an engine inside a container needs, as far as this machine has it to give."""
    status = Path("/proc/self/status").read_text()
    bounding = int(status.partition("CapBnd:")[2].split()[0], 16)
    is_v2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    shared = ("--cgroupns", "host") if is_v2 else ()
    if bounding >> _SYS_RESOURCE & 1:
        return ("--privileged", *shared)
    return (
        "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt", "seccomp=unconfined",
        "--security-opt", "apparmor=unconfined", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup",
        *shared,
    )  # fmt: skip
