"""The stages of a release, in the order they run. `nox -s deploy` is the whole way."""

from __future__ import annotations

import logging
import os

# begin: of this repository only
import sys
from pathlib import Path

# end: of this repository only
import nox

nox.needs_version = ">=2025.11.12"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["smoke"]
nox.options.stop_on_first_error = True
# nox looks for uv even where no session uses it, and says so before the first stage has a word.
logging.getLogger("nox").addFilter(lambda record: record.msg != "uv binary not found.")

# begin: of this repository only
nox.options.sessions = ["check", "tests"]
SHELL_SCRIPTS = (
    ".ci/run",
    "scripts/engine",
    "scripts/lock",
    "scripts/nox",
    "scripts/packages.sh",
    "scripts/test-programs",
)
SCHEMAS = {
    "github-workflows": [str(file) for file in Path(".github/workflows").glob("*.yml")],
    "dependabot": [".github/dependabot.yml"],
    "cloudbuild": ["cloudbuild.yaml"],
}
# end: of this repository only

WITH_A_VALUE = {
    "--format", "--to", "--candidate", "--force", "--explain", "--port", "--startup-limit",
    "--revision", "--build", "--grpc-port", "--seed", "--fault",
}  # fmt: skip
WITH_A_PATH = ("--config=", "--secrets=", "--state=")


@nox.session
def lint(session: nox.Session) -> None:
    """Find the mistakes in the Dockerfile."""
    pipeline(session, "lint")


@nox.session(requires=["lint"])
def build(session: nox.Session) -> None:
    """Build the image for this source, once."""
    pipeline(session, "build")


@nox.session(requires=["build"])
def smoke(session: nox.Session) -> None:
    """Run the image as Cloud Run would, here."""
    pipeline(session, "smoke")


@nox.session(requires=["smoke"])
def deploy(session: nox.Session) -> None:
    """Deploy with no traffic, then jobs, verify and shift (-- --hold: do not shift)."""
    pipeline(session, "deploy")
    session.notify("jobs")
    session.notify("verify")
    if "--hold" not in session.posargs:
        session.notify("shift")


@nox.session
def jobs(session: nox.Session) -> None:
    """Run what must run before traffic, such as migrations, with the new image."""
    pipeline(session, "jobs")


@nox.session
def verify(session: nox.Session) -> None:
    """Judge the candidate by itself, before it gets traffic."""
    pipeline(session, "verify")


@nox.session
def shift(session: nox.Session) -> None:
    """Give the verified candidate its traffic, step by step."""
    pipeline(session, "shift")


@nox.session
def rollback(session: nox.Session) -> None:
    """Go back to the last verified revision (-- --to REVISION)."""
    pipeline(session, "rollback")


@nox.session
def status(session: nox.Session) -> None:
    """Say what serves, since when, and what a rollback would do."""
    pipeline(session, "status")


@nox.session
def diagnose(session: nox.Session) -> None:
    """Say what a failure is known as (-- FILE, --revision R or --build ID)."""
    pipeline(session, "diagnose")


@nox.session
def rehearse(session: nox.Session) -> None:
    """The whole way on a local Cloud Run: a good release, a bad one, a rollback."""
    machine(session)
    pipeline(session, "rehearse")


@nox.session
def local(session: nox.Session) -> None:
    """Run a local Cloud Run until Ctrl-C (-- --port N)."""
    machine(session)
    pipeline(session, "local")


# begin: of this repository only
@nox.session(venv_backend="uv|virtualenv", reuse_venv=True)
def tests(session: nox.Session) -> None:
    """Run the tests, on real containers."""
    machine(session)
    session.run("scripts/test-programs", external=True, log=False)
    install(session)
    session.run("pytest", *(session.posargs or ["-n", "2", "--dist", "loadgroup"]))


@nox.session(venv_backend="uv|virtualenv", reuse_venv=True)
def replay(session: nox.Session) -> None:
    """Replay every known failure on a local Cloud Run, and show where each was stopped."""
    machine(session)
    install(session)
    session.run("python", "-m", "tests.replay", *session.posargs)


@nox.session(venv_backend="uv|virtualenv", reuse_venv=True)
def simulate(session: nox.Session) -> None:
    """Run the stages on a simulated Cloud Run where everything goes wrong, seed by seed."""
    install(session)
    session.run("python", "-m", "tests.simulation", *session.posargs)


@nox.session(venv_backend="uv|virtualenv", reuse_venv=True)
def check(session: nox.Session) -> None:
    """Check style, types, documents and workflows."""
    install(session)
    session.run("ruff", "check", ".", "scripts/base-image")
    session.run("ruff", "format", "--check", ".", "scripts/base-image")
    session.run("mypy")
    session.run("shellcheck", *SHELL_SCRIPTS)
    session.run("pytest", "-q", "tests/documents")
    session.run("zizmor", "--offline", "--pedantic", "--quiet", ".github")
    session.run("actionlint")
    for schema, file in SCHEMAS.items():
        session.run("check-jsonschema", "--quiet", "--builtin-schema", f"vendor.{schema}", *file)


def install(session: nox.Session) -> None:
    """Install the locked dependencies and the project as it stands."""
    session.install("--quiet", "-r", "scripts/requirements.txt", "-r", "tests/requirements.txt")
    session.install("--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")


# end: of this repository only


def pipeline(session: nox.Session, stage: str) -> None:
    """What `python -m pipeline STAGE` does, in this process: one start, one import, one signal."""
    try:
        from pipeline.__main__ import main
    except ModuleNotFoundError as missing:
        session.error(f"{missing}. Use ./scripts/nox, which installs what the stages need.")
    # nox lets everything through to its own log; here that would be every request, header and all.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    words = [stage, *where_it_was_typed(session)]
    session.log(" ".join(["python -m pipeline", *words]))
    code = main(words)
    if code:
        session.error(f"exit code {code}")


def where_it_was_typed(session: nox.Session) -> list[str]:
    """The options, with PATHs and those of options seen from the folder they were typed in."""
    words = list(session.posargs)
    for at, word in enumerate(words):
        option = words[at - 1] if at else ""
        if word.startswith(WITH_A_PATH):
            name, path = word.split("=", 1)
            words[at] = f"{name}={os.path.join(session.invoked_from, path)}"
        elif not word.startswith("-") and option not in WITH_A_VALUE:
            words[at] = os.path.join(session.invoked_from, word)
    return words


def machine(session: nox.Session) -> None:
    """Make sure of a container engine, and of what it cannot bring itself."""
    session.run("scripts/engine", external=True, log=False)
    # begin: of this repository only
    session.run(sys.executable, "scripts/base-image", external=True, log=False)
    # end: of this repository only
