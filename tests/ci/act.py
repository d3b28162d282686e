"""Runs the workflows with act: on this machine, offline, the actions from this folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = Path(__file__).with_name("actions")
OURS = "acme/cloud-run-pipeline"
VARIABLES = {
    "WORKLOAD_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/p/providers/m",
    "SERVICE_ACCOUNT": "deployer@my-project.iam.gserviceaccount.com",
    "REGISTRY": "us-central1-docker.pkg.dev",
}

# It makes what `python -m venv` and pip would make, with the packages that the tests run with.
PYTHON = f"""\
#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"
        printf '#!/bin/sh\\nPYTHONPATH=%s exec {sys.executable} -P -m nox "$@"\\n' \\
            "${{3%/.venv}}" >"$3/bin/nox"
        chmod +x "$3/bin/nox" ;;
    "-m pip "*) ;;
    *) exec {sys.executable} "$@" ;;
esac
"""
_GCLOUD = '#!/bin/sh\necho "$*" >>"$GCLOUD_CALLS"\n'

_UNKNOWN_TO_ACT = {
    "uses: $/": "uses: ./",
    "${{ job.workflow_repository }}": OURS,
    "${{ job.workflow_sha }}": "HEAD",
}
"""What act 0.2.89 cannot evaluate yet, and what GitHub makes of it here."""


@dataclass(frozen=True)
class Ran:
    """A finished run: whether it succeeded, and act's account of it."""

    code: int
    entries: Sequence[dict[str, Any]]

    @cached_property
    def log(self) -> str:
        """What the steps wrote, and what act said of them."""
        return "\n".join(str(one.get("msg", "")).rstrip("\n") for one in self.entries)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Of all steps; a later one wins."""
        said = (one for one in self.entries if one.get("command") == "set-output")
        return {one["name"]: one["arg"] for one in said}

    @cached_property
    def summary(self) -> str:
        return "\n".join(one["content"] for one in self.entries if one.get("command") == "summary")

    @cached_property
    def jobs(self) -> dict[str, str]:
        """How each job ended."""
        ended = (one for one in self.entries if "jobResult" in one)
        return {one["jobID"]: one["jobResult"] for one in ended}


@dataclass
class Repositories:
    """What GitHub would have: repositories by OWNER/NAME, in a folder."""

    folder: Path
    local_cloud_run: str
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir(parents=True)
        programs = {"python3": PYTHON, "gcloud": _GCLOUD}
        for name, text in programs.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        others = {name: value for name, value in os.environ.items() if name[:7] != "GITHUB_"}
        self.environ = {
            **others, "CLOUD_RUN_EMULATOR_HOST": self.local_cloud_run,
            "REPOSITORIES": str(self.folder), "GCLOUD_CALLS": str(self.folder / "gcloud"),
            "PATH": f"{tools}:{os.environ['PATH']}:{Path(sys.executable).parent}",
        }  # fmt: skip

    def add(self, name: str, files: dict[str, str | Path]) -> Path:
        """Commit these files: a text, or a file or folder to copy."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            put(folder / path, content)
        git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        if not (folder / ".git").exists():
            subprocess.run([*git, "init", "--quiet", "--initial-branch", "main"], check=True)
            remote = f"https://github.com/{name}"
            subprocess.run([*git, "remote", "add", "origin", remote], check=True)
        subprocess.run([*git, "add", "--all", "--force"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "A change"], check=True)
        return folder

    def act(self, name: str, event: str, workflow: str, *more: str) -> Ran:
        """Run a workflow of a repository; ``more`` are act's own options."""
        folder = self.folder / name
        command = [
            shutil.which("act", path=self.environ["PATH"]) or "act", event, "--json",
            "--directory", str(folder),
            "--workflows", str(folder / ".github/workflows" / workflow),
            "--platform", "ubuntu-24.04=-self-hosted", "--no-skip-checkout", "--no-cache-server",
            "--action-cache-path", str(self.folder / "cache"), "--pull=false",
            "--actor", "somebody",
            # A step of act has a terminal; one of GitHub has none.
            "--env", "TTY_INTERACTIVE=0", "--env", "NO_COLOR=1",
        ]  # fmt: skip
        for variable, value in VARIABLES.items():
            command += ["--var", f"{variable}={value}"]
        for reference, stand_in in self._actions().items():
            command += ["--local-repository", f"{reference}={stand_in}"]
        done = subprocess.run(
            [*command, *more], env=self.environ, text=True, timeout=120, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Ran(done.returncode, [_entry(line) for line in done.stdout.splitlines()])

    def _actions(self) -> dict[str, Path]:
        """Each action that a workflow names, at the commit it names, and what stands in for it."""
        texts = (path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml"))
        named = {one for text in texts for one in re.findall(r"uses: ([\w-]+/[\w-]+@\w+)", text)}
        found = {one: ACTIONS / one.partition("@")[0].partition("/")[2] for one in named}
        return {**found, f"{OURS}@main": self.folder / OURS}


def pipeline_files() -> dict[str, str | Path]:
    """This repository as far as a release needs it, its workflows as act can read them."""
    names = ("pipeline", "scripts", "noxfile.py", "pyproject.toml", ".gitignore")
    files: dict[str, str | Path] = {name: ROOT / name for name in names}
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        text = path.read_text()
        for unknown, known in _UNKNOWN_TO_ACT.items():
            text = text.replace(unknown, known)
        files[f".github/workflows/{path.name}"] = text
    return files


def put(path: Path, content: str | Path) -> None:
    """Write a text, or copy a file or folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif content.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(content, path, ignore=ignored, dirs_exist_ok=True)
    else:
        shutil.copy(content, path)


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {"msg": line}
    return entry if isinstance(entry, dict) else {"msg": line}
