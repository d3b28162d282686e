"""What a PATH means: which Dockerfile, and which build context."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.dockerfile.syntax.parser import parse
from pipeline.errors import SourceMissing
from pipeline.steps.targets import Target, find_context, find_targets

CONFIG = """\
service: agents
project: my-project
region: us-central1
image: us-docker.pkg.dev/my-project/services/agents
source: api
dockerfile: docker/Dockerfile
build: {target: web, args: {A: b}}
run: {port: 9000}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout: ``api/`` with a Dockerfile and a server, ``docker/`` with Dockerfiles only."""
    for name in ("api/src", "api/deploy", "docker", ".git"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("api/Dockerfile", "api/server.py", "docker/Dockerfile", "docker/Dockerfile.job"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def context(path: str, *sources: str) -> tuple[str | None, str]:
    """The context of a Dockerfile with these COPY instructions, from here; and what is said."""
    text = "\n".join(["FROM a", *(f"COPY {source} /x" for source in sources)])
    folder, note = find_context(Target(Path(path)), parse(text))
    return (os.path.relpath(folder) if folder else None), note


@pytest.mark.parametrize(
    ("path", "sources", "expected"),
    [
        ("api/Dockerfile", ["."], "api"),
        ("api/Dockerfile", ["server.py", "gone.py"], "api"),
        ("docker/Dockerfile", ["api", "gone"], "."),
        ("docker/Dockerfile", ["./api/server.py"], "."),
        ("docker/Dockerfile", ["."], "."),  # there is nothing beside it to copy
        ("docker/Dockerfile", ["gone"], None),
        ("docker/Dockerfile", [], "docker"),
        ("api/Dockerfile", ["api/server.py", "."], "."),  # every folder has a .
        ("api/deploy/Dockerfile", ["server.py"], "api"),
        ("api/deploy/Dockerfile", ["api/server.py", "docker", "src"], "."),
        ("docker/Dockerfile", ["--from=build /app", "$SOURCE", "*.py", "https://a/b"], "docker"),
        ("docker/Dockerfile", ["../../../api"], "."),
    ],
)
def test_the_context_of_a_dockerfile(path: str, sources: list[str], expected: str | None) -> None:
    assert context(path, *sources)[0] == expected


def test_the_top_of_the_checkout_counts_from_below_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "docker")

    assert context("Dockerfile", "api")[0] == ".."


def test_another_context_is_said() -> None:
    assert context("api/Dockerfile", "server.py")[1] == ""
    assert "which is taken for its build context" in context("docker/Dockerfile", "api")[1]
    assert "its build context is not known" in context("docker/Dockerfile", "gone")[1]


def test_a_folder_is_its_own_context(folder: Path) -> None:
    (target,), gaps = find_targets([Path("api")], None)

    assert gaps == []
    assert (target.file, target.context) == ("api/Dockerfile", Path("api"))
    assert find_context(target, parse("FROM a\nCOPY gone /x")) == (Path("api"), "")


def test_several_dockerfiles_only_where_they_are_named() -> None:
    paths = [Path("docker"), Path("docker/Dockerfile.job"), Path("docker/../docker/Dockerfile")]
    targets, _ = find_targets(paths, None)

    assert [target.file for target in targets] == ["docker/Dockerfile", "docker/Dockerfile.job"]


@pytest.mark.parametrize("path", [None, "docker/Dockerfile", "docker", "api"])
def test_what_the_configuration_says_of_a_dockerfile_holds(path: str | None, folder: Path) -> None:
    (folder / "pipeline.yaml").write_text(CONFIG)
    config = load_config(Path("pipeline.yaml"), {})
    (target,), _ = find_targets([Path(path)] if path else [], config)

    assert (target.file, target.context) == ("docker/Dockerfile", folder / "api")
    assert (target.settings.target, target.settings.args) == ("web", {"A": "b"})
    assert target.settings.port == 9000


def test_a_configured_dockerfile_that_is_missing_is_nothing_to_build(folder: Path) -> None:
    (folder / "pipeline.yaml").write_text(CONFIG.replace("docker/Dockerfile", "gone"))
    config = load_config(Path("pipeline.yaml"), {})

    with pytest.raises(SourceMissing):
        find_targets([], config)
    _, gaps = find_targets([Path("api/Dockerfile"), Path("gone")], config)
    assert [str(gap) for gap in gaps] == ["gone: there is no such file"]


def test_what_cannot_be_read_is_a_gap(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    with (folder / "huge").open("wb") as huge:
        huge.truncate(1 << 30)
    names = ["pipe", "loop", "huge", "api/server.py/x", "src", "n" * 300]
    targets, gaps = find_targets([Path(name) for name in names], None)

    assert targets == []
    assert [gap.why for gap in gaps] == [
        "it is not a file",
        "it cannot be read: Too many levels of symbolic links",
        "it is larger than 64 MiB",
        "it cannot be read: Not a directory",
        "there is no such file",
        "it cannot be read: File name too long",
    ]
