"""Whole argument lists. A secret is in none of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import commands
from pipeline.commands import Command, ContainerRun, Engine, ImageBuild

DOCKER = Engine("/bin/docker", "docker", buildkit=True)
PODMAN = Engine("/bin/podman", "podman")
BUILDX = Engine("/bin/docker", "docker", buildkit=True, buildx=True)
LEGACY = Engine("/bin/docker", "docker")
RUN = ContainerRun(
    image="sha256:abc", name="smoke-agents-1", owner="smoke-1", port=8080,
    env={"PORT": "8080", "DATABASE_URL": "postgresql://u:hunter2@db/a", "PATH": "/app/bin"},
    cpu=0.5, memory=1 << 20,
)  # fmt: skip
BUILD = ImageBuild(
    reference="registry/agents:src-1", folder="/app", dockerfile="/app/Dockerfile",
    platform="linux/amd64", labels={"b": "2", "a": "1 with a space"}, args={"VERSION": "1"},
)  # fmt: skip


def test_a_container_runs_as_cloud_run_would_run_it() -> None:
    assert commands.run_container(DOCKER, RUN).argv == (
        "/bin/docker", "run", "--name", "smoke-agents-1",
        "--label", "cloud-run-pipeline.owner=smoke-1",
        "--platform", "linux/amd64", "--publish", "127.0.0.1::8080",
        "--memory", "1048576", "--memory-swap", "1048576", "--cpu-quota", "50000",
        "--pids-limit", "8192",
        "--log-driver", "none", "--pull", "never", "--security-opt", "no-new-privileges",
        "--env", "DATABASE_URL", "--env", "PATH=/app/bin", "--env", "PORT=8080",
        "sha256:abc",
    )  # fmt: skip


def test_what_nobody_calls_has_no_port() -> None:
    argv = commands.run_container(DOCKER, replace(RUN, port=None)).argv
    assert "--publish" not in argv
    assert "None" not in " ".join(argv)


def test_podman_gets_the_same_words() -> None:
    docker = commands.run_container(DOCKER, RUN).argv
    podman = commands.run_container(PODMAN, RUN).argv

    assert podman == ("/bin/podman", *docker[1:])


@pytest.mark.parametrize(
    ("command", "args", "options", "tail"),
    [
        ([], [], [], ["sha256:abc"]),
        ([], ["-v"], [], ["sha256:abc", "-v"]),
        (["python", "-m"], ["app"], ["--entrypoint", "python"], ["sha256:abc", "-m", "app"]),
    ],
)
def test_a_command_replaces_the_entry_point_and_args_the_rest(
    command: list[str], args: list[str], options: list[str], tail: list[str]
) -> None:
    plain = commands.run_container(DOCKER, replace(RUN, env={})).argv[:-1]
    argv = commands.run_container(DOCKER, replace(RUN, env={}, command=command, args=args)).argv

    assert list(argv) == [*plain, *options, *tail]


OPEN = ("PORT", "PATH", "HOME", "TMPDIR", "K_", "DOCKER_", "XDG_", "CONTAINER", "LD_")
names = st.from_regex(r"[A-Z_]{1,12}", fullmatch=True).filter(
    lambda name: not name.startswith(OPEN)
)


@given(st.dictionaries(names, st.text(min_size=12).map("secret-{}".format)))
def test_values_of_variables_travel_beside_the_argument_list(env: dict[str, str]) -> None:
    command = commands.run_container(DOCKER, replace(RUN, env=env))

    assert command.secret_env == env
    assert not command.env
    assert not [word for word in command.argv if any(value in word for value in env.values())]


@pytest.mark.parametrize("name", ["PATH", "HOME", "DOCKER_HOST", "XDG_RUNTIME_DIR", "LD_PRELOAD"])
def test_a_containers_variable_cannot_steer_the_engines_client(name: str) -> None:
    command = commands.run_container(DOCKER, replace(RUN, env={name: "/x"}))

    assert name not in command.secret_env
    assert f"{name}=/x" in command.argv


WORDS = [
    "--platform", "linux/amd64", "--tag", "registry/agents:src-1", "--file", "/app/Dockerfile",
]  # fmt: skip
REST = ["--label", "a=1 with a space", "--label", "b=2", "--build-arg", "VERSION=1"]


@pytest.mark.parametrize(
    ("engine", "argv", "env"),
    [
        (
            DOCKER,
            ["/bin/docker", "build", *WORDS, "--progress", "plain", *REST, "/app"],
            {"DOCKER_BUILDKIT": "1"},
        ),
        (
            BUILDX,
            ["/bin/docker", "buildx", "build", "--load", *WORDS, "--progress", "plain",
             "--provenance", "false", *REST, "/app"],
            {"DOCKER_BUILDKIT": "1"},
        ),
        (LEGACY, ["/bin/docker", "build", *WORDS, *REST, "/app"], {"DOCKER_BUILDKIT": "0"}),
        (PODMAN, ["/bin/podman", "build", *WORDS, *REST, "/app"], {}),
    ],
)  # fmt: skip
def test_a_build_uses_what_the_engine_has(
    engine: Engine, argv: list[str], env: dict[str, str]
) -> None:
    assert commands.build_image(engine, BUILD) == Command(tuple(argv), env=env)


def test_a_target_is_named_before_the_folder() -> None:
    argv = commands.build_image(PODMAN, replace(BUILD, target="runtime")).argv

    assert argv[-3:] == ("--target", "runtime", "/app")


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        (commands.stop_container(DOCKER, "a"), ["/bin/docker", "stop", "--time", "10", "a"]),
        (
            commands.remove_containers(DOCKER, "a", "b"),
            ["/bin/docker", "rm", "--force", "--volumes", "a", "b"],
        ),
        (commands.kill_container(DOCKER, "a"), ["/bin/docker", "kill", "a"]),
        (commands.inspect_container(DOCKER, "a"), ["/bin/docker", "container", "inspect", "a"]),
        (commands.inspect_image(DOCKER, "i:1"), ["/bin/docker", "image", "inspect", "i:1"]),
        (
            commands.pull_image(PODMAN, "i:1"),
            ["/bin/podman", "pull", "--platform", "linux/amd64", "i:1"],
        ),
        (commands.push_image(DOCKER, "i:1"), ["/bin/docker", "push", "i:1"]),
        (commands.engine_answers(DOCKER), ["/bin/docker", "ps", "--quiet", "--last", "1"]),
        (
            commands.hadolint("hadolint", "a", "b"),
            ["hadolint", "--no-fail", "--format", "json", "a", "b"],
        ),
    ],
)
def test_the_other_commands_are_what_one_would_type(command: Command, argv: list[str]) -> None:
    assert command == Command(tuple(argv))


def test_the_reaper_gets_engine_and_owner_as_arguments_not_as_script() -> None:
    argv = commands.remove_owned(DOCKER, "smoke-1; rm -rf /").argv

    assert argv[:2] == ("sh", "-c")
    assert argv[3:] == (
        "reap", "/bin/docker", "cloud-run-pipeline.owner=smoke-1; rm -rf /",
    )  # fmt: skip
    assert "smoke-1" not in argv[2]


def test_the_container_contract_is_complete() -> None:
    assert commands.contract_env("agents", "agents-1", 8080) == {
        "PORT": "8080", "K_SERVICE": "agents", "K_REVISION": "agents-1",
        "K_CONFIGURATION": "agents",
    }  # fmt: skip
