"""The scripts that set a machine up: the wrapper and the engine with stand-ins on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

# It makes what `python -m venv` and pip would make, notes each pip call, and fails if told to.
FAKE_PYTHON = f"""#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"
        printf '#!/bin/sh\\nprintf "[%%s]" "$(command -v python)" "$PWD" "$@"\\n' >"$3/bin/nox"
        chmod +x "$3/bin/nox" ;;
    "-m pip "*) echo "$*" >>"$FAKE_LOG"; [ -z "$FAKE_FAILURE" ] ;;
    -c*) exec {sys.executable} "$@" ;;
    --version) echo Python 3.11.0 ;;
esac
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Checkout:
    """A checkout with the real wrapper, an invented lock and a python that only pretends."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a check out"
        self.tools = folder / "tools"
        self.log = folder / "pip.log"
        (self.root / "scripts").mkdir(parents=True)
        for name in ("nox", "packages.sh"):
            shutil.copy(SCRIPTS / name, self.root / "scripts")
        self.lock = self.root / "scripts" / "requirements.txt"
        self.lock.write_text("nox==1\n")
        (self.root / "pyproject.toml").write_text("[project]\n")
        program(self.tools / "python3", FAKE_PYTHON)
        self.environment = {
            "PATH": f"{self.tools}:{os.environ['PATH']}", "FAKE_LOG": str(self.log)
        }  # fmt: skip

    def start(
        self, *arguments: str, through: Path | None = None, **env: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (through or self.root / "scripts" / "nox", *arguments), text=True, cwd="/",
            env={**self.environment, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, through: Path | None = None, **env: str) -> tuple[int, str, str]:
        process = self.start(*arguments, through=through, **env)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    @property
    def call(self) -> str:
        """What the invented nox prints: its python, the caller's folder, and the noxfile."""
        return f"[{self.root}/.venv/bin/python][/][--noxfile][{self.root}/noxfile.py]"

    @property
    def installs(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_nox_sets_up_once_and_is_quiet_afterwards(checkout: Checkout) -> None:
    code, out, err = checkout.run("-s", "two words")
    assert (code, out) == (0, checkout.call + "[-s][two words]")
    assert "Setting up .venv with Python 3.11.0" in err
    assert checkout.run("-l") == (0, checkout.call + "[-l]", "")
    assert checkout.installs == 2


def test_nox_installs_locked_dependencies_then_the_project(checkout: Checkout) -> None:
    checkout.run()
    first, second = checkout.log.read_text().splitlines()
    assert first.endswith(f"--require-hashes --no-deps --requirement {checkout.lock}")
    assert second.endswith("--no-deps --no-build-isolation --editable .")


def test_nox_works_through_a_link(checkout: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "link to nox"
    link.symlink_to(checkout.root / "scripts" / "nox")
    assert checkout.run("-l", through=link)[:2] == checkout.run("-l")[:2]
    assert checkout.installs == 2


def test_nox_sets_up_again_when_the_lock_changed(checkout: Checkout) -> None:
    checkout.run()
    checkout.lock.write_text("nox==2\n")
    assert checkout.run()[0] == 0
    assert checkout.installs == 4


def test_nox_sets_up_again_when_the_checkout_moved(checkout: Checkout) -> None:
    checkout.run()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    assert checkout.run()[1] == checkout.call
    assert checkout.installs == 4


def test_nox_repairs_what_a_failure_left(checkout: Checkout) -> None:
    code, out, err = checkout.run(FAKE_FAILURE="yes")
    assert (code, out) == (1, "")
    assert err.endswith(
        "The dependencies could not be installed: see above. Then run the same command again.\n"
    )
    assert checkout.run()[0] == 0


def test_nox_started_twice_at_once_sets_up_once(checkout: Checkout) -> None:
    both = [checkout.start("-l") for _ in range(2)]
    assert [process.communicate(timeout=30) and process.returncode for process in both] == [0, 0]
    assert checkout.installs == 2


def engine(folder: Path, **env: str) -> tuple[int, str]:
    """Run scripts/engine where PATH has nothing but ``folder`` and what the script needs."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("sh", "readlink", "timeout", "uname", "id", "date"):
        tool = shutil.which(name)
        assert tool
        (tools / name).symlink_to(tool)
    path = ":".join(str(part) for part in (folder / "first", folder / "second", tools))
    done = subprocess.run(
        (SCRIPTS / "engine",), env={"PATH": path, **env}, capture_output=True, text=True, timeout=30
    )
    return done.returncode, done.stdout + done.stderr


def test_engine_is_silent_where_the_second_client_answers(tmp_path: Path) -> None:
    program(tmp_path / "first" / "docker", "#!/bin/sh\nexit 1\n")
    program(tmp_path / "second" / "docker", "#!/bin/sh\nexit 0\n")
    assert engine(tmp_path) == (0, "")


def test_engine_takes_podman(tmp_path: Path) -> None:
    program(tmp_path / "second" / "podman", "#!/bin/sh\nexit 0\n")
    assert engine(tmp_path) == (0, "")


def test_engine_names_a_docker_host_that_is_silent(tmp_path: Path) -> None:
    program(tmp_path / "first" / "docker", "#!/bin/sh\nexit 1\n")
    assert engine(tmp_path, DOCKER_HOST="tcp://10.0.0.1:1") == (
        5,
        "No container engine: DOCKER_HOST=tcp://10.0.0.1:1 does not answer.\n"
        "    Start what listens there, or unset DOCKER_HOST.\n",
    )


def test_engine_says_what_to_install_where_it_may_not(tmp_path: Path) -> None:
    assert engine(tmp_path) == (
        5,
        "No container engine: nothing answers, and I may not install or start one.\n"
        "    On Debian or Ubuntu, as root:  apt-get install docker.io && service docker start\n"
        "    Elsewhere: install docker or podman and start it.\n",
    )


LOCKS = ("scripts", "tests", "tests/services/agents_api")


@pytest.mark.parametrize("folder", LOCKS)
def test_locks_hold_hashes_and_no_address(folder: str) -> None:
    lock = (SCRIPTS.parent / folder / "requirements.txt").read_text()
    packages = [block for block in lock.split("\n") if block and block[0] not in " #"]
    assert all(package.endswith("\\") and "==" in package for package in packages)
    assert "--hash=sha256:" in lock
    assert not any(word in lock for word in ("://", "--index", "--find-links", "file:"))


def test_lock_has_every_declared_dependency() -> None:
    project = tomllib.loads((SCRIPTS.parent / "pyproject.toml").read_text())
    for folder, declared in (
        ("scripts", [*project["project"]["dependencies"], *project["build-system"]["requires"]]),
        ("tests", project["dependency-groups"]["dev"]),
    ):
        lock = (SCRIPTS.parent / folder / "requirements.txt").read_text()
        locked = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", lock, re.MULTILINE))
        assert {re.split(r"[<>=\[;]", name)[0].strip().lower() for name in declared} <= locked
