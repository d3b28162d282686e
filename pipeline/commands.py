"""Pure argument lists for the tools we call. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

OWNER_LABEL = "cloud-run-pipeline.owner"
"""Label of every container we start; its value names the process that must outlive it."""

_CPU_PERIOD = 100_000  # microseconds; every engine's default
_MOST_PROCESSES = 8192  # threads count too; a container that forks on must not take this machine

SOURCE_LABEL = "cloud-run-pipeline.source"
"""Label of every image that build makes: what its tag says of the source, too."""

STAND_IN_LABEL = "cloud-run-pipeline.stand-in"
"""Label of a base image made from this machine's interpreter, and of every image on top of it."""


@dataclass(frozen=True)
class Command:
    """A process to run: its argument list, and what its environment adds.

    ``secret_env`` reaches the process and is never printed.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """The container engine's command line: an absolute path, and whether it can BuildKit."""

    path: str
    name: str  # docker or podman
    buildkit: bool = False
    buildx: bool = False


CLOUD_BUILD = Engine("docker", "cloud-build", buildkit=True)
"""The docker that a step of Cloud Build has."""


@dataclass(frozen=True)
class ContainerRun:
    """One container, run as Cloud Run would run it (API facts §4)."""

    image: str
    name: str
    owner: str
    port: int | None  # None: a job, which nobody calls
    env: Mapping[str, str]
    cpu: float = 1.0
    memory: int = 512 * 1024 * 1024  # bytes
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    platform: str = "linux/amd64"
    tty: bool = False  # a terminal, for which programs flush every line


def contract_env(service: str, revision: str, port: int) -> dict[str, str]:
    """The variables Cloud Run sets in a service's container (API facts §4.1)."""
    return {
        "PORT": str(port),
        "K_SERVICE": service,
        "K_REVISION": revision,
        "K_CONFIGURATION": service,
    }


def run_container(engine: Engine, run: ContainerRun) -> Command:
    """``docker run`` in the foreground: its output is the container's, its exit code too.

    The port is published on loopback only, on a host port the engine picks. Values of the user's
    variables travel in the client's environment: neither in the process list nor on screen.
    CPU is a quota of the engine's own period: unlike ``--cpus``, it may be more than this machine
    has. The output is ours alone: the engine keeps no copy that a flood could fill the disk with.
    """
    argv = [engine.path, "run", "--name", run.name, "--label", f"{OWNER_LABEL}={run.owner}"]
    argv += ["--platform", run.platform]
    argv += ["--publish", f"127.0.0.1::{run.port}"] if run.port else []
    argv += [
        "--memory",
        str(run.memory),
        "--memory-swap",
        str(run.memory),
        "--cpu-quota",
        f"{run.cpu * _CPU_PERIOD:.0f}",
        "--pids-limit",
        str(_MOST_PROCESSES),
    ]
    argv += ["--tty"] if run.tty else []
    argv += ["--log-driver", "none", "--pull", "never", "--security-opt", "no-new-privileges"]
    hidden = {name: value for name, value in run.env.items() if not _is_open(name)}
    for name, value in sorted(run.env.items()):
        argv += ["--env", name if name in hidden else f"{name}={value}"]
    entry, *rest = [*run.command, *run.args] if run.command else ["", *run.args]
    if entry:
        argv += ["--entrypoint", entry]
    return Command((*argv, run.image, *rest), secret_env=hidden)


def _is_open(name: str) -> bool:
    """Whether a variable's value is spelt out.

    Those of the contract are no secret, and others would steer the engine's own command line.
    """
    return name in {"PORT", "PATH", "HOME", "TMPDIR"} or name.startswith(
        ("K_", "DOCKER_", "XDG_", "CONTAINER", "LD_")
    )


def stop_container(engine: Engine, name: str, seconds: int = 10) -> Command:
    """SIGTERM, ``seconds`` of grace, SIGKILL."""
    return Command((engine.path, "stop", "--time", str(seconds), name))


def kill_container(engine: Engine, name: str) -> Command:
    return Command((engine.path, "kill", name))


def remove_containers(engine: Engine, *names: str) -> Command:
    return Command((engine.path, "rm", "--force", "--volumes", *names))


def inspect_container(engine: Engine, name: str, *options: str) -> Command:
    return Command((engine.path, "container", "inspect", *options, name))


def exec_in(engine: Engine, name: str, *argv: str) -> Command:
    return Command((engine.path, "exec", name, *argv))


def processes_of(engine: Engine, name: str) -> Command:
    return Command((engine.path, "top", name))


def inspect_bridge(engine: Engine) -> Command:
    """The network that containers are on when nothing else is asked for."""
    name = "podman" if engine.name == "podman" else "bridge"
    return Command((engine.path, "network", "inspect", name))


def inspect_image(engine: Engine, reference: str) -> Command:
    return Command((engine.path, "image", "inspect", reference))


def pull_image(engine: Engine, reference: str, platform: str = "linux/amd64") -> Command:
    return Command((engine.path, "pull", "--platform", platform, reference))


def remove_owned(engine: Engine, owner: str) -> Command:
    """Remove every container of an owner; a no-op when there is none."""
    script = 'ids=$("$1" ps -aq --filter "label=$2"); [ -z "$ids" ] || "$1" rm -fv $ids'
    return Command(("sh", "-c", script, "reap", engine.path, f"{OWNER_LABEL}={owner}"))


@dataclass(frozen=True)
class ImageBuild:
    """One image to build. ``dockerfile`` and ``folder`` are absolute paths."""

    reference: str
    folder: str
    dockerfile: str
    platform: str
    labels: Mapping[str, str]
    args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None


def build_image(engine: Engine, build: ImageBuild) -> Command:
    """Build with BuildKit where the engine has it, with the engine's own builder where not."""
    argv = [engine.path, *(("buildx", "build", "--load") if engine.buildx else ("build",))]
    argv += ["--platform", build.platform, "--tag", build.reference, "--file", build.dockerfile]
    if engine.buildkit:
        argv += ["--progress", "plain"]
    if engine.buildx:
        argv += ["--provenance", "false"]
    for name, value in sorted(build.labels.items()):
        argv += ["--label", f"{name}={value}"]
    for name, value in sorted(build.args.items()):
        argv += ["--build-arg", f"{name}={value}"]
    if build.target:
        argv += ["--target", build.target]
    env = {} if engine.name == "podman" else {"DOCKER_BUILDKIT": "1" if engine.buildkit else "0"}
    return Command((*argv, build.folder), env=env)


def push_image(engine: Engine, reference: str) -> Command:
    return Command((engine.path, "push", reference))


def engine_answers(engine: Engine) -> Command:
    return Command((engine.path, "ps", "--quiet", "--last", "1"))


def hadolint(path: str, *files: str) -> Command:
    """All files in one process; exit code 0 whatever it finds."""
    return Command((path, "--no-fail", "--format", "json", *files))
