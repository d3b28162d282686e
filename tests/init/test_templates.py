"""The templates are this repository's own files, and complete without the rest of it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from pipeline.steps.setup.templates import INSIDE, NAMES, for_others, templates
from pipeline.steps.setup.wheel import same_wheel, wheel

ROOT = Path(__file__).parents[2]
TEXTS = {file.path: file.content.decode() for file in templates()}


def test_they_are_the_files_of_this_repository() -> None:
    for name, text in TEXTS.items():
        lines = (ROOT / name).read_text().splitlines()
        assert set(text.splitlines()) <= set(lines), name


def test_what_they_call_is_among_them() -> None:
    called = re.compile(r"(?<![\w/-])\.?/?((?:scripts|\.ci|\.github)/[\w./-]*+)(?!\*)")
    for name, text in TEXTS.items():
        for path in called.findall(text):
            assert path.rstrip(".") in TEXTS, f"{name} calls {path}"


def test_none_of_them_speaks_of_what_is_here_only() -> None:
    for name, text in TEXTS.items():
        assert "of this repository only" not in text, name
        assert not re.search(r"\btests/|\bdocs/|CONTRIBUTING", text), name


@pytest.mark.parametrize("name", ["scripts/nox", "scripts/engine"])
def test_scripts_can_be_run(name: str) -> None:
    (file,) = (one for one in templates() if one.path == name)
    assert file.mode == 0o755


def test_what_is_marked_is_left_out() -> None:
    marked = "a\n  # begin: of this repository only\n  b\n  # end: of this repository only\nc\n"
    assert for_others(marked) == "a\nc\n"
    assert for_others("a\n\n\n\n\nb\n") == "a\n\n\nb\n"


def test_the_package_is_built_with_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included == {name: f"pipeline/{INSIDE}/{name}" for name in NAMES}


def test_the_wheel_is_the_one_that_a_build_makes(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = tmp_path.glob("*.whl")
    ours = wheel()
    (tmp_path / "ours").write_bytes(ours.content)
    with zipfile.ZipFile(built) as theirs, zipfile.ZipFile(tmp_path / "ours") as mine:
        package = {one for one in theirs.namelist() if one.startswith("pipeline/")}
        assert package == {one for one in mine.namelist() if one.startswith("pipeline/")}
        assert all(theirs.read(one) == mine.read(one) for one in package)
    assert Path(ours.path).name == built.name


def test_the_wheel_installs_without_a_network_and_makes_itself_again(tmp_path: Path) -> None:
    ours = wheel()
    file = tmp_path / Path(ours.path).name
    file.write_bytes(ours.content)
    target = tmp_path / "installed"
    # An environment that uv made has no pip.
    pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["uv", "pip"]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", "--target", target, file],
        check=True, capture_output=True,
    )  # fmt: skip
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pipeline.steps.setup.wheel import wheel\n"
        "sys.stdout.buffer.write(wheel().content)"
    )
    again = subprocess.run(
        [sys.executable, "-P", "-c", script, target], check=True, capture_output=True, cwd=tmp_path
    )

    assert same_wheel(again.stdout, ours.content)


def test_a_wheel_is_the_same_however_it_was_compressed() -> None:
    ours = wheel()

    assert wheel() == ours
    assert not same_wheel(b"no wheel", ours.content)
