"""The modules of startup.imports, imported inside the image."""

from __future__ import annotations

import pytest

from pipeline.errors import SmokeFailed
from tests.smoking.conftest import DOCKERFILE, SERVER

HEALTHY = SERVER + "print('up')\nserve()"


def test_modules_that_import(service):
    service.files = {"worker.py": "print('hello')", "parts.py": ""}

    ran = service.smoke(HEALTHY, startup={"imports": ["worker", "parts", "http.server"]})

    assert ran.code == 0, ran.output
    assert "✓ imports worker, parts, http.server" in ran.output


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import copy_that", "ModuleNotFoundError: No module named 'copy_that'"),
        ("import os; print('before'); os._exit(5)", "before"),
        ("import os; os._exit(5)", "exit code 5"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        ("raise SystemExit('no DATABASE_URL')", "no DATABASE_URL"),
    ],
)
def test_a_module_that_does_not(service, source, said):
    service.files = {"worker.py": source, "parts.py": ""}

    ran = service.smoke(HEALTHY, startup={"imports": ["parts", "worker", "json"]})

    assert ran.code == SmokeFailed.exit_code
    assert f"worker does not import in the image: {said}" in ran.output


def test_the_traceback_is_shown(service):
    service.files = {"worker.py": "import copy_that"}

    ran = service.smoke(HEALTHY, startup={"imports": ["worker"]})

    assert "Traceback (most recent call last)" in ran.output
    assert 'File "/app/worker.py", line 1, in <module>' in ran.output


def test_an_image_with_python3_only(service):
    only = "RUN mkdir /only && ln -s $(command -v python3) /only/python3\nENV PATH=/only\nUSER 999"
    service.dockerfile = DOCKERFILE.replace("USER 999", only)

    ran = service.smoke(HEALTHY, startup={"imports": ["json"]})

    assert ran.code == 0, ran.output
    assert "✓ imports json" in ran.output


def test_an_image_without_python(service):
    hidden = "RUN ln -s $(command -v python3) /server\nENV PATH=/nowhere\nUSER 999"
    service.dockerfile = DOCKERFILE.replace("USER 999", hidden).replace('"python3"', '"/server"')

    ran = service.smoke(HEALTHY, startup={"imports": ["json"]})

    assert ran.code == SmokeFailed.exit_code
    assert "the image has neither python nor python3 on its PATH" in ran.output
