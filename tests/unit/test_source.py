"""The build's input: the ignore file that the engine goes by, and no other."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from pipeline.commands import Engine
from pipeline.config import Config, load_config
from pipeline.steps.source import context_files, ignore_file, read_source

BUILDKIT = Engine("/bin/docker", "docker", buildkit=True)
LEGACY = Engine("/bin/docker", "docker")
PODMAN = Engine("/bin/podman", "podman")
OWN = "app.Dockerfile.dockerignore"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "pipeline.yaml"
    file.write_text(
        "service: agents\nproject: my-project\nregion: us-central1\nimage: a/b/c/d\n"
        "source: src\ndockerfile: src/app.Dockerfile\n"
    )
    source = tmp_path / "src"
    source.mkdir()
    for name in ("a", "b", "c"):
        (source / name).write_text(name)
    (source / "app.Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return load_config(file, {})


@pytest.mark.parametrize(
    ("engine", "present", "chosen"),
    [
        (BUILDKIT, [OWN, ".dockerignore"], OWN),
        (BUILDKIT, [".containerignore", ".dockerignore"], ".dockerignore"),
        (LEGACY, [OWN, ".dockerignore"], ".dockerignore"),
        (PODMAN, [OWN, ".containerignore", ".dockerignore"], ".containerignore"),
        (PODMAN, [OWN, ".dockerignore"], ".dockerignore"),
        (BUILDKIT, [], ".dockerignore"),
    ],
)
def test_the_engine_decides_which_rules_count(
    engine: Engine, present: list[str], chosen: str, config: Config
) -> None:
    for name in present:
        (config.source_path / name).write_text("a\n")

    assert ignore_file(config, engine).name == chosen


def test_buildkit_copies_what_we_digest(config: Config, tmp_path: Path) -> None:
    engine = find_engine(real_world())
    if not engine.buildkit:
        pytest.skip("no BuildKit")
    source = config.source_path
    (source / OWN).write_text("a\n")
    (source / ".dockerignore").write_text("b\n")
    subprocess.run(
        (engine.path, "build", "-q", "-o", tmp_path / "out", "-f", config.dockerfile_path, source),
        env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=True, capture_output=True,
    )  # fmt: skip

    copied = {path.name for path in (tmp_path / "out").iterdir()}
    assert copied == {name for name, _ in context_files(source, source / OWN)}
    assert {"b", "c"} <= copied
    assert "a" not in copied


def test_a_file_that_is_ignored_leaves_the_digest_alone(config: Config) -> None:
    (config.source_path / OWN).write_text("a\n")
    world = real_world()
    before = read_source(config, world, BUILDKIT).digest
    (config.source_path / "a").write_text("changed")

    assert read_source(config, world, BUILDKIT).digest == before
    (config.source_path / "b").write_text("changed")
    assert read_source(config, world, BUILDKIT).digest != before
