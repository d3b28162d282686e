"""Certain changes on disk: whole or not at all, never outside."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipeline.dockerfile.place import Edit, Patch
from pipeline.steps.fixing import fix
from pipeline.steps.linting import Change


def change(path: Path, first: int, last: int, *lines: str, within: Path | None = None) -> Change:
    patch = Patch(path.name, (Edit(first, last, lines),))
    return Change(path, within or path.parent, patch)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_file_is_changed_once_with_all_its_changes(folder: Path) -> None:
    script = folder / "run.sh"
    script.write_text("a\nb\nc\n")
    script.chmod(0o755)
    fixed = fix([change(script, 1, 1, "A"), change(Path("run.sh"), 3, 3, "C")])

    assert script.read_text() == "A\nb\nC\n"
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    assert (fixed.files, fixed.left) == (1, [])
    assert fixed.diff[:3] == ["--- a/run.sh", "+++ b/run.sh", "@@ -1,3 +1,3 @@"]


def test_an_overlapping_change_is_left_for_the_next_time(folder: Path) -> None:
    file = folder / "Dockerfile"
    file.write_text("a\nb\n")
    fixed = fix([change(file, 1, 2, "x"), change(file, 2, 2, "y")])

    assert file.read_text() == "x\n"
    assert fixed.left == ["Dockerfile: a change overlaps another; fix again"]


def test_a_file_that_is_not_there_is_written_anew(folder: Path) -> None:
    fixed = fix([change(folder / ".dockerignore", 1, 0, ".env")])

    assert (folder / ".dockerignore").read_text() == ".env\n"
    assert stat.S_IMODE((folder / ".dockerignore").stat().st_mode) == 0o644
    assert fixed.files == 1


def test_a_change_for_another_text_leaves_the_file_alone(folder: Path) -> None:
    (folder / "Dockerfile").write_text("a\n")
    fixed = fix([change(folder / "Dockerfile", 7, 7, "x")])

    assert (folder / "Dockerfile").read_text() == "a\n"
    assert (fixed.files, fixed.diff) == (0, [])
    assert fixed.left == ["Dockerfile is left as it is: no lines 7 to 7 among 1"]


@pytest.mark.parametrize("name", ["../outside", "link/outside", "/etc/nowhere/x"])
def test_nothing_outside_is_written(name: str, folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (folder / "outside").write_text("a\n")
    (inside / "link").symlink_to("..")
    fixed = fix([change(inside / name, 1, 1, "x", within=inside)])

    assert (folder / "outside").read_text() == "a\n"
    assert "is left as it is: it is outside" in fixed.left[0]


def test_a_write_that_fails_leaves_the_file_and_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "Dockerfile").write_text("a\n")

    def full(_from: str, _to: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    fixed = fix([change(folder / "Dockerfile", 1, 1, "x")])

    assert (folder / "Dockerfile").read_text() == "a\n"
    assert [path.name for path in folder.iterdir()] == ["Dockerfile"]
    assert fixed.left == ["Dockerfile is left as it is: No space left on device"]
