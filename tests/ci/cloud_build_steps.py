"""Runs the steps of a build in containers of this machine.

Each gets what Cloud Build gives it: the engine's socket, /workspace, a home, its volumes. The
options of the machine say what else.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from tests.ci.cloud_build import Build, Step


@dataclass
class Machine:
    """Where the steps run. ``images`` stand in for those that a step names."""

    folder: Path
    images: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Ended:
    """How a build ended: SUCCESS, FAILURE or TIMEOUT; which steps were started, and their log."""

    status: str = "SUCCESS"
    started: list[int] = field(default_factory=list)
    log: dict[int, str] = field(default_factory=dict)


def run(build: Build, machine: Machine) -> Ended:
    """Run each step as soon as those it waits for are done; the first failure ends the build."""
    ended, done = Ended(), set[int]()
    running: dict[Future[int], Step] = {}
    stop = threading.Event()
    timer = threading.Timer(build.timeout, lambda: _end(machine, stop))
    timer.start()
    with ThreadPoolExecutor(len(build.steps)) as pool:
        while len(done) < len(build.steps) and ended.status == "SUCCESS":
            for step in _ready(build, done, ended.started):
                ended.started.append(step.index)
                running[pool.submit(_run, step, machine, ended.log)] = step
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                done.add(step.index)
                if future.result():
                    ended.status = "TIMEOUT" if stop.is_set() else "FAILURE"
        timer.cancel()
        if running:
            _end(machine, stop)
    return ended


def _ready(build: Build, done: set[int], started: Sequence[int]) -> Iterator[Step]:
    for step in build.steps:
        if step.index not in started and step.after <= done:
            yield step


def _run(step: Step, machine: Machine, log: dict[int, str]) -> int:
    name = f"{machine.folder.name}-step-{step.index}"
    finished = threading.Timer(step.timeout or 1e6, lambda: _remove([name]))
    finished.start()
    try:
        process = subprocess.run(
            _docker_run(step, machine, name), text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    finally:
        finished.cancel()
    log[step.index] = process.stdout
    return process.returncode


def _docker_run(step: Step, machine: Machine, name: str) -> list[str]:
    (machine.folder / "workspace").mkdir(parents=True, exist_ok=True)
    words = ["docker", "run", "--rm", "--name", name, "--workdir", step.folder,
             "--volume", f"{machine.folder}/workspace:/workspace",
             "--volume", "/var/run/docker.sock:/var/run/docker.sock",
             "--volume", f"{machine.folder.name}-home:/builder/home",
             "--env", "HOME=/builder/home", *machine.options]  # fmt: skip
    for volume, path in step.volumes:
        words += ["--volume", f"{machine.folder.name}-{volume}:{path}"]
    for variable in (*step.env, *(f"{one}={machine.secrets[one]}" for one in step.secrets)):
        words += ["--env", variable]
    args = list(step.args)
    if step.script:
        file = machine.folder / f"script-{step.index}"
        shebang = "" if step.script.startswith("#!") else "#!/usr/bin/env bash\n"
        file.write_text(shebang + step.script)
        file.chmod(0o755)
        words += ["--volume", f"{file}:/builder/script:ro", "--entrypoint", "/builder/script"]
    elif step.entrypoint:
        words += ["--entrypoint", step.entrypoint]
    return [*words, machine.images.get(step.image, step.image), *args]


def _end(machine: Machine, stop: threading.Event) -> None:
    stop.set()
    listed = ["docker", "ps", "--quiet", "--filter", f"name={machine.folder.name}-step-"]
    _remove(subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split())


def _remove(containers: Sequence[str]) -> None:
    if containers:
        subprocess.run(["docker", "rm", "--force", *containers], capture_output=True, check=False)


def clean(machine: Machine) -> None:
    """Take away what the steps of a build leave in the engine."""
    listed = ["docker", "volume", "ls", "--quiet", "--filter", f"name={machine.folder.name}-"]
    volumes = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    subprocess.run(["docker", "volume", "rm", "--force", *volumes], capture_output=True)
