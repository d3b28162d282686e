"""The base image: which ones a Dockerfile needs, and a stand-in that is the same twice."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "base-image"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = spec_from_loader("base_image", SourceFileLoader("base_image", str(SCRIPT)))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("dockerfile", "images"),
    [
        ("FROM python:3.11-slim\n", ["python:3.11-slim"]),
        ("from --platform=linux/amd64 a AS b\nFROM b\nFROM scratch\n", ["a"]),
        ("FROM a\nFROM a\nFROM c:1@sha256:0\n", ["a", "c:1@sha256:0"]),
        ("RUN echo FROM x\n# FROM y\n", []),
    ],
)
def test_base_images_are_what_the_stages_start_from(
    script: ModuleType, dockerfile: str, images: list[str]
) -> None:
    assert script.base_images(dockerfile) == images


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("python", "python"),
        ("python:3.11-slim", "python"),
        ("docker.io/library/python@sha256:00", "python"),
        ("127.0.0.1:5000/python:3", "python"),
        ("node:20", "node"),
    ],
)
def test_repository_is_the_last_name(script: ModuleType, reference: str, name: str) -> None:
    assert script.repository(reference) == name


@pytest.mark.skipif(sys.platform != "linux", reason="a container is made from a Linux")
def test_stand_in_is_the_same_twice_and_holds_nothing_private(
    script: ModuleType, tmp_path: Path
) -> None:
    hashes = []
    for name in ("one", "two"):
        root, layer = tmp_path / name, tmp_path / f"{name}.tar"
        root.mkdir()
        script.stand_in.build(root)
        with layer.open("wb") as out:
            script.stand_in.archive(root, out)
        hashes.append(hashlib.sha256(layer.read_bytes()).hexdigest())
    assert hashes[0] == hashes[1]
    assert layer.stat().st_size < 120_000_000
    with tarfile.open(layer) as tar:
        packages = {entry.split("/site-packages/")[1].split("/")[0]
                    for entry in tar.getnames() if "/site-packages/" in entry}  # fmt: skip
        assert {name.partition("-")[0] for name in packages} == {"pip"}
        assert {(entry.uid, entry.gid, entry.mtime) for entry in tar} == {(0, 0, 0)}
