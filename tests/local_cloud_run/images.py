"""Images of tiny services: one file of standard library Python on the base image."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path

import pytest

from pipeline.adapters.engine import find_engine
from pipeline.adapters.world import real_world
from pipeline.commands import Command, Engine

BASE = "python:3.11-slim"
_DOCKERFILE = f"""\
FROM {BASE}
ENV PYTHONUNBUFFERED=1
COPY main.py /main.py
CMD ["python3", "/main.py"]
"""


@cache
def engine() -> Engine:
    return find_engine(real_world())


@cache
def image(
    name: str, source: str, dockerfile: str = _DOCKERFILE, platform: str = "linux/amd64"
) -> str:
    """``local-cloud-run-test/NAME:…`` whose ``main.py`` is ``source``; built once."""
    version = hashlib.sha256(f"{source}\0{dockerfile}\0{platform}".encode()).hexdigest()[:12]
    tag = f"local-cloud-run-test/{name}:{version}"
    if _engine("image", "inspect", tag).ok:
        return tag
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "main.py").write_text(source)
        (context / "main.py").chmod(0o755)
        (context / "Dockerfile").write_text(dockerfile)
        built = _engine("build", "--quiet", "--platform", platform, "--tag", tag, folder)
    if not built.ok:
        pytest.fail(f"{tag} did not build on {BASE} (scripts/base-image):\n{built.errors}")
    return tag


def _engine(*arguments: str):
    return real_world().run(
        Command((engine().path, *arguments), env={"DOCKER_BUILDKIT": str(int(engine().buildkit))})
    )
